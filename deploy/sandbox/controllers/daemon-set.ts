import type { JsonObject, KubeObject } from '../../../repo-layout/json.ts'
import { listOf, numberOf, objectOf, textOf } from '../defaults/fill.ts'
import { chooseNode } from './choose-node.ts'
import { type Controller, itself, keyOf, parseKey } from './controller.ts'
import { controllerKey, isEnding, ownedBy } from './owners.ts'
import { isDone, isReady, podOf, templateHash } from './pods.ts'

const manager = 'kube-controller-manager'
const storage = 'daemonsets.apps'
const hashLabel = 'controller-revision-hash'

/** Keeps one pod of a DaemonSet on each node that takes it. */
export const daemonSetController: Controller = {
  name: 'daemonset',
  watches: {
    [storage]: itself,
    pods: controllerKey('DaemonSet'),
    nodes: (_changed, { client }) => client.list(storage).map(keyOf),
  },
  sync(key, { client }) {
    const { namespace, name } = parseKey(key)
    const set = client.get(storage, namespace, name)
    if (!set) return
    const hash = templateHash(objectOf(objectOf(set.spec).template))
    const podsNow = () => ownedBy(set, client.list('pods', namespace))
    // Daemon pods tolerate what keeps others away, and their own requests are no reason to leave a node out.
    const nodes = client
      .list('nodes')
      .filter((node) => 'node' in chooseNode(podFor(set, node.metadata.name, hash, {}), [node], []))
    if (!isEnding(set)) {
      const held = new Map(podsNow().map((pod) => [nodeOf(pod), pod]))
      for (const node of nodes) {
        if (!held.has(node.metadata.name)) client.create(manager, podFor(set, node.metadata.name, hash))
      }
      const wanted = new Set(nodes.map((node) => node.metadata.name))
      for (const pod of held.values()) {
        if (!isEnding(pod) && (isDone(pod) || !wanted.has(nodeOf(pod)))) client.remove(pod)
      }
      if (objectOf(objectOf(set.spec).updateStrategy).type !== 'OnDelete' && !podsNow().some(isEnding)) {
        const outdated = podsNow().find((pod) => pod.metadata.labels?.[hashLabel] !== hash)
        if (outdated && podsNow().every((pod) => isReady(pod) || pod === outdated)) client.remove(outdated)
      }
    }
    client.setStatus(manager, set, statusOf(set, podsNow(), nodes.length, hash))
  },
}

function nodeOf(pod: KubeObject): string {
  return textOf(objectOf(pod.spec).nodeName)
}

const always = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable', 'node.kubernetes.io/unschedulable']

function podFor(set: KubeObject, node: string, hash: string, placed: JsonObject = { nodeName: node }): KubeObject {
  const template = objectOf(objectOf(set.spec).template)
  const labels = { ...objectOf(objectOf(template.metadata).labels), [hashLabel]: hash }
  const tolerations = [
    ...listOf(objectOf(template.spec).tolerations),
    ...always.map((key) => ({
      key,
      operator: 'Exists',
      effect: key.endsWith('unschedulable') ? 'NoSchedule' : 'NoExecute',
    })),
  ]
  return podOf(set, template, { generateName: `${set.metadata.name}-`, labels }, { ...placed, tolerations })
}

function statusOf(set: KubeObject, all: readonly KubeObject[], wanted: number, hash: string): JsonObject {
  const pods = all.filter((pod) => !isEnding(pod))
  const ready = pods.filter(isReady).length
  const updated = pods.filter((pod) => pod.metadata.labels?.[hashLabel] === hash).length
  return {
    currentNumberScheduled: pods.length,
    numberMisscheduled: 0,
    desiredNumberScheduled: wanted,
    numberReady: ready,
    observedGeneration: numberOf(set.metadata.generation),
    ...(updated > 0 && { updatedNumberScheduled: updated }),
    ...(ready > 0 && { numberAvailable: ready }),
    ...(wanted > ready && { numberUnavailable: wanted - ready }),
  }
}
