import type { Repository } from './types.ts'

/** The ids of the files of a commit, by path; none where there is no commit. Rejects as `list` does. */
export async function filesOf(
  repository: Pick<Repository, 'list'>,
  commit: string | undefined,
): Promise<Map<string, string>> {
  const entries = commit === undefined ? [] : await repository.list(commit)
  return new Map(entries.map(({ path, oid }) => [path, oid] as const))
}

/** The text of a blob. Rejects as `read` does. */
export async function readText(repository: Pick<Repository, 'read'>, oid: string): Promise<string> {
  return Buffer.from(await repository.read(oid)).toString('utf8')
}
