import { warningAt } from '../../repo-layout/document.ts'
import type { Message } from '../../repo-layout/message.ts'
import type { FleetSource, Valid } from '../../repo-layout/read/assemble.ts'
import type { ApplicationDocument } from '../../repo-layout/schema/shipper.ts'
import type { Rollout } from './rollout.ts'

/**
 * Says in which clusters of a release nothing moves because something else applies there: a step counts by what Flotilla has
 * applied, and divides traffic by labels that it writes.
 */
export function externalClusters(
  { document }: Valid<ApplicationDocument>,
  { name, clusters }: Rollout,
  source: FleetSource,
  waitsForAll: boolean,
): readonly Message[] {
  const external = source.clusters.filter((cluster) => cluster.apply === 'External' && clusters.includes(cluster.name))
  if (external.length === 0) return []
  const names = external.map((cluster) => cluster.name).join(', ')
  const others = waitsForAll ? 'and so it does in the others, which wait for it' : 'and the others go on'
  const text = `${names}: something else applies there (apply: External), so no step of ${name} can be seen there and no pod be labelled: it stays as it is, ${others}; write apply: Push, or have the Application run elsewhere`
  return [warningAt(document, ['spec', 'template', 'clusterRequirements'], 'cluster-choice', text)]
}
