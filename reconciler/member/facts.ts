import { getIn, isJsonObject, type JsonObject, type KubeObject } from '../../repo-layout/json.ts'
import { extras } from './drift.ts'
import { covers, ourEntry } from './fields.ts'
import { fingerprint } from './fingerprint.ts'
import { condition, healthOf } from './health.ts'
import { isAutoscaled } from './ignore.ts'
import { metadataText } from './manifest.ts'
import type { Health } from './types.ts'

/** Counts of a workload as its own status gives them. */
export interface WorkloadFacts {
  readonly replicas: number
  readonly readyReplicas: number
  readonly availableReplicas: number | undefined
  /** Whether these counts are of the object as it is: its controller has seen the last change of its spec. */
  readonly isObserved: boolean
  /** Why it cannot create pods; empty where it can, as far as it says. */
  readonly failure: string
  /** `spec.selector.matchLabels`; undefined where the object has none, so that its pods cannot be found. */
  readonly matchLabels: { readonly [key: string]: string } | undefined
}

/** All that is kept of a live object: enough to see drift and health, without the object. */
export interface LiveFacts {
  readonly uid: string
  readonly resourceVersion: string
  /** The fingerprint of what we own, and whether an autoscaler holds the replicas. */
  readonly fingerprint: string
  readonly health: Health
  readonly message: string
  readonly autoscaled: boolean
  /** Whether our entry holds `spec.replicas`: leaving it out of an apply would then reset it. */
  readonly ownsReplicas: boolean
  readonly extras: readonly string[]
  readonly workload: WorkloadFacts | undefined
}

const noExtras: readonly string[] = []

/** Sums up a live object. `wanted` is the manifest it should follow, `secretKey` that of the fingerprints of Secrets. */
export function factsOf(live: KubeObject, wanted: JsonObject, secretKey: string): LiveFacts {
  const { health, message } = healthOf(live)
  const found = extras(live)
  const autoscaled = isAutoscaled(live)
  // An autoscaler that lets go of the replicas takes nothing of ours, and yet there is something to do then.
  const owned = (fingerprint(live, wanted, secretKey) ?? '') + (autoscaled ? ' autoscaled' : '')
  return {
    uid: metadataText(live, 'uid'),
    resourceVersion: metadataText(live, 'resourceVersion'),
    fingerprint: owned,
    health,
    message,
    autoscaled,
    ownsReplicas: covers(ourEntry(live)?.fields ?? {}, ['f:spec', 'f:replicas']),
    extras: found.length === 0 ? noExtras : found,
    workload: workloadOf(live),
  }
}

function workloadOf(live: JsonObject): WorkloadFacts | undefined {
  const replicas = getIn(live, ['spec', 'replicas'])
  if (typeof replicas !== 'number') return undefined
  const count = (name: string): number | undefined => {
    const value = getIn(live, ['status', name])
    return typeof value === 'number' ? value : undefined
  }
  const labels = getIn(live, ['spec', 'selector', 'matchLabels'])
  const [observed, generation] = [
    getIn(live, ['status', 'observedGeneration']),
    getIn(live, ['metadata', 'generation']),
  ]
  const failure = condition(isJsonObject(live.status) ? live.status : {}, 'ReplicaFailure')
  return {
    replicas,
    readyReplicas: count('readyReplicas') ?? 0,
    availableReplicas: count('availableReplicas'),
    isObserved: typeof observed === 'number' && typeof generation === 'number' && observed >= generation,
    failure: failure?.status === 'True' && typeof failure.message === 'string' ? failure.message : '',
    matchLabels: isJsonObject(labels) ? (labels as { readonly [key: string]: string }) : undefined,
  }
}

/**
 * Whether resourceVersion `a` is of an earlier state than `b` of the same kind. They are numbers in every Kubernetes so far;
 * where one is not, nothing is earlier.
 */
export function isEarlier(a: string, b: string): boolean {
  return /^\d+$/.test(a) && /^\d+$/.test(b) && (a.length === b.length ? a < b : a.length < b.length)
}
