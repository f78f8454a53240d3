import type { Repository } from '../git/types.ts'

/**
 * The commit that a person means: a commit id, a branch, a full ref (`refs/pull/42/head`), each also with `~2` or `^` behind
 * it. Undefined where there is none of that name.
 */
export async function resolveRevision(
  repository: Pick<Repository, 'refAt' | 'log'>,
  name: string,
): Promise<string | undefined> {
  const [, start, steps] = /^(.+?)(?:~(\d+)|\^)$/.exec(name) ?? []
  if (start !== undefined) {
    const commit = await resolveRevision(repository, start)
    const back = Number(steps ?? 1)
    return commit && (await repository.log(commit, back + 1))[back]?.oid
  }
  if (/^[0-9a-f]{40}$/.test(name)) return name
  return repository.refAt(name.startsWith('refs/') ? name : `refs/heads/${name}`)
}
