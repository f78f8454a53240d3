import { applicationOfRecord } from '../../render/shipper/record.ts'
import { labels } from '../../render/shipper/rollout.ts'
import { sourceOfGenerated } from '../../repo-layout/generated/file.ts'
import { clusterOfPath, encodeName } from '../../repo-layout/generated/path.ts'
import { getIn, isJsonObject, type KubeObject } from '../../repo-layout/json.ts'
import { type Subject, subjectOf } from '../../repo-layout/subject.ts'
import { firstDocument } from '../../repo-layout/yaml/parse.ts'
import { readText } from '../git/contents.ts'
import type { Commit, Repository } from '../git/types.ts'
import { resolveRevision } from '../plan/revision.ts'

/** What a person wants to take back. */
export type Target =
  | { readonly type: 'commit'; readonly commit: Commit }
  | { readonly type: 'workload'; readonly subject: Subject; readonly file: string; readonly commit: Commit }
  | { readonly type: 'none'; readonly why: string }

type Reading = Pick<Repository, 'log' | 'logAll' | 'list' | 'read' | 'readCommit' | 'refAt' | 'isAncestor'>

/** How far back is looked for what was named. */
const farthest = 1000

/** Both branches, as they are. */
export interface Tips {
  readonly source: string
  readonly generated: string | undefined
}

/**
 * What is meant by a commit id (also the beginning of one), a revision, or a workload, an Application too: a Subject, or
 * `namespace/name`. Of a
 * workload it is the newest commit of the source branch that changed the file it comes from. Rejects with a `GitError`.
 */
export async function findTarget(repository: Reading, tips: Tips, name: string): Promise<Target> {
  if (name.includes('/') && !name.startsWith('refs/')) {
    const found = await findWorkload(repository, tips, name)
    if (found) return found
  }
  const oid = await findCommit(repository, tips.source, name)
  if (typeof oid === 'object') return { type: 'none', ...oid }
  if (oid === undefined) return { type: 'none', why: `there is no commit and no workload "${name}"` }
  if (!(await repository.isAncestor(oid, tips.source)))
    return {
      type: 'none',
      why: `commit ${oid.slice(0, 12)} is not on the source branch, so there is nothing to take back`,
    }
  return { type: 'commit', commit: await repository.readCommit(oid) }
}

async function findCommit(
  repository: Reading,
  tip: string,
  name: string,
): Promise<string | undefined | { readonly why: string }> {
  if (!/^[0-9a-f]{4,39}$/.test(name)) return resolveRevision(repository, name)
  for (const limit of [50, farthest]) {
    const found = (await repository.logAll(tip, limit)).filter(({ oid }) => oid.startsWith(name))
    if (found.length > 1) return { why: `"${name}" is the beginning of ${found.length} commits; write more of it` }
    if (found[0]) return found[0].oid
  }
  return resolveRevision(repository, name)
}

async function findWorkload(repository: Reading, tips: Tips, name: string): Promise<Target | undefined> {
  const found = tips.generated && (await findFile(repository, tips.generated, name))
  if (!found) return undefined
  if ('why' in found) return { type: 'none', why: found.why }
  let blob: string | undefined
  let after: Commit | undefined
  for (const commit of await repository.log(tips.source, farthest)) {
    const now = (await repository.list(commit.oid)).find(({ path }) => path === found.file)?.oid
    if (after && now !== blob) return { type: 'workload', ...found, commit: after }
    blob = now
    after = commit
  }
  if (after && blob !== undefined && after.parents.length === 0) return { type: 'workload', ...found, commit: after }
  return { type: 'none', why: `none of the last ${farthest} commits of the source branch changed ${found.file}` }
}

/** The source file of a workload, as the generated branch says, also where the newest commit of it took the workload away. */
async function findFile(
  repository: Reading,
  generated: string,
  name: string,
): Promise<{ readonly subject: Subject; readonly file: string } | { readonly why: string } | undefined> {
  const wanted = name.replace(/^([^/.]+)\.[^/]*\//, '$1/').toLowerCase()
  const last = encodeName(name.slice(name.lastIndexOf('/') + 1))
  const seen = new Set<string>()
  for (const { oid: commit } of await repository.log(generated, 100)) {
    const found = new Map<Subject, string>()
    for (const { path, oid } of await repository.list(commit)) {
      const isCopy = clusterOfPath(path) !== undefined && path.endsWith(`/${last}.yaml`)
      if (!(isCopy || applicationOfRecord(path) === last) || seen.has(oid)) continue
      seen.add(oid)
      const text = await readText(repository, oid)
      const subject = isCopy ? subjectIn(text) : applicationIn(text)
      const file = sourceOfGenerated(text)
      if (subject !== undefined && file !== undefined && isMeant(subject, wanted)) found.set(subject, file)
    }
    const [first] = found
    if (first && new Set(found.values()).size === 1) return { subject: first[0], file: first[1] }
    if (first) return { why: `"${name}" may be ${[...found.keys()].sort().join(' or ')}; write it in full` }
  }
  return undefined
}

/** `kind/namespace/name` with or without the group of its kind, or `namespace/name`. */
function isMeant(subject: Subject, wanted: string): boolean {
  const short = subject.replace(/^([^/.]+)\.[^/]*\//, '$1/').toLowerCase()
  return short === wanted || (wanted.split('/').length === 2 && short.endsWith(`/${wanted}`))
}

/** The Application of the record `Release.yaml` of one of its releases. */
function applicationIn(text: string): Subject | undefined {
  const metadata = getIn(firstDocument(text), ['metadata'])
  const [namespace, name] = [getIn(metadata, ['namespace']), getIn(metadata, ['labels', labels.app])]
  if (typeof namespace !== 'string' || typeof name !== 'string') return undefined
  return `Application.shipper.booking.com/${namespace}/${name}`
}

function subjectIn(text: string): Subject | undefined {
  const value = firstDocument(text)
  return isJsonObject(value) && 'metadata' in value ? subjectOf(value as KubeObject) : undefined
}
