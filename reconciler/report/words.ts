import type { ClusterStatus } from '../server/types.ts'
import { clusterMessage } from '../views/cluster-message.ts'
import { reasonFirst } from '../views/refusal.ts'
import { objectState } from '../views/state.ts'
import { oneLine } from '../views/text.ts'

/** The shortest limit of any forge, in code points. */
const longest = 140

/** A description that every forge takes whole: one line of at most 140 code points, cut at its end with `…`. */
export function description(text: string): string {
  const signs = [...oneLine(text)]
  return signs.length <= longest
    ? signs.join('')
    : `${signs
        .slice(0, longest - 1)
        .join('')
        .trimEnd()}…`
}

/** When a cluster was last seen, in words that stay the same while it is away: `2026-11-24 14:02Z`. */
export function lastSeen({ seenAt, since }: Pick<ClusterStatus, 'seenAt' | 'since'>): string {
  return `${new Date(seenAt ?? since).toISOString().slice(0, 16).replace('T', ' ')}Z`
}

/** `synced, 12/12 applied`; a pause is said with it. */
export function syncedWords(cluster: ClusterStatus): string {
  const said = clusterMessage(cluster, 0)
  const all = cluster.total === 0 ? 'synced, nothing runs here' : `synced, ${cluster.applied}/${cluster.total} applied`
  return said === '' ? all : `${all}; ${said}`
}

/** Why a cluster is as it is, short: what it says of itself, and its first object that is the reason. May be empty. */
export function clusterReason(cluster: ClusterStatus, now: number): string {
  const { sync, objects } = cluster
  if (sync === 'drifted') return clusterMessage(cluster, now)
  const said = clusterMessage({ ...cluster, seenAt: undefined, objects: [] }, now)
  if (sync !== 'degraded' && sync !== 'progressing') return said
  const failed = objects.filter((object) => objectState(object) === 'degraded')
  // A cluster that took too long has none that failed, but some that are on their way.
  const meant = failed.length > 0 ? failed : objects.filter((object) => objectState(object) === 'progressing')
  const [first, ...more] = meant
  const others = more.length > 0 ? ` (and ${more.length} more)` : ''
  const object = first
    ? oneLine(`${shortSubject(first.subject)} ${reasonFirst(first.message) || first.health}${others}`)
    : ''
  return [said, object].filter((text) => text !== '').join(': ')
}

/** `Deployment/web` of `Deployment.apps/shop/web`. */
function shortSubject(subject: string): string {
  const parts = subject.split('/')
  return `${parts[0]?.split('.')[0] ?? ''}/${parts.at(-1) ?? ''}`
}
