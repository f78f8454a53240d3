import type { MemberCluster } from '../../repo-layout/cluster.ts'
import type { JsonObject } from '../../repo-layout/json.ts'
import { ownApiVersion } from '../../repo-layout/schema/common.ts'

/** A member cluster as a document of a fleet repository; what has its default value is left out. */
export function clusterDocument(cluster: MemberCluster): JsonObject {
  const { name, labels, region, zones, capabilities, suspend, apply, scheduler, deletionPolicy } = cluster
  const { weight, unschedulable, identity } = scheduler
  const shipper = {
    ...(weight === 100 ? {} : { weight }),
    ...(unschedulable ? { unschedulable } : {}),
    ...(identity === name ? {} : { identity }),
  }
  const spec = {
    ...(region === undefined || region === labels['topology.kubernetes.io/region'] ? {} : { region }),
    ...(zones.length > 0 ? { zones } : {}),
    ...(capabilities.length > 0 ? { capabilities } : {}),
    ...(Object.keys(shipper).length > 0 ? { scheduler: shipper } : {}),
    ...(suspend ? { suspend } : {}),
    ...(apply === 'Push' ? {} : { apply }),
    ...connectionOf(cluster),
    ...(deletionPolicy === 'Orphan' ? {} : { deletionPolicy }),
  }
  return {
    apiVersion: ownApiVersion,
    kind: 'Cluster',
    metadata: { name, ...(Object.keys(labels).length > 0 ? { labels } : {}) },
    spec,
  }
}

function connectionOf({ connection, proxyURL, serviceAccountName }: MemberCluster): JsonObject {
  const more = {
    ...(proxyURL === '' ? {} : { proxyURL }),
    ...(serviceAccountName === '' ? {} : { serviceAccountName }),
  }
  if (connection?.type === 'secret') {
    const { name, key } = connection
    return { connection: { secretRef: { name, ...(key === 'value' ? {} : { key }) }, ...more } }
  }
  if (connection?.type !== 'file') return {}
  const { path, context } = connection
  return { connection: { kubeConfigFile: { path, ...(context === undefined ? {} : { context }) }, ...more } }
}
