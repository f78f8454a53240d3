import type { JsonObject, KubeObject } from '../../../repo-layout/json.ts'
import { numberOf, objectOf, textOf } from '../defaults/fill.ts'
import { type Controller, itself, parseKey } from './controller.ts'
import { controllerKey, isEnding, ownedBy } from './owners.ts'
import { availability, isDone, isReady, podOf, templateHash } from './pods.ts'

const manager = 'kube-controller-manager'
const storage = 'statefulsets.apps'
const revisionLabel = 'controller-revision-hash'

/** Keeps the numbered pods of a StatefulSet, one after the other unless they may start in parallel. */
export const statefulSetController: Controller = {
  name: 'statefulset',
  watches: { [storage]: itself, pods: controllerKey('StatefulSet') },
  sync(key, { client, clock, again }) {
    const { namespace, name } = parseKey(key)
    const set = client.get(storage, namespace, name)
    if (!set) return
    const podsNow = () => ownedBy(set, client.list('pods', namespace))
    if (!isEnding(set))
      step(
        set,
        podsNow(),
        (pod) => client.create(manager, pod),
        (pod) => client.remove(pod),
      )
    const kept = podsNow().filter((pod) => !isEnding(pod))
    const { available, nextIn } = availability(kept, numberOf(objectOf(set.spec).minReadySeconds), clock.now())
    if (nextIn !== undefined) again(key, nextIn)
    client.setStatus(manager, set, statusOf(set, kept, available))
  },
}

function revisionOf(set: KubeObject): string {
  return `${set.metadata.name}-${templateHash(objectOf(objectOf(set.spec).template))}`
}

function ordinalOf(set: KubeObject, pod: KubeObject): number {
  return Number(pod.metadata.name.slice(set.metadata.name.length + 1))
}

/** One step towards the wanted pods. Without parallel management each waits for those before it. */
function step(
  set: KubeObject,
  pods: readonly KubeObject[],
  create: (pod: KubeObject) => void,
  remove: (pod: KubeObject) => void,
): void {
  const spec = objectOf(set.spec)
  const wanted = numberOf(spec.replicas, 1)
  const parallel = spec.podManagementPolicy === 'Parallel'
  const byOrdinal = new Map(pods.map((pod) => [ordinalOf(set, pod), pod]))
  for (let ordinal = 0; ordinal < wanted; ordinal++) {
    const pod = byOrdinal.get(ordinal)
    if (!pod) create(podFor(set, ordinal))
    else if (isDone(pod) && !isEnding(pod)) remove(pod)
    if (!parallel && (!pod || !isReady(pod) || isEnding(pod))) return
  }
  const surplus = pods
    .filter((pod) => ordinalOf(set, pod) >= wanted)
    .sort((a, b) => ordinalOf(set, b) - ordinalOf(set, a))
  if (surplus.length > 0) {
    if (!parallel && surplus.some(isEnding)) return
    for (const pod of parallel ? surplus : surplus.slice(0, 1)) if (!isEnding(pod)) remove(pod)
    return
  }
  if (objectOf(spec.updateStrategy).type !== 'RollingUpdate' || pods.some(isEnding)) return
  const partition = numberOf(objectOf(objectOf(spec.updateStrategy).rollingUpdate).partition)
  const outdated = pods
    .filter((pod) => ordinalOf(set, pod) >= partition && pod.metadata.labels?.[revisionLabel] !== revisionOf(set))
    .sort((a, b) => ordinalOf(set, b) - ordinalOf(set, a))
  const [next] = outdated
  if (next) remove(next)
}

function podFor(set: KubeObject, ordinal: number): KubeObject {
  const spec = objectOf(set.spec)
  const template = objectOf(spec.template)
  const name = `${set.metadata.name}-${ordinal}`
  const labels = {
    ...objectOf(objectOf(template.metadata).labels),
    'apps.kubernetes.io/pod-index': String(ordinal),
    'statefulset.kubernetes.io/pod-name': name,
    [revisionLabel]: revisionOf(set),
  }
  return podOf(set, template, { name, labels }, { hostname: name, subdomain: textOf(spec.serviceName) })
}

function statusOf(set: KubeObject, pods: readonly KubeObject[], available: number): JsonObject {
  const revision = revisionOf(set)
  const updated = pods.filter((pod) => pod.metadata.labels?.[revisionLabel] === revision).length
  const ready = pods.filter(isReady).length
  const wanted = numberOf(objectOf(set.spec).replicas, 1)
  const done = updated === wanted && pods.length === wanted && ready === wanted
  const before = textOf(objectOf(set.status).currentRevision)
  const current = done || before === '' ? revision : before
  return {
    observedGeneration: numberOf(set.metadata.generation),
    replicas: pods.length,
    ...(ready > 0 && { readyReplicas: ready }),
    ...(current === revision ? { currentReplicas: updated } : { currentReplicas: pods.length - updated }),
    updatedReplicas: updated,
    currentRevision: current,
    updateRevision: revision,
    collisionCount: 0,
    availableReplicas: available,
  }
}
