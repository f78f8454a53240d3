import type { JsonObject, KubeObject } from '../../../repo-layout/json.ts'
import { numberOf, objectOf, textOf } from '../defaults/fill.ts'
import { type Controller, itself, parseKey } from './controller.ts'
import { controllerKey, isEnding, ownedBy } from './owners.ts'
import { availability, isDone, isReady, podOf } from './pods.ts'

const manager = 'kube-controller-manager'
const storage = 'replicasets.apps'

/** Keeps as many pods of a template as a ReplicaSet wants, and counts them. */
export const replicaSetController: Controller = {
  name: 'replicaset',
  watches: { [storage]: itself, pods: controllerKey('ReplicaSet') },
  sync(key, { client, clock, again }) {
    const { namespace, name } = parseKey(key)
    const set = client.get(storage, namespace, name)
    if (!set) return
    const spec = objectOf(set.spec)
    const wanted = numberOf(spec.replicas, 1)
    const pods = ownedBy(set, client.list('pods', namespace)).filter((pod) => !isDone(pod) && !isEnding(pod))
    if (!isEnding(set)) {
      for (let i = pods.length; i < wanted; i++) client.create(manager, podFor(set))
      for (const pod of leastUseful(pods).slice(0, Math.max(0, pods.length - wanted))) client.remove(pod)
    }
    const kept = ownedBy(set, client.list('pods', namespace)).filter((pod) => !isDone(pod) && !isEnding(pod))
    const { available, nextIn } = availability(kept, numberOf(spec.minReadySeconds), clock.now())
    if (nextIn !== undefined) again(key, nextIn)
    client.setStatus(manager, set, statusOf(set, kept, available))
  },
}

function podFor(set: KubeObject): KubeObject {
  return podOf(set, objectOf(objectOf(set.spec).template), { generateName: `${set.metadata.name}-` })
}

/** Those without a node go first, then those that are not ready, then the cheapest to delete, then the youngest. */
function leastUseful(pods: readonly KubeObject[]): readonly KubeObject[] {
  const rank = (pod: KubeObject) => (textOf(objectOf(pod.spec).nodeName) === '' ? 0 : isReady(pod) ? 2 : 1)
  const age = (pod: KubeObject) => Date.parse(textOf(pod.metadata.creationTimestamp))
  const cost = ({ metadata }: KubeObject) =>
    Number.parseInt(metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? '', 10) || 0
  return [...pods].sort((a, b) => rank(a) - rank(b) || cost(a) - cost(b) || age(b) - age(a))
}

function statusOf(set: KubeObject, pods: readonly KubeObject[], available: number): JsonObject {
  const ready = pods.filter(isReady).length
  return {
    replicas: pods.length,
    fullyLabeledReplicas: pods.length,
    ...(ready > 0 && { readyReplicas: ready }),
    ...(available > 0 && { availableReplicas: available }),
    observedGeneration: numberOf(set.metadata.generation),
  }
}
