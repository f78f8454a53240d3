import type { FleetSource } from '../../repo-layout/read/assemble.ts'
import { parseAuthor } from '../cycle/generate.ts'
import { createTextCache, readPrevious } from '../cycle/previous.ts'
import { diffTrees } from '../git/changes.ts'
import { filesOf, readText } from '../git/contents.ts'
import { formatGeneratedMessage } from '../git/generated.ts'
import type { NewFile, PushResult, Repository } from '../git/types.ts'
import type { RebuiltRecords } from './applications.ts'
import { type Diagnosis, type Remedy, remedyFor } from './diagnose.ts'
import type { Reading, RunningMember } from './reading.ts'
import { type Rebuilt, type RebuiltTree, rebuild } from './rebuild.ts'

/** What is going to be done for a generated branch, ready to be shown and then carried out. */
export interface Recovery {
  readonly remedy: Remedy
  /** What was put together from members; empty where the clone holds all of it. */
  readonly members: readonly Rebuilt[]
  /** Applications whose records were made again from members, or could not be. */
  readonly applications: readonly RebuiltRecords[]
  /** How many files the branch will hold. */
  readonly size: number
  /**
   * Pushes, then writes the new commit into the inventories of members that run one which the branch does not have. Gives the
   * commit, or why the push was not taken. Safe to repeat: what is left to do is found again. Rejects where a member stops answering.
   */
  carryOut(): Promise<{ readonly commit: string; readonly push: PushResult }>
}

/** What a recovery works on. */
export interface RecoveryOptions {
  readonly repository: Repository
  readonly source: FleetSource
  /** The source commit that `source` was read from. */
  readonly sourceCommit: string
  readonly diagnosis: Extract<Diagnosis, { readonly lost: unknown }>
  readonly readings: readonly Reading[]
  /** The line of the `Renderer` trailer. */
  readonly renderer: string
}

/** Prepares a recovery; writes nothing. */
export async function prepareRecovery(options: RecoveryOptions): Promise<Recovery> {
  const { repository, diagnosis } = options
  const remedy = await remedyFor(repository, diagnosis)
  if (remedy.type === 'push') {
    const size = (await repository.list(remedy.commit)).length
    const carryOut = async () => ({
      commit: remedy.commit,
      push: await repository.restoreGenerated(remedy.commit, diagnosis.tip?.oid),
    })
    return { remedy, members: [], applications: [], size, carryOut }
  }
  const lost = options.readings.filter(
    (reading): reading is RunningMember =>
      reading.type === 'runs' && diagnosis.lost.some(({ cluster }) => cluster === reading.cluster),
  )
  const { files, ...told } = await filesFor(options, remedy, lost)
  return { remedy, ...told, size: files.size, carryOut: () => commitFiles(options, remedy, files, lost) }
}

async function filesFor(
  { repository, source, diagnosis }: RecoveryOptions,
  remedy: Exclude<Remedy, { readonly type: 'push' }>,
  lost: readonly RunningMember[],
): Promise<RebuiltTree> {
  if (remedy.type === 'recommit') {
    const entries = await repository.list(remedy.commit)
    // The branch may never have had these blobs, so they go with their texts.
    const files = entries.map(async ({ path, oid }): Promise<[string, NewFile]> => {
      const text = await readText(repository, oid)
      return [path, { text, oid }]
    })
    return { files: new Map(await Promise.all(files)), members: [], applications: [] }
  }
  const texts = createTextCache(repository)
  const base = diagnosis.tip && (await readPrevious(repository, diagnosis.tip.oid, texts, true))
  return rebuild({ repository, source, base, members: lost })
}

async function commitFiles(
  { repository, source, sourceCommit, diagnosis, renderer }: RecoveryOptions,
  remedy: Remedy,
  files: ReadonlyMap<string, NewFile>,
  lost: readonly RunningMember[],
): Promise<{ readonly commit: string; readonly push: PushResult }> {
  const { tip } = diagnosis
  const before = await filesOf(repository, tip?.oid)
  const after = new Map([...files].map(([path, { oid }]) => [path, oid] as const))
  const names = lost.map(({ cluster }) => cluster).join(', ')
  const message = formatGeneratedMessage({
    subject: 'Recover the generated branch',
    why:
      remedy.type === 'rebuild'
        ? `The branch lacked what ${names} run; their folders are what they run now.`
        : 'The branch had lost what was generated before; the clone still held it.',
    changes: diffTrees(before, after),
    sourceCommit,
    reason: 'recovery',
    renderer,
  })
  const author = parseAuthor(source.fleet.spec.generated.author)
  const result = await repository.commitGenerated({ parent: tip?.oid, files, message, author })
  if (result.push.type === 'pushed') for (const member of lost) await member.restamp(result.commit)
  return result
}
