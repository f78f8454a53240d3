import type { MemberCluster } from '../../repo-layout/cluster.ts'
import { errorAt, messageAt } from '../../repo-layout/document.ts'
import { formatGenerated } from '../../repo-layout/generated/file.ts'
import { clusterFolder, objectPathInCluster } from '../../repo-layout/generated/path.ts'
import {
  getIn,
  isJsonArray,
  isJsonObject,
  type Json,
  type JsonObject,
  type JsonPath,
  type KubeObject,
} from '../../repo-layout/json.ts'
import { hasErrors, type Message } from '../../repo-layout/message.ts'
import type { Valid } from '../../repo-layout/read/assemble.ts'
import type { FederatedDocument } from '../../repo-layout/read/interpret.ts'
import type { ObjectFiles, PlacedFile } from '../files.ts'
import { buildObject, finishObject } from './object.ts'
import { type Override, readOverrides, withReplicas } from './overrides.ts'
import type { Target } from './target.ts'

/** A workload in all its clusters. */
export interface RenderedWorkload {
  /** Undefined for cluster-scoped objects. */
  readonly namespace: string | undefined
  /** Its copies; more than one object only where an override changes the API group. */
  readonly objects: readonly ObjectFiles[]
  /** The clusters that have a copy. */
  readonly written: readonly string[]
  /** The clusters where the copy of the previous tree stays. */
  readonly held: readonly string[]
  /** Where those copies lie, but for the API group. */
  readonly heldPath: string
  readonly messages: readonly Message[]
}

/** What the copies of a workload depend on, beside its own document and target. */
export interface WorkloadContext {
  readonly fleetName: string
  readonly allowPlaintext: boolean
  /** Names of the inventory, also of clusters that are held. */
  readonly known: ReadonlySet<string>
  /** The clusters that get the object. */
  readonly clusters: readonly MemberCluster[]
  /** Planned replicas by cluster, where a preference drives the workload; copies of other clusters stay. */
  readonly replicas: ReadonlyMap<string, number> | undefined
}

/**
 * Makes the copy of a federated workload for each of its clusters. Clusters whose copies come out equal share one
 * file. An override in error holds the copies that it concerns and no others.
 */
export function renderWorkload(
  valid: Valid<FederatedDocument>,
  target: Target,
  context: WorkloadContext,
): RenderedWorkload {
  const { document, value } = valid
  const overrides = readOverrides(document, target.subject, context.known)
  const built = buildObject(valid, target)
  const messages: Message[] = [...overrides.messages, ...built.messages, ...secretMessages(valid, target, context)]
  const { namespace } = target
  const heldPath = objectPathInCluster(built.object as KubeObject)
  if (overrides.broken || hasErrors(built.messages) || (!context.allowPlaintext && plainSecretAt(valid, target))) {
    return { namespace, objects: [], written: [], held: context.clusters.map(({ name }) => name), heldPath, messages }
  }

  const shared = new Map<string, ReturnType<typeof finish>>()
  function finish(list: readonly Override[]) {
    const finished = finishObject(built.object, {
      overrides: list,
      fleetName: context.fleetName,
      retained: value.spec?.ignoreDifferences ?? [],
      retainReplicas: value.spec?.retainReplicas === true && !isServiceLike(target),
    })
    if (finished.type === 'failed') return finished
    return {
      ...finished,
      path: objectPathInCluster(finished.object),
      file: { ...formatGenerated(document.path, finished.object), object: finished.object },
    }
  }

  const failures = new Map<string, { readonly message: Message; readonly clusters: string[] }>()
  const held: string[] = []
  const written: string[] = []
  const objects = new Map<string, Map<string, PlacedFile>>()
  for (const cluster of context.clusters) {
    const { name } = cluster
    const isUnplanned = context.replicas !== undefined && !context.replicas.has(name)
    if (isUnplanned || overrides.failed(cluster)) {
      held.push(name)
      continue
    }
    const own = overrides.forCluster(cluster)
    const list = context.replicas ? withReplicas(own, context.replicas.get(name)) : own
    const key = JSON.stringify(list)
    const finished = shared.get(key) ?? finish(list)
    shared.set(key, finished)
    if (finished.type === 'object') {
      const byCluster = objects.get(finished.path) ?? new Map<string, PlacedFile>()
      objects.set(finished.path, byCluster.set(name, [clusterFolder(name) + finished.path, finished.file]))
      written.push(name)
      continue
    }
    held.push(name)
    const isPlanned = finished.at !== undefined && finished.at.at.length === 0
    const inTemplate = ['spec', 'template', isPlanned ? 'spec' : 'metadata']
    const at = finished.at?.at.length ? [...finished.at.at, 'path'] : inTemplate
    const place = document.locate(at)
    const placeKey = `${place.line}:${place.column}:${finished.text}`
    const failure = failures.get(placeKey) ?? {
      clusters: [],
      message: errorAt(document, at, 'override-failed', finished.text),
    }
    failure.clusters.push(name)
    failures.set(placeKey, failure)
  }
  for (const { message, clusters } of failures.values()) {
    const subject = `${target.subject} in ${clusters.slice(0, 3).join(', ')}${clusters.length > 3 ? ` and ${clusters.length - 3} more` : ''}`
    messages.push({ ...message, text: `${subject}: ${message.text}` })
  }
  return {
    namespace,
    objects: [...objects].map(([pathInCluster, byCluster]) => ({ pathInCluster, byCluster })),
    written,
    held,
    heldPath,
    messages,
  }
}

/** kubefed retains other fields of these two and returns before it looks at replicas (`kubefed v0.10 retain.go`). */
function isServiceLike({ kind }: Target): boolean {
  return kind === 'Service' || kind === 'ServiceAccount'
}

/** Where a Secret's content stands in clear: in the template, else in the first override that writes some. */
function plainSecretAt({ document, value }: Valid<FederatedDocument>, { subject }: Target): JsonPath | undefined {
  if (!subject.startsWith('Secret/')) return undefined
  const template = (value.spec?.template ?? {}) as JsonObject
  const isFilled = (data: Json | undefined) => isJsonObject(data) && Object.keys(data).length > 0
  if (isFilled(template.data) || isFilled(template.stringData)) return ['spec', 'template']
  for (const [i] of (value.spec?.overrides ?? []).entries()) {
    const at = ['spec', 'overrides', i, 'clusterOverrides']
    const list = getIn(document.value, at)
    const found = isJsonArray(list) ? list.findIndex(writesSecret) : -1
    if (found >= 0) return [...at, found]
  }
  return undefined
}

function writesSecret(override: Json): boolean {
  if (!isJsonObject(override) || typeof override.path !== 'string' || override.op === 'remove') return false
  return /^\/?(data|stringData)\b/.test(override.path)
}

function secretMessages(valid: Valid<FederatedDocument>, target: Target, context: WorkloadContext): Message[] {
  const at = plainSecretAt(valid, target)
  if (!at) return []
  return [
    messageAt(valid.document, at, {
      severity: context.allowPlaintext ? 'warning' : 'error',
      code: 'secret-plaintext',
      text: 'this Secret stands in clear in Git; everyone who can read the repository can read it',
    }),
  ]
}
