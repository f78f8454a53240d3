import { type FactsOf, type ReleaseState, replicasIn, type Waiting } from './state.ts'

/** What a rollout waits for as people read it: which release, in which clusters, and why as far as they tell. */
export function waitingText({ type, clusters }: Waiting, release: ReleaseState, facts: FactsOf): string {
  const reasons = clusters.map((cluster) => {
    const known = facts(release.name, cluster)
    const parts = [countText(type, release, cluster, known?.availableReplicas), known?.message || undefined]
    const why = parts.filter((part) => part !== undefined).join(': ')
    return why === '' ? cluster : `${cluster} (${why})`
  })
  const what = { installation: 'is not installed', capacity: 'has not its capacity', traffic: 'has not its traffic' }
  return `release ${release.name} ${what[type]} in ${reasons.join(', ')}`
}

function countText(
  type: Waiting['type'],
  release: ReleaseState,
  cluster: string,
  available: number | undefined,
): string | undefined {
  if (type !== 'capacity') return undefined
  const desired = replicasIn(release, cluster)
  return `${available ?? 'unknown'} of ${desired} available`
}
