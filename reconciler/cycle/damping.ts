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
   * Facts with damped reachability: a cluster is lost once it was unreachable for `failover.after` without a break, and
   * back once it was reachable for `failover.back`; between the two it is `unknown`, which moves nothing. Where more than
   * `failover.maxLostClusters` of the inventory, and more than one, do not answer now or are lost, all of them are
   * `unknown`: the one without a network is then rather us. A lost cluster that is not looked after yet is still lost.
   */
  observe(raw: Observations, settings: FleetSpec['failover'], inventory: Iterable<string>): Observations
  /** Says which clusters the decisions in force count as lost; a restart goes on from there. */
  recall(lost: ReadonlySet<string>): void
  /** Milliseconds until the answer of `observe` may change by time alone; undefined where it cannot. */
  nextChange(settings: FleetSpec['failover']): number | undefined
}

const unobserved: ClusterObservation = { reachable: 'unknown' }

/** Makes a damper that knows nothing yet. */
export function createDamper(clock: Clock): Damper {
  let memory = new Map<string, Memory>()

  function step(name: string, raw: ClusterObservation, settings: FleetSpec['failover']): Memory {
    const { lost, since: before } = memory.get(name) ?? { lost: false, since: undefined }
    // What nobody knows neither loses a cluster nor brings it back, so it counts for neither span.
    if (raw.reachable === 'unknown' || raw.reachable === !lost) return { lost, since: undefined }
    const since = before ?? clock.now()
    const limit = milliseconds(lost ? settings.back : settings.after)
    return clock.now() - since >= limit ? { lost: !lost, since: undefined } : { lost, since }
  }

  return {
    observe(raw, settings, inventory) {
      const names = [...new Set([...inventory, ...Object.keys(raw.clusters)])]
      memory = new Map(names.map((name) => [name, step(name, raw.clusters[name] ?? unobserved, settings)]))
      const isLost = (name: string) => memory.get(name)?.lost === true
      const down = names.filter((name) => isLost(name) || raw.clusters[name]?.reachable === false).length
      const frozen = down > 1 && down > (names.length * Number.parseInt(settings.maxLostClusters, 10)) / 100
      const clusters: Observations['clusters'] = {}
      for (const name of names) {
        const own = raw.clusters[name]
        if (own) clusters[name] = { ...own, reachable: reachability(own, isLost(name), frozen) }
        else if (isLost(name)) clusters[name] = { reachable: frozen ? 'unknown' : false }
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

function reachability(own: ClusterObservation, lost: boolean, frozen: boolean): boolean | 'unknown' {
  if (lost) return frozen ? 'unknown' : false
  return own.reachable === false ? 'unknown' : own.reachable
}
