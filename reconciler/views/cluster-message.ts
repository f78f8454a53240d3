import type { Drift, MemberStatus, ObjectStatus } from '../member/types.ts'
import { clockTime } from './age.ts'
import { driftHistory } from './drift-text.ts'
import { isDrifting, objectState } from './state.ts'
import { count, oneLine } from './text.ts'

/**
 * Why a cluster is as it is, in one line: what the member says, without the counts that a column of its own shows, or else
 * the first object that is the reason. Empty where all is well.
 */
export function clusterMessage(cluster: MemberStatus, now: number): string {
  const parts = oneLine(cluster.message)
    .split('; ')
    .filter((part) => part !== '' && part !== 'suspended' && !/^\d+\/\d+ applied$/.test(part))
  // That something is paused is said beside the reason, and never in its place.
  const paused = parts.filter((part) => /^\d+ paused$/.test(part))
  const said = parts.filter((part) => !paused.includes(part)).join('; ')
  return [why(cluster, said, now), ...paused].filter((part) => part !== '').join('; ')
}

function why(cluster: MemberStatus, said: string, now: number): string {
  switch (cluster.sync) {
    case 'synced':
    case 'suspended':
      return said
    case 'unreachable':
    case 'unauthorized': {
      const values = cluster.seenAt === undefined ? '' : `values of ${clockTime(cluster.seenAt, now)}`
      return [said, values].filter((part) => part !== '').join('; ')
    }
    case 'drifted':
      return said || driftMessage(cluster.objects, now)
    case 'degraded':
    case 'progressing':
      return said || firstObject(cluster.objects.filter((object) => objectState(object) === cluster.sync))
  }
}

/** How many objects of a cluster differ now. */
export function driftCount(cluster: MemberStatus): number {
  return cluster.objects.filter(({ drift }) => isDrifting(drift)).length
}

function firstObject(objects: readonly ObjectStatus[]): string {
  const [first] = objects
  if (!first) return ''
  const more = objects.length > 1 ? ` (and ${objects.length - 1} more)` : ''
  return `${oneLine(`${first.subject} ${first.message || first.health}`)}${more}`
}

function driftMessage(objects: readonly ObjectStatus[], now: number): string {
  const drifts = objects.flatMap(({ drift }) => (isDrifting(drift) ? [drift] : []))
  const [first] = drifts
  if (!first) return ''
  const fields = drifts.reduce((sum, drift) => sum + drift.fields.length, 0)
  if (drifts.length > 1) return `${fields > 0 ? `${count(fields, 'field')} of ` : ''}${count(drifts.length, 'object')}`
  return `${[what(first), ...driftHistory(first, now)].join(', ')}: ${first.subject}`
}

/** The name of the object comes last: it is the longest part, and a narrow terminal cuts what is last. */
function what({ reason, fields }: Drift): string {
  return reason === 'changed' ? count(fields.length, 'field') : reason
}
