import { GitError } from './error.ts'
import type { Commit } from './types.ts'

/** Where a search for a common ancestor gets its commits. */
export interface Lineage {
  commit(oid: string): Promise<Commit | undefined>
  /** Fetches older commits of what leads to `tip`; a higher `step` (from 0) asks for more. False where that is all. */
  deepen(tip: string, step: number): Promise<boolean>
}

interface Walked {
  readonly commits: ReadonlyMap<string, Commit>
  /** Whether history goes on where it could not be read. */
  readonly cut: boolean
}

/**
 * The newest commit that both histories hold, of which no other that both hold descends; undefined where two whole histories
 * share nothing. Reads only as far back as it has to. Rejects with `not-found` where history cannot be had.
 */
export async function findMergeBase(a: string, b: string, lineage: Lineage): Promise<string | undefined> {
  for (let step = 0; ; step++) {
    const [left, right] = [await walk(a, lineage), await walk(b, lineage)]
    const common = [...left.commits.values()].filter(({ oid }) => right.commits.has(oid))
    if (common.length > 0) return newestOf(common)
    if (!left.cut && !right.cut) return undefined
    const more = await Promise.all([left.cut && lineage.deepen(a, step), right.cut && lineage.deepen(b, step)])
    if (!more.includes(true))
      throw new GitError('not-found', `the history of commit ${a} is not complete`, {
        hint: 'the repository that is read may itself be a shallow clone',
      })
  }
}

async function walk(tip: string, { commit }: Lineage): Promise<Walked> {
  const commits = new Map<string, Commit>()
  const seen = new Set([tip])
  let cut = false
  // A set gives what is added during the walk, so this is breadth first.
  for (const oid of seen) {
    const found = await commit(oid)
    if (!found) cut = true
    else {
      commits.set(oid, found)
      for (const parent of found.parents) seen.add(parent)
    }
  }
  return { commits, cut }
}

/** Of commits that hold their ancestors too, the newest that is the ancestor of none. */
function newestOf(common: readonly Commit[]): string | undefined {
  const older = new Set(common.flatMap(({ parents }) => parents))
  const heads = common.filter(({ oid }) => !older.has(oid))
  return heads.reduce((best, one) => (one.author.time > best.author.time ? one : best), heads[0] as Commit)?.oid
}
