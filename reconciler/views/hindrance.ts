import type { FleetStatus, ReleaseInCluster } from '../server/types.ts'
import { oneLine } from './text.ts'

/** What keeps a release of an application back in one cluster. */
export interface Hindrance {
  readonly release: string
  /** Which pods and why: `1 of 1 pods not ready: …-7d9f-x7k2p ImagePullBackOff: shop/web:9`. */
  readonly why: string
}

/** Causes that do not pass by waiting a little; a pod that only has not started yet is not told of while there is time. */
const named = /\b(Unschedulable|[A-Z]\w+(BackOff|Error|Name))\b|cannot be created/

/**
 * The release that is kept back in each cluster, by its name; the contender before the incumbent. While a cluster is on its
 * way only a cause that has a name counts, and any once it took too long. Pure.
 */
export function hindrancesOf({
  rollouts = [],
  clusters,
}: Pick<FleetStatus, 'rollouts' | 'clusters'>): ReadonlyMap<string, Hindrance> {
  const late = new Set(clusters.filter(({ sync }) => sync === 'degraded').map(({ cluster }) => cluster))
  const found = new Map<string, Hindrance>()
  for (const rollout of rollouts) {
    for (const { cluster, contender, incumbent } of rollout.clusters) {
      if (found.has(cluster)) continue
      const counts = (one: ReleaseInCluster | undefined) =>
        one !== undefined && one.message !== '' && (late.has(cluster) || named.test(one.message))
      if (counts(contender)) found.set(cluster, hindrance(rollout.release, contender))
      else if (counts(incumbent)) found.set(cluster, hindrance(rollout.incumbent ?? '', incumbent))
    }
  }
  return found
}

function hindrance(release: string, seen: ReleaseInCluster | undefined): Hindrance {
  return { release, why: withoutRelease(release, oneLine(seen?.message ?? '')) }
}

/** Names of pods begin with that of their release, which is said anyway and is long. */
export function withoutRelease(release: string, text: string): string {
  return text.replaceAll(`${release}-`, '…-')
}
