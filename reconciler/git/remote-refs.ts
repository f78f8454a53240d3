import { listServerRefs } from 'isomorphic-git'
import { toGitError } from './error.ts'
import type { GitHttp } from './http.ts'
import type { Branches } from './origin.ts'
import type { Remote } from './remote.ts'
import type { Refs } from './types.ts'
import type { UploadPack } from './upload-pack.ts'

/**
 * What the remote's two branches are at, both from one answer. Asks for these refs alone where the server can, else
 * reads what it advertises. Rejects with a GitError.
 */
export async function readRemoteRefs(
  http: GitHttp,
  uploadPack: Pick<UploadPack, 'listRefs'>,
  remote: Remote,
  branches: Branches,
): Promise<Refs> {
  const source = `refs/heads/${branches.source}`
  const generated = `refs/heads/${branches.generated}`
  const found = await listRemoteRefs(http, uploadPack, remote, [source, generated])
  return { source: found.get(source), generated: found.get(generated) }
}

/** What these refs of the remote are at, all from one answer, in full names; those that do not exist are left out. */
export async function listRemoteRefs(
  http: GitHttp,
  uploadPack: Pick<UploadPack, 'listRefs'>,
  remote: Remote,
  refs: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  try {
    const found = await uploadPack.listRefs(refs)
    if (found) return found
    const prefix = refs.reduce(commonStart)
    const listed = await listServerRefs({ http, url: remote.url, prefix })
    return new Map(listed.filter(({ ref }) => refs.includes(ref)).map(({ ref, oid }) => [ref, oid]))
  } catch (error) {
    throw toGitError(error, remote.url)
  }
}

function commonStart(a: string, b: string): string {
  let length = 0
  while (length < a.length && a[length] === b[length]) length++
  return a.slice(0, length)
}
