import type { Json, JsonObject, KubeObject } from '../../../repo-layout/json.ts'
import { timeText } from '../backend.ts'
import { listOf, objectOf, textOf } from '../defaults/fill.ts'
import { type Controller, itself, keyOf, parseKey, type Tools } from './controller.ts'
import { isDone, withCondition } from './pods.ts'

const manager = 'kubelet'

/** A pod with this annotation runs but never gets ready: `sandbox.flotilla.dev/never-ready: "true"`. */
const neverReady = 'sandbox.flotilla.dev/never-ready'

/** Lets the pods of all nodes run, end and go, as slowly as the delays say. */
export const kubelet: Controller = {
  name: 'kubelet',
  watches: {
    pods(changed, tools) {
      if (changed.gone) forget(changed.object, tools)
      return itself(changed)
    },
    nodes: ({ object, gone }, { client }) =>
      gone
        ? client
            .list('pods')
            .filter((pod) => objectOf(pod.spec).nodeName === object.metadata.name)
            .map(keyOf)
        : [],
  },
  sync(key, tools) {
    const { client, clock, delays } = tools
    const { namespace, name } = parseKey(key)
    const pod = client.get('pods', namespace, name)
    const node = textOf(objectOf(pod?.spec).nodeName)
    if (!pod || node === '') return
    if (!client.get('nodes', '', node)) return client.remove(pod, { gracePeriodSeconds: 0 })
    if (pod.metadata.deletionTimestamp !== undefined) {
      const left = delays.podStop - (clock.now() - since(pod, tools, 'stop'))
      if (left > 0) return tools.again(key, left)
      return client.remove(pod, { gracePeriodSeconds: 0 })
    }
    if (isDone(pod)) return
    if (textOf(objectOf(pod.status).phase) === 'Pending') {
      const left = delays.podStart - (clock.now() - since(pod, tools, 'start'))
      return left > 0 ? tools.again(key, left) : client.setStatus(manager, pod, running(pod, tools))
    }
    if (objectOf(pod.spec).restartPolicy === 'Always') return
    const left = delays.jobRun - (clock.now() - since(pod, tools, 'run'))
    if (left > 0) tools.again(key, left)
    else client.setStatus(manager, pod, succeeded(pod, tools))
  },
}

const seen = new WeakMap<object, Map<string, Map<string, number>>>()

/** When a pod was first seen in a state; times in objects are too coarse for this. */
function since(pod: KubeObject, { client, clock }: Tools, state: string): number {
  const pods = seen.get(client) ?? new Map<string, Map<string, number>>()
  seen.set(client, pods)
  const uid = String(pod.metadata.uid)
  const times = pods.get(uid) ?? new Map<string, number>()
  pods.set(uid, times)
  const at = times.get(state) ?? clock.now()
  times.set(state, at)
  return at
}

function forget(pod: KubeObject, { client }: Tools): void {
  seen.get(client)?.delete(String(pod.metadata.uid))
}

function running(pod: KubeObject, { clock }: Tools): JsonObject {
  const time = timeText(clock.now())
  const broken = pod.metadata.annotations?.[neverReady] === 'true'
  const ready = broken ? 'False' : 'True'
  const status = objectOf(pod.status)
  const conditions = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady'].reduce<
    readonly JsonObject[]
  >((held, type) => {
    const serves = type === 'Ready' || type === 'ContainersReady'
    const why = serves && broken ? { reason: 'ContainersNotReady', message: 'the annotation says so' } : {}
    return withCondition(held, { type, status: serves ? ready : 'True', ...why }, time)
  }, listOf(status.conditions).map(objectOf))
  const ip = podIp(pod)
  return {
    ...status,
    phase: 'Running',
    conditions,
    hostIP: '127.0.0.1',
    hostIPs: [{ ip: '127.0.0.1' }],
    podIP: ip,
    podIPs: [{ ip }],
    startTime: time,
    containerStatuses: listOf(objectOf(pod.spec).containers).map((one) =>
      containerStatus(objectOf(one), !broken, time),
    ),
  }
}

/** An address made of the uid: stable, and unlikely to meet another one. */
function podIp(pod: KubeObject): string {
  const number = Number.parseInt(textOf(pod.metadata.uid).slice(0, 6), 16)
  return `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`
}

function containerStatus(container: JsonObject, ready: boolean, time: string): JsonObject {
  const image: Json = container.image ?? ''
  return {
    name: container.name ?? '',
    image,
    imageID: `sandbox://${textOf(image)}`,
    containerID: 'sandbox://1',
    ready,
    started: true,
    restartCount: 0,
    state: { running: { startedAt: time } },
  }
}

function succeeded(pod: KubeObject, { clock }: Tools): JsonObject {
  const time = timeText(clock.now())
  const status = objectOf(pod.status)
  const over = { status: 'False', reason: 'PodCompleted' }
  const conditions = ['Ready', 'ContainersReady'].reduce<readonly JsonObject[]>(
    (held, type) => withCondition(held, { type, ...over }, time),
    listOf(status.conditions).map(objectOf),
  )
  return {
    ...status,
    phase: 'Succeeded',
    conditions,
    containerStatuses: listOf(status.containerStatuses).map((one) => ({
      ...objectOf(one),
      ready: false,
      started: false,
      state: {
        terminated: {
          exitCode: 0,
          reason: 'Completed',
          startedAt: status.startTime ?? time,
          finishedAt: time,
          containerID: 'sandbox://1',
        },
      },
    })),
  }
}
