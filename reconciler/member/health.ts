import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../../repo-layout/json.ts'
import type { Health } from './types.ts'

/** A verdict with the reason for it; empty where the object is as it should be. */
export interface Verdict {
  readonly health: Health
  readonly message: string
}

type Rule = (object: JsonObject, status: JsonObject, spec: JsonObject) => Verdict | undefined

const current: Verdict = { health: 'Current', message: '' }
const inProgress = (message: string): Verdict => ({ health: 'InProgress', message })
const failed = (message: string): Verdict => ({ health: 'Failed', message })

/** Rules of kinds that say in words of their own whether they are done, after kstatus of cli-utils. */
const rules: { readonly [kind: string]: Rule } = {
  'apps/Deployment': deployment,
  'apps/StatefulSet': statefulSet,
  'apps/DaemonSet': daemonSet,
  'apps/ReplicaSet': replicaSet,
  'batch/Job': job,
  '/Pod': pod,
  '/Service': service,
  '/PersistentVolumeClaim': (_object, status) =>
    status.phase === 'Bound' ? current : inProgress(`not bound, phase ${text(status.phase) || 'unknown'}`),
  'policy/PodDisruptionBudget': (_object, status) => {
    const [healthy, desired] = [number(status.currentHealthy), number(status.desiredHealthy)]
    return healthy < desired ? inProgress(`${healthy} of ${desired} pods healthy`) : current
  },
  'apiextensions.k8s.io/CustomResourceDefinition': definition,
  ...Object.fromEntries(
    ['GRPCRoute', 'HTTPRoute', 'TCPRoute', 'TLSRoute', 'UDPRoute'].map((kind) => [
      `gateway.networking.k8s.io/${kind}`,
      route,
    ]),
  ),
}

/**
 * The health of a live object in the terms of kstatus. Pure: the same object, the same verdict. Rules that hold for every kind
 * come first (deletion, an observedGeneration that lags, conditions Stalled and Reconciling), then the kind's own; an object that
 * reports nothing is Current as soon as it exists.
 */
export function healthOf(object: JsonObject): Verdict {
  const metadata = isJsonObject(object.metadata) ? object.metadata : {}
  if (typeof metadata.deletionTimestamp === 'string') return { health: 'Terminating', message: 'being deleted' }
  const status = isJsonObject(object.status) ? object.status : {}
  const spec = isJsonObject(object.spec) ? object.spec : {}
  const observed = status.observedGeneration
  if (typeof observed === 'number' && typeof metadata.generation === 'number' && observed < metadata.generation)
    return inProgress(`generation ${metadata.generation} not yet observed`)
  const stalled = condition(status, 'Stalled')
  if (stalled?.status === 'True') return failed(describe(stalled))
  const reconciling = condition(status, 'Reconciling')
  if (reconciling?.status === 'True') return inProgress(describe(reconciling))
  return rules[kindKey(object)]?.(object, status, spec) ?? generic(status)
}

function kindKey(object: JsonObject): string {
  const apiVersion = text(object.apiVersion)
  const slash = apiVersion.indexOf('/')
  return `${slash < 0 ? '' : apiVersion.slice(0, slash)}/${text(object.kind)}`
}

/** Ready=False is work under way; whether it will ever end, only Stalled or a kind's own rule can say. */
function generic(status: JsonObject): Verdict {
  const ready = condition(status, 'Ready')
  if (ready && ready.status !== 'True') return inProgress(describe(ready))
  return current
}

function deployment(_object: JsonObject, status: JsonObject, spec: JsonObject): Verdict {
  const progressing = condition(status, 'Progressing')
  if (progressing?.reason === 'ProgressDeadlineExceeded') return failed(describe(progressing))
  const wanted = number(spec.replicas, 1)
  if (number(status.updatedReplicas) < wanted)
    return inProgress(`${number(status.updatedReplicas)} of ${wanted} replicas updated`)
  if (number(status.replicas) > wanted)
    return inProgress(`${number(status.replicas) - wanted} old replicas still to end`)
  if (number(status.availableReplicas) < wanted)
    return inProgress(`${number(status.availableReplicas)} of ${wanted} replicas available`)
  if (number(status.readyReplicas) < wanted)
    return inProgress(`${number(status.readyReplicas)} of ${wanted} replicas ready`)
  const available = condition(status, 'Available')
  if (available && available.status !== 'True') return inProgress(describe(available))
  return current
}

function statefulSet(_object: JsonObject, status: JsonObject, spec: JsonObject): Verdict {
  const strategy = isJsonObject(spec.updateStrategy) ? spec.updateStrategy : {}
  // With OnDelete the controller waits for somebody to delete pods: there is nothing to wait for.
  if (strategy.type === 'OnDelete') return current
  const wanted = number(spec.replicas, 1)
  if (number(status.readyReplicas) < wanted)
    return inProgress(`${number(status.readyReplicas)} of ${wanted} replicas ready`)
  if (number(status.replicas) > wanted) return inProgress(`${number(status.replicas) - wanted} replicas still to end`)
  const rolling = isJsonObject(strategy.rollingUpdate) ? strategy.rollingUpdate : {}
  const partition = number(rolling.partition)
  if (partition > 0) {
    const updated = wanted - partition
    return number(status.updatedReplicas) < updated
      ? inProgress(`${number(status.updatedReplicas)} of ${updated} replicas updated`)
      : current
  }
  if (number(status.currentReplicas) < wanted)
    return inProgress(`${number(status.currentReplicas)} of ${wanted} replicas current`)
  if (text(status.updateRevision) !== text(status.currentRevision)) return inProgress('a new revision rolls out')
  return current
}

function daemonSet(_object: JsonObject, status: JsonObject): Verdict {
  if (typeof status.observedGeneration !== 'number') return inProgress('not yet observed')
  const wanted = number(status.desiredNumberScheduled)
  const counts = [
    ['currentNumberScheduled', 'scheduled'],
    ['updatedNumberScheduled', 'updated'],
    ['numberAvailable', 'available'],
    ['numberReady', 'ready'],
  ] as const
  for (const [field, word] of counts)
    if (number(status[field]) < wanted) return inProgress(`${number(status[field])} of ${wanted} pods ${word}`)
  return current
}

function replicaSet(_object: JsonObject, status: JsonObject, spec: JsonObject): Verdict {
  const failure = condition(status, 'ReplicaFailure')
  if (failure?.status === 'True') return inProgress(describe(failure))
  const wanted = number(spec.replicas, 1)
  for (const field of ['fullyLabeledReplicas', 'availableReplicas', 'readyReplicas'])
    if (number(status[field]) < wanted) return inProgress(`${number(status[field])} of ${wanted} replicas ready`)
  const surplus = number(status.replicas) - wanted
  return surplus > 0 ? inProgress(`${surplus} replicas still to end`) : current
}

function job(_object: JsonObject, status: JsonObject, spec: JsonObject): Verdict {
  const failure = condition(status, 'Failed')
  if (failure?.status === 'True') return failed(describe(failure))
  if (condition(status, 'Complete')?.status === 'True') return current
  if (spec.suspend === true) return current
  // kstatus: a Job that has started is where it should be; how long it runs is its own affair.
  return status.startTime === undefined ? inProgress('not started') : current
}

function pod(_object: JsonObject, status: JsonObject): Verdict {
  const phase = text(status.phase)
  if (phase === 'Succeeded') return current
  if (phase === 'Failed') return failed(text(status.message) || text(status.reason) || 'pod failed')
  if (phase === 'Running' && condition(status, 'Ready')?.status === 'True') return current
  const crashing = containersOf(status).find((container) => waitingReason(container) === 'CrashLoopBackOff')
  if (crashing) return failed(`container ${text(crashing.name)} crashes again and again`)
  const scheduled = condition(status, 'PodScheduled')
  if (scheduled?.status === 'False') return inProgress(describe(scheduled))
  return inProgress(phase === '' ? 'not yet seen by a node' : `phase ${phase}, not ready`)
}

function containersOf(status: JsonObject): JsonObject[] {
  return ['containerStatuses', 'initContainerStatuses'].flatMap((key) => items(status[key]))
}

function waitingReason(container: JsonObject): string {
  const state = isJsonObject(container.state) ? container.state : {}
  return isJsonObject(state.waiting) ? text(state.waiting.reason) : ''
}

function service(_object: JsonObject, status: JsonObject, spec: JsonObject): Verdict {
  if (spec.type !== 'LoadBalancer') return current
  const balancer = isJsonObject(status.loadBalancer) ? status.loadBalancer : {}
  // An address is what tells that a balancer is there; the cluster IP alone does not.
  return items(balancer.ingress).length > 0 ? current : inProgress('the load balancer has no address yet')
}

function definition(_object: JsonObject, status: JsonObject): Verdict {
  const names = condition(status, 'NamesAccepted')
  if (names?.status === 'False') return failed(describe(names))
  return condition(status, 'Established')?.status === 'True' ? current : inProgress('not established')
}

/** Each gateway says for itself which generation it has seen, and whether it takes it. One that says nothing may not be there. */
function route(object: JsonObject, status: JsonObject, spec: JsonObject): Verdict | undefined {
  const generation = number(isJsonObject(object.metadata) ? object.metadata.generation : undefined)
  const wanted = items(spec.parentRefs)
  for (const { parentRef, controllerName, conditions } of items(status.parents)) {
    // What a gateway said that the route no longer names stays behind.
    if (!isJsonObject(parentRef) || !wanted.some((one) => isSameParent(one, parentRef))) continue
    const all = items(conditions)
    const seen = all.map(({ observedGeneration }) => observedGeneration).filter((one) => typeof one === 'number')
    if (seen.length > 0 && Math.max(...seen) < generation)
      return inProgress(`generation ${generation} not yet seen by ${text(controllerName)}`)
    const refused = all.find(
      ({ type, status: is }) => (type === 'Accepted' || type === 'ResolvedRefs') && is === 'False',
    )
    if (refused) return failed(`${text(parentRef.kind) || 'Gateway'} ${text(parentRef.name)}: ${describe(refused)}`)
  }
  return undefined
}

function isSameParent(a: JsonObject, b: JsonObject): boolean {
  return ['name', 'namespace', 'sectionName', 'port'].every(
    (key) => a[key] === b[key] || (key === 'namespace' && (a[key] === undefined || b[key] === undefined)),
  )
}

/** A condition of a status by its type. */
export function condition(status: JsonObject, type: string): JsonObject | undefined {
  return items(status.conditions).find((item) => item.type === type)
}

function items(value: Json | undefined): JsonObject[] {
  return isJsonArray(value) ? value.filter(isJsonObject) : []
}

function describe(item: JsonObject): string {
  return text(item.message) || text(item.reason) || `${text(item.type)} is ${text(item.status)}`
}

function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}

function number(value: Json | undefined, otherwise = 0): number {
  return typeof value === 'number' ? value : otherwise
}
