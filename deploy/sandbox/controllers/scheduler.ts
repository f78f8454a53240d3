import type { KubeObject } from '../../../repo-layout/json.ts'
import { timeText } from '../backend.ts'
import { objectOf, textOf } from '../defaults/fill.ts'
import { chooseNode } from './choose-node.ts'
import { type Changed, type Controller, keyOf, parseKey, type Tools } from './controller.ts'
import { isDone, withCondition } from './pods.ts'

const manager = 'kube-scheduler'

/** Gives each pod a node that it fits on, or says why none takes it. */
export const scheduler: Controller = {
  name: 'scheduler',
  watches: {
    // Room that comes free may be what others wait for.
    pods: ({ object, gone }, tools) =>
      gone || isDone(object) ? waiting(tools) : isWaiting(object) ? [keyOf(object)] : [],
    nodes: (_changed: Changed, tools) => waiting(tools),
  },
  sync(key, { client, clock }) {
    const { namespace, name } = parseKey(key)
    const pod = client.get('pods', namespace, name)
    if (!pod || !isWaiting(pod)) return
    const found = chooseNode(pod, client.list('nodes'), client.list('pods'))
    const status = objectOf(pod.status)
    const time = timeText(clock.now())
    if ('node' in found) {
      const bound = client.update(manager, pod, (live) => bind(live, found.node), 'binding')
      const scheduled = { type: 'PodScheduled', status: 'True' }
      if (bound)
        client.setStatus(manager, bound, { ...status, conditions: withCondition(status.conditions, scheduled, time) })
      return
    }
    const refused = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: found.problem }
    client.setStatus(manager, pod, { ...status, conditions: withCondition(status.conditions, refused, time) })
  },
}

function isWaiting(pod: KubeObject): boolean {
  return textOf(objectOf(pod.spec).nodeName) === '' && pod.metadata.deletionTimestamp === undefined && !isDone(pod)
}

function waiting({ client }: Tools): readonly string[] {
  return client.list('pods').filter(isWaiting).map(keyOf)
}

function bind(pod: KubeObject, nodeName: string): KubeObject {
  return { ...pod, spec: { ...objectOf(pod.spec), nodeName } } as KubeObject
}
