import { subjectPath } from '../../repo-layout/generated/path.ts'
import { milliseconds } from '../../repo-layout/schema/common.ts'
import type { Subject } from '../../repo-layout/subject.ts'
import { missedDeadline } from '../member/deadline.ts'
import type { MemberStatus } from '../member/types.ts'

/** A cluster in which a generated commit failed, with what it changed there that does not work. */
export interface FailedCluster {
  readonly cluster: string
  readonly message: string
  /** ISO time since which it is degraded. */
  readonly since: string
  /** When it counts as failed, in milliseconds since the epoch: may lie ahead. */
  readonly failedAt: number
  readonly objects: readonly { readonly subject: Subject; readonly path: string; readonly message: string }[]
}

type Looked = Pick<MemberStatus, 'cluster' | 'sync' | 'message' | 'since' | 'wantedCommit' | 'objects'>

/**
 * The clusters that are degraded with this generated commit. One that cannot be reached or does not let anybody in is none:
 * that says nothing about the commit. Pure.
 */
export function failedClusters(
  clusters: readonly Looked[],
  generated: string,
  timeout: string,
): readonly FailedCluster[] {
  return clusters
    .filter(({ sync, wantedCommit }) => sync === 'degraded' && wantedCommit === generated)
    .map(({ cluster, message, since, objects }) => ({
      ...{ cluster, message, since },
      // What is refused is degraded at once, and has the same time to be mended.
      failedAt: Date.parse(since) + (message.startsWith(missedDeadline) ? 0 : milliseconds(timeout)),
      objects: objects
        .filter(({ action, health }) => action === 'failed' || (health !== 'Current' && health !== 'Unknown'))
        .map(({ subject, message: why }) => ({ subject, path: subjectPath(cluster, subject) ?? '', message: why })),
    }))
}

/** The same with only the objects that the commit changed; a cluster without one failed for another reason. Pure. */
export function blamed(
  failed: readonly FailedCluster[],
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly FailedCluster[] {
  return failed
    .map((one) => ({ ...one, objects: one.objects.filter(({ path }) => before.get(path) !== after.get(path)) }))
    .filter(({ objects }) => objects.length > 0)
}

/** What failed where, as Markdown for a pull request. Pure. */
export function evidence(failed: readonly FailedCluster[]): string {
  const rows = failed.flatMap(({ cluster, since, objects, message }) =>
    objects.map((one) => `| ${[cluster, one.subject, one.message || message, since].map(cell).join(' | ')} |`),
  )
  const shown = rows.slice(0, mostRows)
  const rest = rows.length - shown.length
  const more = rest === 0 ? [] : ['', `And ${rest} more.`]
  return ['| cluster | object | what is said | since |', '|---|---|---|---|', ...shown, ...more].join('\n')
}

const mostRows = 50

/** Words of others, as one cell of a table that can neither end it nor speak to anybody. */
export function cell(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\s`]+/gu, ' ').trim()
  const short = line.length > 300 ? `${line.slice(0, 299)}…` : line
  return `\`${short.replaceAll('|', '\\|')}\``
}
