import { labels } from '../../../render/shipper/rollout.ts'
import type { JsonObject } from '../../../repo-layout/json.ts'
import type { Api } from '../api.ts'
import type { Resource } from '../discovery.ts'
import { isRejected } from '../errors.ts'
import type { Labelling } from './plan.ts'
import { deletionCost, type Pod } from './pod.ts'
import type { Selection } from './selection.ts'

/** Where pods live on an API server. */
export const podResource: Resource = {
  apiVersion: 'v1',
  kind: 'Pod',
  plural: 'pods',
  namespaced: true,
  verbs: ['get', 'list', 'watch', 'patch'],
}

/** Pods that get traffic cost more to delete: a release that loses capacity loses the others first. */
const costs: Readonly<Record<Labelling['status'], string>> = { enabled: '100', disabled: '-100' }

/** The change of the cost of a pod; none where somebody else gave it one. */
function costChange({ deletionCost: now }: Pod, status: Labelling['status']): readonly JsonObject[] {
  if (now === null) return [{ op: 'add', path: '/metadata/annotations', value: { [deletionCost]: costs[status] } }]
  if (now !== undefined && !Object.values(costs).includes(now)) return []
  return [{ op: 'add', path: `/metadata/annotations/${deletionCost.replace('/', '~1')}`, value: costs[status] }]
}

/**
 * Writes the label of one pod, and what it costs to delete it, upon the very state that was seen. False where it has changed or is gone: the watch tells of
 * that, and what is to be done is decided anew. Throws an `ApiError` for any other refusal, or an `InventoryLostError`.
 */
export async function writeLabel(api: Api, pods: Selection<Pod>, { pod, status }: Labelling): Promise<boolean> {
  const { namespace, name, uid, resourceVersion } = pod
  try {
    const written = await api.patch({ resource: podResource, namespace, name }, resourceVersion, [
      { op: 'test', path: '/metadata/uid', value: uid },
      { op: 'add', path: `/metadata/labels/${labels.traffic}`, value: status },
      ...costChange(pod, status),
    ])
    pods.wrote(written)
    return true
  } catch (error) {
    if (isRejected(error, 409) || isRejected(error, 404)) return false
    throw error
  }
}
