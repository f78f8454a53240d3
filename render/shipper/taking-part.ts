import type { MemberCluster } from '../../repo-layout/cluster.ts'
import type { FleetSource } from '../../repo-layout/read/assemble.ts'

/** Whether rollouts wait for clusters that are away. */
export function waitsForAll({ fleet: { spec } }: Pick<FleetSource, 'fleet'>): boolean {
  return spec.rollouts.rules === 'Shipper' || spec.rollouts.lostClusters === 'Wait'
}

/** The clusters of the fleet, those too whose inventory document cannot be read now. */
export function membersOf(
  { clusters }: Pick<FleetSource, 'clusters'>,
  frozen: ReadonlySet<string>,
): ReadonlySet<string> {
  return new Set([...clusters.map(({ name }) => name), ...frozen])
}

/**
 * The clusters that a rollout goes on with: the members that Flotilla writes to and whose folder may change. Where lost ones
 * are waited for it is all of them, `frozen` ones too: those that are lost, and those whose inventory document cannot be read.
 */
export function takingPart(
  source: Pick<FleetSource, 'fleet' | 'clusters'>,
  frozen: ReadonlySet<string>,
): ReadonlySet<string> {
  const { clusters } = source
  if (waitsForAll(source)) return membersOf(source, frozen)
  const isWritten = ({ name, suspend, apply }: MemberCluster) => !suspend && apply === 'Push' && !frozen.has(name)
  return new Set(clusters.filter(isWritten).map(({ name }) => name))
}
