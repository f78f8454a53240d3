import { getIn, isJsonArray, isJsonObject } from '../../../repo-layout/json.ts'
import type { ControlPlane } from '../../testbed/control-plane.ts'

/**
 * Says of every Deployment that all its replicas are ready, as controllers would: without them each would look like a
 * rollout that hangs, for as long as the benchmark runs.
 */
export async function makeDeploymentsReady(plane: ControlPlane): Promise<void> {
  const { body } = await plane.request('GET', '/apis/apps/v1/deployments')
  const items = getIn(body, ['items'])
  for (const item of isJsonArray(items) ? items.filter(isJsonObject) : []) {
    const [namespace, name] = [getIn(item, ['metadata', 'namespace']), getIn(item, ['metadata', 'name'])]
    const replicas = getIn(item, ['spec', 'replicas']) ?? 1
    const status = {
      observedGeneration: getIn(item, ['metadata', 'generation']) ?? 1,
      replicas,
      updatedReplicas: replicas,
      readyReplicas: replicas,
      availableReplicas: replicas,
    }
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}/status`
    const answer = await plane.request('PATCH', path, { status })
    if (answer.status !== 200) throw new Error(`PATCH ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
  }
}
