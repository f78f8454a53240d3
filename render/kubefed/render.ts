import type { MemberCluster } from '../../repo-layout/cluster.ts'
import { errorAt, warningAt } from '../../repo-layout/document.ts'
import { groupBy } from '../../repo-layout/group.ts'
import type { Message } from '../../repo-layout/message.ts'
import type { FleetSource, Valid } from '../../repo-layout/read/assemble.ts'
import type { FederatedDocument } from '../../repo-layout/read/interpret.ts'
import type { PreferenceDocument } from '../../repo-layout/schema/kubefed.ts'
import type { RenderInput } from '../input.ts'
import type { Memo } from '../memo.ts'
import type { ObjectName, PreviousIndex } from '../previous.ts'
import type { ReplicaDecision } from './decision.ts'
import { readReplicaDecisions } from './decisions.ts'
import { isFederatedNamespace, type Namespaces, readNamespaces } from './namespaces.ts'
import { isBroken, type Placement, readPlacement } from './placement.ts'
import { decideReplicas, duplicatePreferences, type PreferenceOutcome, preferenceKey } from './preference.ts'
import { readTypes, resolveTarget, type Target, type TypeTable } from './target.ts'
import { type ClusterCopy, renderWorkload } from './workload.ts'

/** Everything that kubefed's kinds make of a fleet. */
export interface KubefedOutput {
  readonly copies: readonly ClusterCopy[]
  readonly decisions: readonly ReplicaDecision[]
  /** Objects that stay as the previous tree has them, wherever they are. */
  readonly heldObjects: readonly ObjectName[]
  /** Namespaces in which everything stays. */
  readonly heldNamespaces: ReadonlySet<string>
  readonly messages: readonly Message[]
}

interface Context {
  readonly input: RenderInput
  readonly source: FleetSource
  readonly previous: PreviousIndex
  readonly heldClusters: ReadonlySet<string>
  readonly memo: Memo
  readonly inventory: readonly MemberCluster[]
  readonly known: ReadonlySet<string>
  readonly namespaces: Namespaces
  readonly types: TypeTable
  readonly preferences: ReadonlyMap<string, readonly Valid<PreferenceDocument>[]>
  readonly heldPreferences: ReadonlySet<string>
  readonly inForce: ReadonlyMap<string, ReplicaDecision>
}

interface Targeted {
  readonly valid: Valid<FederatedDocument>
  readonly target: Target
}

/**
 * Renders all federated workloads, namespaces and preferences of a fleet. `heldClusters` are those whose inventory
 * document cannot be read: known, but not to be decided about.
 */
export function renderKubefed(
  input: RenderInput,
  previous: PreviousIndex,
  heldClusters: ReadonlySet<string>,
  memo: Memo,
): KubefedOutput {
  const { source } = input
  const inventory = memo.list('inventory', source.clusters)
  const names = memo.list('known', [...source.clusters.map(({ name }) => name), ...heldClusters])
  const known = memo.of(names, [], () => new Set(names))
  const namespaces = readNamespaces(source, inventory, known)
  const types = readTypes(source.typeConfigs, source.federated)
  const twins = duplicatePreferences(source.preferences)
  const decisions = readReplicaDecisions(previous, source.holds)
  const context: Context = {
    input,
    source,
    previous,
    heldClusters,
    memo,
    inventory,
    known,
    namespaces,
    types,
    preferences: groupBy(source.preferences, preferenceKey),
    heldPreferences: new Set([...twins.keys, ...source.holds.preferences, ...decisions.heldKeys]),
    inForce: decisions.bySubject,
  }
  const messages: Message[] = [...namespaces.messages, ...twins.messages, ...decisions.messages]
  const heldObjects: ObjectName[] = [...source.holds.objects]
  const copies: ClusterCopy[] = []
  const made: ReplicaDecision[] = []

  const workloads = source.federated.filter((valid) => !isFederatedNamespace(valid))
  const resolved = [...namespaces.rendered, ...workloads].map((valid) => ({ valid, ...resolveTarget(valid, types) }))
  for (const { valid, target, messages: own } of resolved) {
    messages.push(...own)
    if (!target) heldObjects.push(nameOf(valid))
  }
  const targeted = resolved.flatMap(({ valid, target }) => (target ? [{ valid, target }] : []))
  for (const group of groupBy(targeted, ({ target }) => target.subject).values()) {
    const [first] = group
    if (!first) continue
    if (group.length > 1) {
      messages.push(...group.map((one) => duplicateOf(one, group)))
      heldObjects.push(first.target)
      continue
    }
    const rendered = renderOne(context, first)
    messages.push(...rendered.messages)
    if (rendered.decision) made.push(rendered.decision)
    if (rendered.type === 'held') heldObjects.push(first.target)
    else copies.push(...rendered.copies)
  }
  messages.push(...missingTargets(context, targeted))
  return { copies, decisions: made, heldObjects, heldNamespaces: namespaces.held, messages }
}

type Rendered = { readonly messages: readonly Message[]; readonly decision?: ReplicaDecision | undefined } & (
  | { readonly type: 'held' }
  | { readonly type: 'copies'; readonly copies: readonly ClusterCopy[] }
)

function renderOne(context: Context, { valid, target }: Targeted): Rendered {
  const { document } = valid
  const { memo, inventory, known, namespaces, source } = context
  const isNamespace = isFederatedNamespace(valid)
  const limit = target.namespace === undefined ? undefined : namespaces.limitOf(target.namespace)
  if (target.disabled) {
    const text = `propagation of ${valid.value.kind} is disabled; copies stay as they are`
    return { type: 'held', messages: [warningAt(document, ['kind'], 'type-disabled', text)] }
  }
  if (limit?.type === 'held' || (source.holds.unknownTypes && !isNamespace)) return { type: 'held', messages: [] }
  if (limit?.type === 'missing') {
    const text = `the namespace "${target.namespace}" has no FederatedNamespace, which this Fleet requires`
    return { type: 'held', messages: [errorAt(document, ['metadata'], 'namespace-not-federated', text)] }
  }

  const own = memo.of(document, [inventory, known], () => readPlacement(valid, inventory, known))
  const preference = isNamespace ? undefined : decide(context, { valid, target })
  if (preference?.type === 'error')
    return { type: 'held', messages: [...placementMessages(own, isNamespace), ...preference.messages] }
  if (isBroken(own))
    return { type: 'held', messages: placementMessages(own, isNamespace), decision: decisionOf(preference) }

  const decision = decisionOf(preference)
  const placed = decision ? new Set(inventory.map(({ name }) => name)) : (own.clusters ?? new Set<string>())
  const allowed = limit?.type === 'some' ? limit.clusters : undefined
  const clusters = memo.list(
    `clusters of ${target.subject}`,
    inventory.filter(({ name }) => placed.has(name) && (allowed?.has(name) ?? true)),
  )
  const kept = decision ? clusters.filter(({ name }) => !decision.replicas.has(name)).map(({ name }) => name) : []
  const { fleet } = source
  const rendered = memo.of(
    valid.value,
    [
      clusters,
      known,
      target.apiVersion,
      fleet.metadata.name,
      fleet.spec.secrets.allowPlaintext,
      decision ? JSON.stringify([...decision.replicas]) : '',
      kept.join('/'),
      document.path,
    ],
    () =>
      renderWorkload(valid, target, {
        fleetName: fleet.metadata.name,
        allowPlaintext: fleet.spec.secrets.allowPlaintext,
        known,
        clusters,
        replicas: decision?.replicas,
        kept: new Set(kept),
      }),
  )
  const lost = decision && preference ? lostReplicas(context, { valid, target }, decision, allowed) : []
  const messages = [
    ...placementMessages(own, isNamespace, decision),
    ...(preference?.messages ?? []),
    ...lost,
    ...rendered.messages,
  ]
  return { type: 'copies', copies: rendered.copies, messages, decision }
}

/** A preference places its target itself, so that a target without a placement is no mistake. */
function placementMessages(own: Placement, isNamespace: boolean, decision?: ReplicaDecision): readonly Message[] {
  if (isNamespace) return []
  return decision ? own.messages.filter(({ code }) => code !== 'nothing-placed') : own.messages
}

function decisionOf(outcome: PreferenceOutcome | undefined): ReplicaDecision | undefined {
  return outcome?.type === 'decided' ? outcome.decision : undefined
}

function decide(context: Context, { valid, target }: Targeted): PreferenceOutcome | undefined {
  const key = `${target.namespace ?? 'default'}/${target.name}`
  const inForce = context.inForce.get(target.subject)
  if (context.heldPreferences.has(key)) {
    return inForce ? { type: 'decided', decision: inForce, messages: [] } : { type: 'error', messages: [] }
  }
  const preference = context.preferences.get(key)?.find((one) => isTarget(one, valid, target))
  if (!preference) return undefined
  const { source, input, previous, namespaces } = context
  return decideReplicas(preference, target, {
    inventory: context.inventory,
    inventoryHeld: context.heldClusters.size > 0,
    observations: input.observations,
    inForce,
    digestOf: previous.digestOf,
    failover: source.fleet.spec.failover.default,
    selected() {
      const own = readPlacement(valid, context.inventory, context.known, true).clusters
      const limit = namespaces.limitOf(target.namespace ?? '')
      if (limit.type !== 'some') return own
      return own && limit.selected && new Set([...own].filter((name) => limit.selected?.has(name)))
    },
  })
}

function isTarget({ value }: Valid<PreferenceDocument>, valid: Valid<FederatedDocument>, target: Target): boolean {
  return value.spec.targetKind === valid.value.kind || value.spec.targetKind === target.kind
}

/** kubefed plans over all clusters, then cuts by the FederatedNamespace: what it planned there is lost. */
function lostReplicas(
  context: Context,
  { valid, target }: Targeted,
  decision: ReplicaDecision,
  allowed: ReadonlySet<string> | undefined,
): Message[] {
  if (!allowed) return []
  const outside = [...decision.replicas].filter(([cluster, count]) => count > 0 && !allowed.has(cluster))
  if (outside.length === 0) return []
  const preference = context.preferences
    .get(`${target.namespace ?? 'default'}/${target.name}`)
    ?.find((one) => isTarget(one, valid, target))
  if (!preference) return []
  const count = outside.reduce((sum, [, replicas]) => sum + replicas, 0)
  const text = `${count} of ${decision.totalReplicas} replicas are planned for ${outside.map(([name]) => name).join(', ')}, where the FederatedNamespace "${target.namespace}" does not go; set intersectWithClusterSelector: true`
  return [warningAt(preference.document, ['spec'], 'preference-lost', text)]
}

function missingTargets(context: Context, targeted: readonly Targeted[]): Message[] {
  const byKey = groupBy(targeted, ({ target }) => `${target.namespace ?? 'default'}/${target.name}`)
  return context.source.preferences.flatMap((preference) => {
    const { document, value } = preference
    const key = preferenceKey(preference)
    const here = byKey.get(key) ?? []
    if (here.some(({ valid, target }) => isTarget(preference, valid, target))) return []
    const sameName = targeted.find(
      (one) => one.target.name === value.metadata.name && isTarget(preference, one.valid, one.target),
    )
    const hint = here[0]
      ? `; there is a ${here[0].valid.value.kind} of that name: write targetKind: ${here[0].valid.value.kind}`
      : sameName
        ? `; one of that name exists in ${sameName.target.namespace ?? 'no namespace'}`
        : ''
    const text = `no ${value.spec.targetKind} ${key} is in this fleet${hint}`
    return [warningAt(document, ['metadata'], 'preference-target', text)]
  })
}

function duplicateOf({ valid, target }: Targeted, group: readonly Targeted[]): Message {
  const twin = group.find((other) => other.valid.document !== valid.document)?.valid.document
  const at = twin?.locate(['metadata', 'name'])
  const text = `${target.subject} is described twice; the other is at ${twin?.path}:${at?.line}:${at?.column}`
  return errorAt(valid.document, ['metadata', 'name'], 'duplicate', text)
}

function nameOf({ value }: Valid<FederatedDocument>): ObjectName {
  const kind = value.kind.replace(/^Federated/, '')
  return { kind, namespace: value.metadata.namespace ?? 'default', name: value.metadata.name }
}
