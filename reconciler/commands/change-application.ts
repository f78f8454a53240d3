import type { FleetSource } from '../../repo-layout/read/assemble.ts'
import { createFleetReader } from '../../repo-layout/read/reader.ts'
import { gitTree } from '../cycle/source.ts'
import { branchFile } from '../git/branch-file.ts'
import type { Repository } from '../git/types.ts'
import { type ApplicationRollouts, findApplication, readApplications } from '../rollout/read.ts'
import type { RepositoryFlags } from '../run/fleet-repository.ts'
import type { ForgeFlags } from '../run/forge.ts'
import type { CommandContext } from './context.ts'
import type { OpenForge } from './propose.ts'
import { authorOf, proposeOn, tellProposal } from './propose.ts'
import { refuse } from './terminal.ts'
import { withSource } from './with-source.ts'

/** Options of commands that change an application by a commit. */
export interface ApplicationFlags extends RepositoryFlags, ForgeFlags {
  readonly dryRun?: true
}

/** An application as both branches have it. */
export interface ApplicationAt {
  readonly repository: Repository
  /** The tip of the source branch, and what it says. */
  readonly tip: string
  readonly source: FleetSource
  readonly application: ApplicationRollouts
  /** The text of a file of the source; undefined where it is not there. */
  readonly textAt: (path: string, commit?: string) => Promise<string | undefined>
}

/** A change of one file, or why there is nothing to change. */
export type ApplicationChange =
  | {
      readonly type: 'change'
      readonly branch: string
      readonly path: string
      readonly text: string
      readonly message: string
      /** What is about to be done, for the person at the terminal. */
      readonly told: string
    }
  | { readonly type: 'nothing'; readonly why: string }

/**
 * Finds an application, has `change` made for it, and proposes that as a branch and a pull request. Exit code 0 where that is
 * done, 1 where there is nothing to change, 2 where it could not be told or done.
 */
export async function changeApplication(
  name: string,
  flags: ApplicationFlags,
  { context, open, command }: { readonly context: CommandContext; readonly open: OpenForge; readonly command: string },
  change: (at: ApplicationAt) => Promise<ApplicationChange>,
): Promise<number> {
  const { terminal, env, clock } = context
  return withSource(flags, context, async (repository, { source: tip, generated }) => {
    if (generated === undefined) return refuse(terminal, `there is no branch "${flags.generatedBranch}" yet`)
    const application = findApplication(await readApplications(repository, generated), name)
    if (typeof application === 'string') return refuse(terminal, application)
    const { source } = await createFleetReader().read(gitTree(repository, tip))
    if (!source) return refuse(terminal, 'the fleet cannot be read; "flotilla validate" says why')
    const made = await change({ repository, tip, source, application, textAt: textReader(repository, tip) })
    if (made.type === 'nothing') {
      terminal.fail(`${application.key}: ${made.why}`)
      return 1
    }
    terminal.note(made.told)
    const proposal = {
      branch: made.branch,
      upon: tip,
      changes: new Map([[made.path, branchFile(made.text)]]),
      message: made.message,
      author: authorOf(env),
      body: `Prepared by \`flotilla ${command} ${name}\`: ${made.told}.`,
      base: flags.branch,
    }
    return tellProposal(await proposeOn(flags, proposal, repository, { env, clock, open }), proposal, terminal)
  })
}

function textReader(repository: Repository, tip: string): ApplicationAt['textAt'] {
  return async (path, commit = tip) => {
    const entry = (await repository.list(commit)).find((one) => one.path === path)
    return entry && Buffer.from(await repository.read(entry.oid)).toString('utf8')
  }
}
