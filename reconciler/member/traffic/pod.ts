import { labels } from '../../../render/shipper/rollout.ts'
import { getIn, isJsonArray, isJsonObject, type JsonObject, type KubeObject } from '../../../repo-layout/json.ts'
import { condition } from '../health.ts'
import { metadataText } from '../manifest.ts'
import { whyNotReady } from './reason.ts'

/** What the label of a pod may say of its traffic. */
export type TrafficStatus = 'enabled' | 'disabled'

/** All that is kept of a pod. */
export interface Pod {
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly resourceVersion: string
  /** The application and the release that its labels name. */
  readonly app: string
  readonly release: string
  /** What its label says of traffic; undefined where it says nothing that has a meaning. */
  readonly status: TrafficStatus | undefined
  readonly isReady: boolean
  /** Being deleted, or come to its end: it serves no more and is somebody else's to replace. */
  readonly isEnding: boolean
  /** Why it is not ready; empty where it is. */
  readonly reason: string
  /** When it was created, as the server writes it. */
  readonly createdAt: string
  readonly owner: PodOwner | undefined
  /** What its annotation says of the cost of deleting it; undefined where it has none, null where it has no annotation at all. */
  readonly deletionCost: string | undefined | null
}

/** Which of its pods a ReplicaSet deletes first when it shrinks: those of the lowest cost. */
export const deletionCost = 'controller.kubernetes.io/pod-deletion-cost'

/** The controller that a pod names, with the hash of the template that a Deployment's pods carry. */
export interface PodOwner {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly uid: string
  readonly templateHash: string | undefined
}

/** Sums up a pod. */
export function podOf(object: KubeObject): Pod {
  const { labels: own = {}, name, namespace = '' } = object.metadata
  const status = isJsonObject(object.status) ? object.status : {}
  const isReady = condition(status, 'Ready')?.status === 'True'
  const isDone = status.phase === 'Succeeded' || status.phase === 'Failed'
  const told = own[labels.traffic]
  return {
    namespace,
    name,
    uid: metadataText(object, 'uid'),
    resourceVersion: metadataText(object, 'resourceVersion'),
    app: own[labels.app] ?? '',
    release: own[labels.release] ?? '',
    status: told === 'enabled' || told === 'disabled' ? told : undefined,
    isReady,
    isEnding: isDone || object.metadata.deletionTimestamp !== undefined,
    reason: isReady ? '' : whyNotReady(object),
    createdAt: metadataText(object, 'creationTimestamp'),
    owner: ownerOf(object, own['pod-template-hash']),
    deletionCost: object.metadata.annotations ? object.metadata.annotations[deletionCost] : null,
  }
}

function ownerOf(object: KubeObject, templateHash: string | undefined): PodOwner | undefined {
  const references = getIn(object, ['metadata', 'ownerReferences'])
  const list = isJsonArray(references) ? references.filter(isJsonObject) : []
  const owner = list.find(({ controller }) => controller === true)
  const text = (key: keyof JsonObject) => (typeof owner?.[key] === 'string' ? owner[key] : '')
  if (!owner) return undefined
  return { apiVersion: text('apiVersion'), kind: text('kind'), name: text('name'), uid: text('uid'), templateHash }
}
