import { environmentHash } from '../../render/shipper/hash.ts'
import type { Rollout } from '../../render/shipper/rollout.ts'
import { isTemplateOf, templateOf } from '../../render/shipper/template.ts'
import { createFleetReader } from '../../repo-layout/read/reader.ts'
import { rolloutKey } from '../../repo-layout/read/rollouts.ts'
import { gitTree } from '../cycle/source.ts'
import type { Commit, Repository } from '../git/types.ts'

/** The source commits that led from the template of one release to another one, or why that cannot be told surely. */
export type TemplateChange =
  | { readonly type: 'found'; readonly commits: readonly [newest: Commit, ...older: Commit[]] }
  /** `isFinal`: more commits upon `source` would not tell more. */
  | { readonly type: 'unknown'; readonly why: string; readonly isFinal: boolean }

/** So far back is looked for the template of the version that runs, in commits. */
const farthest = 1000

/**
 * Finds, from `source` backwards along first parents, the commits that changed the template of an application since it was last
 * that of `from`; the newest is the one that made it `template`, the hash of what `source` has. An Application that was moved to
 * another file is followed. Rejects with a `GitError` where history cannot be read.
 */
export async function findTemplateChange(
  repository: Repository,
  source: string,
  { from, template }: { readonly from: Rollout; readonly template: string },
): Promise<TemplateChange> {
  const application = `${from.namespace}/${from.application}`
  const at = createLook(repository, application)
  const changed: Commit[] = []
  let newer: Commit | undefined
  let hash: string | undefined = template
  let read = 0
  // A change that failed is mostly young, so history is only read further back where it is not.
  for (let count = 16; ; count *= 4) {
    const commits = await repository.log(source, Math.min(count, farthest))
    for (const commit of commits.slice(read)) {
      const now = (await at(commit.oid))?.hash
      if (now === undefined)
        return {
          ...unknown(`Application ${application} cannot be read in a commit since it was that of ${from.name}`),
          isFinal: newer !== undefined,
        }
      if (!newer && now !== template)
        return { ...unknown(`the template of ${application} has changed since`), isFinal: false }
      if (newer && now !== hash) changed.push(newer)
      const [newest, ...older] = changed
      if (newest && isTemplateOf(now, from)) return { type: 'found', commits: [newest, ...older] }
      newer = commit
      hash = now
    }
    if (commits.length < count || count >= farthest)
      return unknown(`the template of ${from.name} is not in the last ${commits.length} commits of the source branch`)
    read = commits.length
  }
}

function unknown(why: string) {
  return { type: 'unknown', why, isFinal: true } as const
}

/** The Application of a commit: its file, and the hash of its template. */
export interface ApplicationSeen {
  readonly path: string
  readonly hash: string
}

/** Looks at one application, `namespace/name`, in commit after commit; undefined where there is none that can be read. */
export function createLook(
  repository: Repository,
  key: string,
): (commit: string) => Promise<ApplicationSeen | undefined> {
  const reader = createFleetReader()
  let seen: (ApplicationSeen & { readonly blob: string }) | undefined
  return async (commit) => {
    const entries = await repository.list(commit)
    const blobAt = (path: string) => entries.find((entry) => entry.path === path)?.oid
    if (seen && blobAt(seen.path) === seen.blob) return seen
    const { source } = await reader.read(gitTree(repository, commit))
    const found = source?.rollouts.applications.find(({ value }) => rolloutKey(value.metadata) === key)
    const path = found?.document.path ?? ''
    const blob = blobAt(path)
    if (!found || blob === undefined) return undefined
    seen = { path, blob, hash: environmentHash(templateOf(found.value)) }
    return seen
  }
}
