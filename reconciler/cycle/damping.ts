import type { ClusterObservation, Observations } from '../../repo-layout/observations.ts'
import { milliseconds } from '../../repo-layout/schema/common.ts'
import type { FleetSpec } from '../../repo-layout/schema/fleet.ts'
import type { Clock } from '../clock.ts'

/** What damping remembers of one cluster. */
interface Memory {
  /** Whether the cluster counts as lost. */
  readonly lost: boolean
  /** Since when the cluster says the opposite of `lost`, in milliseconds; undefined while it does not. */
  readonly since: number | undefined
}

/** Turns what members see now into facts that decisions may read. */
export interface Damper {
  /**
   * Facts with damped reachability: a cluster is lost once it was unreachable for `failover.after`, and back once it
   * was reachable for `failover.back`; between the two it is `unknown`, which moves nothing. Where more are lost than
   * `failover.maxLostClusters`, and more than one, all of them are `unknown`: the one without a network is then
   * rather us.
   */
  observe(raw: Observations, settings: FleetSpec['failover']): Observations
  /** Says which clusters the decisions in force count as lost; a restart goes on from there. */
  recall(lost: ReadonlySet<string>): void
  /** Milliseconds until the answer of `observe` may change by time alone; undefined where it cannot. */
  nextChange(settings: FleetSpec['failover']): number | undefined
}

/** Makes a damper that knows nothing yet. */
export function createDamper(clock: Clock): Damper {
  let memory = new Map<string, Memory>()

  function step(name: string, raw: ClusterObservation, settings: FleetSpec['failover']): Memory {
    const before = memory.get(name) ?? { lost: false, since: undefined }
    if (raw.reachable === 'unknown') return before
    if (raw.reachable === !before.lost) return { lost: before.lost, since: undefined }
    const since = before.since ?? clock.now()
    const limit = milliseconds(before.lost ? settings.back : settings.after)
    return clock.now() - since >= limit ? { lost: !before.lost, since: undefined } : { lost: before.lost, since }
  }

  return {
    observe(raw, settings) {
      const names = Object.keys(raw.clusters)
      // A cluster that is not observed yet is not forgotten: after a restart it is still lost.
      const next = new Map(memory)
      for (const name of names) next.set(name, step(name, raw.clusters[name] ?? { reachable: 'unknown' }, settings))
      memory = next
      const lost = names.filter((name) => next.get(name)?.lost)
      const frozen =
        lost.length > 1 && lost.length > (names.length * Number.parseInt(settings.maxLostClusters, 10)) / 100
      const clusters: Observations['clusters'] = {}
      for (const name of names) {
        const own = raw.clusters[name] ?? { reachable: 'unknown' as const }
        const state = next.get(name)
        clusters[name] = { ...own, reachable: reachability(own, state, frozen) }
      }
      return { ...raw, clusters }
    },
    recall(lost) {
      for (const name of lost) if (!memory.has(name)) memory.set(name, { lost: true, since: undefined })
    },
    nextChange(settings) {
      let least: number | undefined
      for (const { lost, since } of memory.values()) {
        if (since === undefined) continue
        const left = Math.max(0, since + milliseconds(lost ? settings.back : settings.after) - clock.now())
        if (least === undefined || left < least) least = left
      }
      return least
    },
  }
}

function reachability(own: ClusterObservation, state: Memory | undefined, frozen: boolean): boolean | 'unknown' {
  if (state?.lost) return frozen ? 'unknown' : false
  if (own.reachable === false) return 'unknown'
  return own.reachable
}
