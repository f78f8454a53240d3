import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { FleetSource } from '../../repo-layout/read/assemble.ts'
import { folderTree } from '../../repo-layout/read/folder.ts'
import { createFleetReader } from '../../repo-layout/read/reader.ts'
import { gitTree } from '../cycle/source.ts'
import { branchFile } from '../git/branch-file.ts'
import { readText } from '../git/contents.ts'
import type { Repository } from '../git/types.ts'
import { type ApplicationRollouts, findApplication, readApplications } from '../rollout/read.ts'
import type { RepositoryFlags } from '../run/fleet-repository.ts'
import { dataText } from '../views/data.ts'
import { patchText } from '../views/patch.ts'
import type { CommandContext } from './context.ts'
import { authorOf, type OpenForge, type ProposalFlags, proposeOn } from './propose.ts'
import { tellProposal } from './tell-proposal.ts'
import { refuse } from './terminal.ts'
import { withSource } from './with-source.ts'

/** Options of commands that change an application by a commit. */
export interface ApplicationFlags extends RepositoryFlags, ProposalFlags {
  /** A folder that is written into, instead of a branch. */
  readonly source?: string
  readonly output?: 'json' | 'yaml'
}

/** An application as both branches have it. */
export interface ApplicationAt {
  readonly repository: Repository
  /** The tip of the source branch. */
  readonly tip: string
  /** What the source says: its branch, or the folder that is written into. */
  readonly source: FleetSource
  readonly application: ApplicationRollouts
  /** The text of a file of the source, or of one of its commits; undefined where it is not there. */
  readonly textAt: (path: string, commit?: string) => Promise<string | undefined>
}

/** A change of one file, or why there is nothing to change. */
export type ApplicationChange = ApplicationEdit | { readonly type: 'nothing'; readonly why: string }

/** A change of one file. */
export interface ApplicationEdit {
  readonly type: 'change'
  readonly branch: string
  readonly path: string
  readonly text: string
  readonly message: string
  /** What is about to be done, for the person at the terminal. */
  readonly told: string
  /** The same for programs. */
  readonly data: object
}

/**
 * Finds an application, has `change` made for it, and proposes that as a branch and a pull request, commits it, or writes it into
 * a folder. Exit code 0 where that is done, 1 where there is nothing to change, 2 where it could not be told or done.
 */
export async function changeApplication(
  name: string,
  flags: ApplicationFlags,
  { context, open, command }: { readonly context: CommandContext; readonly open: OpenForge; readonly command: string },
  change: (at: ApplicationAt) => Promise<ApplicationChange>,
): Promise<number> {
  const { terminal, env } = context
  return withSource(flags, command, context, async (repository, { source: tip, generated }) => {
    if (generated === undefined) return refuse(terminal, `there is no branch "${flags.generatedBranch}" yet`)
    const application = findApplication(await readApplications(repository, generated), name)
    if (typeof application === 'string') return refuse(terminal, application)
    const folder = flags.source === undefined ? undefined : resolve(flags.source)
    const tree = folder === undefined ? gitTree(repository, tip) : folderTree(folder)
    const { source } = await createFleetReader().read(tree)
    if (!source) return refuse(terminal, 'the fleet cannot be read; "flotilla validate" says why')
    const textAt = textReader(repository, tip, folder)
    const made = await change({ repository, tip, source, application, textAt })
    const nothing = (why: string) => {
      terminal.fail(`${application.key}: ${why}`)
      return 1
    }
    if (made.type === 'nothing') return nothing(made.why)
    const before = await textAt(made.path)
    if (made.text === before) return nothing(`the source says so already: ${made.told}`)
    terminal.note(made.told)
    const data = { application: application.key, ...made.data, file: made.path }
    if (folder !== undefined) return writeInto(folder, made, data, before, flags, context)
    const proposal = {
      branch: made.branch,
      upon: tip,
      changes: new Map([[made.path, branchFile(made.text)]]),
      message: made.message,
      author: authorOf(env),
      body: `Prepared by \`flotilla ${command} ${name}\`: ${made.told}.`,
      base: flags.branch,
    }
    const outcome = await proposeOn(flags, proposal, repository, { context, open })
    return tellProposal(outcome, proposal, terminal, flags.output && { format: flags.output, change: data })
  })
}

async function writeInto(
  folder: string,
  { path, text }: ApplicationEdit,
  data: object,
  before: string | undefined,
  { dryRun, output, source }: ApplicationFlags,
  { terminal }: CommandContext,
): Promise<number> {
  const file = fileIn(folder, path)
  if (!dryRun) {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
  }
  const bytes = (content: string) => Buffer.from(content)
  const patch = patchText([{ path, before: before === undefined ? undefined : bytes(before), after: bytes(text) }])
  const outcome = dryRun ? { outcome: 'shown', patch } : { outcome: 'written' }
  if (output) terminal.data(dataText({ ...data, ...outcome }, output))
  else terminal.data(dryRun ? patch : `${path}\n`)
  terminal.note(dryRun ? `not written: ${path}` : `${path} was written in ${source}; commit and push it`)
  return 0
}

function textReader(repository: Repository, tip: string, folder: string | undefined): ApplicationAt['textAt'] {
  return async (path, commit) => {
    if (commit === undefined && folder !== undefined) return textOfFile(fileIn(folder, path))
    const entry = (await repository.list(commit ?? tip)).find((one) => one.path === path)
    return entry && readText(repository, entry.oid)
  }
}

async function textOfFile(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** A path of the generated branch is believed only below the folder. */
function fileIn(folder: string, path: string): string {
  if (path.startsWith('/') || path.split('/').includes('..')) throw new Error(`${path} is not below ${folder}`)
  return join(folder, path)
}
