import { readText } from '../git/contents.ts'
import type { Commit, Repository } from '../git/types.ts'

/** So far back history is read; what is older counts as begun there. */
const farthest = 1000

/**
 * The oldest commit of the generated branch, from `tip` backwards without a gap, in which the file at `path` holds a text that is
 * so; undefined where that of `tip` does not. It does not depend on this process. Rejects as `log` does.
 */
export async function recordSince(
  repository: Pick<Repository, 'log' | 'list' | 'read'>,
  tip: string,
  path: string,
  is: (text: string) => boolean,
): Promise<Commit | undefined> {
  let known: string | undefined
  let since: Commit | undefined
  let read = 0
  // It is mostly young, so history is only read further back where it is not.
  for (let count = 16; ; count *= 4) {
    const commits = await repository.log(tip, Math.min(count, farthest))
    for (const commit of commits.slice(read)) {
      const blob = (await repository.list(commit.oid)).find((entry) => entry.path === path)?.oid
      if (blob === undefined) return since
      if (blob !== known && !is(await readText(repository, blob))) return since
      known = blob
      since = commit
    }
    if (commits.length < count || count >= farthest) return since
    read = commits.length
  }
}
