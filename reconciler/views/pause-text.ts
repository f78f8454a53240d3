import type { Pause } from '../member/pause.ts'
import type { MemberStatus } from '../member/types.ts'
import { clockTime } from './age.ts'
import { oneLine } from './text.ts'

/** A pause in a few words: until when, who asked, and why. */
export function pauseFact({ until, by, reason }: Pause, now: number): string {
  return oneLine(`paused until ${clockTime(until, now)} by ${by}${reason === '' ? '' : `: ${reason}`}`)
}

/** How many objects have a pause of their own: in a cluster that is paused as a whole its state says it. */
export function pausedCount(clusters: readonly Pick<MemberStatus, 'objects' | 'pause'>[]): number {
  return clusters.reduce(
    (sum, cluster) => sum + (cluster.pause ? 0 : cluster.objects.filter(({ pause }) => pause).length),
    0,
  )
}
