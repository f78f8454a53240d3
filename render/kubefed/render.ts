import { errorAt, placeOf, warningAt } from '../../repo-layout/document.ts'
import { groupBy } from '../../repo-layout/group.ts'
import { builtinKind } from '../../repo-layout/kinds/builtin.ts'
import type { Message } from '../../repo-layout/message.ts'
import type { FleetSource, Valid } from '../../repo-layout/read/assemble.ts'
import type { HeldDocument, HeldPreference } from '../../repo-layout/read/holds.ts'
import type { FederatedDocument } from '../../repo-layout/read/interpret.ts'
import { groupOf, type Subject } from '../../repo-layout/subject.ts'
import type { RenderInput } from '../input.ts'
import type { Memo } from '../memo.ts'
import type { ObjectName, PreviousIndex } from '../previous.ts'
import { mayBe, type Suspect, suspectedObjects } from '../suspects.ts'
import { type DecideContext, decide, lostReplicas, missingTargets, type Targeted } from './decide.ts'
import type { ReplicaDecision } from './decision.ts'
import { readReplicaDecisions } from './decisions.ts'
import { isFederatedNamespace, readNamespaces } from './namespaces.ts'
import { isBroken, type Placement, readPlacement } from './placement.ts'
import { duplicatePreferences, type PreferenceOutcome, preferenceKey, reachability } from './preference.ts'
import { readTypes, resolveTarget } from './target.ts'
import { type RenderedWorkload, renderWorkload } from './workload.ts'

/** Everything that kubefed's kinds make of a fleet. */
export interface KubefedOutput {
  readonly workloads: readonly RenderedWorkload[]
  readonly decisions: readonly ReplicaDecision[]
  /** Objects that stay as the previous tree has them, wherever they are. */
  readonly heldObjects: readonly ObjectName[]
  /** What documents in error may stand for. */
  readonly suspects: readonly Suspect[]
  /** Objects that a valid document stands for, and of these the ones that were rendered anew. */
  readonly targets: readonly ObjectName[]
  readonly rendered: readonly ObjectName[]
  /** Namespaces in which everything stays. */
  readonly heldNamespaces: ReadonlySet<string>
  /** Objects that are in no cluster although nobody wrote so (`RenderOutput.unplaced`). */
  readonly unplaced: ReadonlySet<Subject>
  readonly messages: readonly Message[]
}

interface Context extends DecideContext {
  readonly placementOf: (valid: Valid<FederatedDocument>) => Placement
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
  const crds = source.federated.filter(({ value }) => value.kind === 'FederatedCustomResourceDefinition')
  const typeSources = memo.list<object>('types', [...source.typeConfigs, ...crds])
  const types = memo.of(typeSources, [], () => readTypes(source.typeConfigs, crds))
  const placementOf = (valid: Valid<FederatedDocument>) =>
    memo.of(valid.document, [inventory, known], () => readPlacement(valid, inventory, known))
  const namespaces = readNamespaces(source, previous, placementOf, (valid) =>
    readPlacement(valid, inventory, known, true),
  )
  const twins = duplicatePreferences(source.preferences)
  const decisions = readReplicaDecisions(previous, source.holds, memo)
  const context: Context = {
    input,
    source,
    previous,
    heldClusters,
    memo,
    inventory,
    placementOf,
    ...reachability(input, inventory, memo),
    known,
    namespaces,
    types,
    preferences: groupBy(source.preferences, preferenceKey),
    heldPreferences: groupBy(
      [...twins.held, ...source.holds.preferences, ...misspeltPreferences(source)],
      ({ namespace, name }) => `${namespace}/${name}`,
    ),
    inForce: decisions,
  }
  const resolved = resolveAll(context)
  const { targeted } = resolved
  const messages = [
    ...types.messages,
    ...namespaces.messages,
    ...twins.messages,
    ...decisions.messages,
    ...resolved.messages,
  ]
  const heldObjects = [...resolved.heldObjects, ...heldDocuments(context, targeted)]
  const workloads: RenderedWorkload[] = []
  const made: ReplicaDecision[] = []
  const rendered: ObjectName[] = []
  const unplaced = new Set<Subject>()
  for (const group of groupBy(targeted, ({ target }) => target.identity).values()) {
    const [first] = group
    if (!first) continue
    const one = group.length > 1 ? heldTwins(group) : renderOne(context, first)
    messages.push(...one.messages)
    if (one.decision) made.push(one.decision)
    if (one.type === 'held') heldObjects.push(first.target)
    else {
      rendered.push(first.target)
      workloads.push(one.workload)
      if (isUnplaced(one)) unplaced.add(first.target.subject)
    }
  }
  messages.push(...missingTargets(context, targeted))
  return {
    workloads,
    decisions: made,
    heldObjects,
    suspects: [...resolved.suspects, ...suspectedObjects(source.holds.strangers)],
    targets: targeted.map(({ target }) => target),
    rendered,
    heldNamespaces: namespaces.held,
    unplaced,
    messages,
  }
}

/** Finds the object that each document stands for; where that cannot be told, what it may be. */
function resolveAll({ source, memo, namespaces, types }: Context) {
  const targeted: Targeted[] = []
  const suspects: Suspect[] = []
  const heldObjects: ObjectName[] = []
  const messages: Message[] = []
  const others = source.federated.filter((valid) => !isFederatedNamespace(valid))
  for (const valid of [...namespaces.rendered, ...others]) {
    const resolved = memo.of(valid, [types], () => resolveTarget(valid, types))
    messages.push(...resolved.messages)
    if (resolved.target) targeted.push({ valid, target: resolved.target })
    else {
      heldObjects.push(...types.objectsOf(identityOf(valid)))
      suspects.push(resolved.suspect)
    }
  }
  return { targeted, suspects, heldObjects, messages }
}

/** One object from several documents stays as it is: whichever counted, it would be by chance. */
function heldTwins(group: readonly Targeted[]): Rendered {
  return { type: 'held', messages: group.map((one) => duplicateOf(one, group)) }
}

/** Preferences whose kind or group is misspelt: whatever they are about stays. */
function misspeltPreferences({ holds }: FleetSource): readonly HeldPreference[] {
  return holds.strangers
    .filter((one) => mayBe(one, ['ReplicaSchedulingPreference']))
    .map(({ namespace = 'default', name }) => ({ namespace, name, targetKind: undefined }))
}

type Rendered = { readonly messages: readonly Message[]; readonly decision?: ReplicaDecision | undefined } & (
  | { readonly type: 'held' }
  | { readonly type: 'rendered'; readonly workload: RenderedWorkload }
)

/** Whether a workload goes nowhere by a slip rather than by an empty list, which says nothing. */
function isUnplaced({ workload, messages }: Extract<Rendered, { type: 'rendered' }>): boolean {
  if (workload.written.length > 0 || workload.held.length > 0) return false
  return messages.some(({ code }) => code === 'nothing-placed' || code === 'cluster-unknown')
}

function renderOne(context: Context, { valid, target }: Targeted): Rendered {
  const { document } = valid
  const { memo, inventory, known, namespaces, source } = context
  const isNamespace = isFederatedNamespace(valid)
  const limit = target.namespace === undefined ? undefined : namespaces.limitOf(target.namespace)
  if (target.disabled) {
    const text = `propagation of ${valid.value.kind} is disabled; copies stay as they are`
    return { type: 'held', messages: [warningAt(document, ['kind'], 'type-disabled', text)] }
  }
  if (limit?.type === 'held' || (!isNamespace && isTypeUnknown(context, { valid, target }))) {
    return { type: 'held', messages: [] }
  }
  if (limit?.type === 'missing') {
    const text = `the namespace "${target.namespace}" has no FederatedNamespace, which this Fleet requires; write a FederatedNamespace "${target.namespace}" in namespace "${target.namespace}"`
    return { type: 'held', messages: [errorAt(document, ['metadata'], 'namespace-not-federated', text)] }
  }

  const own = context.placementOf(valid)
  const preference = isNamespace ? undefined : decide(context, { valid, target })
  if (preference?.type === 'error')
    return { type: 'held', messages: [...placementMessages(own, isNamespace), ...preference.messages] }
  if (isBroken(own))
    return { type: 'held', messages: placementMessages(own, isNamespace), decision: decisionOf(preference) }

  const decision = decisionOf(preference)
  const placed = decision ? placedBy(context, decision, preference) : (own.clusters ?? new Set<string>())
  const allowed = limit?.type === 'some' ? limit.clusters : undefined
  const clusters = memo.of(target, [inventory, placed, allowed], () =>
    memo.list(
      valid.value,
      inventory.filter(({ name }) => placed.has(name) && (allowed?.has(name) ?? true)),
    ),
  )
  const replicas = decision && memo.ofText('replicas', formatReplicas(context, decision), () => decision.replicas)
  const { fleet } = source
  const rendered = memo.of(
    valid.value,
    [
      clusters,
      known,
      target.apiVersion,
      target.subject,
      fleet.metadata.name,
      fleet.spec.secrets.allowPlaintext,
      replicas,
      document.path,
    ],
    () =>
      renderWorkload(valid, target, {
        fleetName: fleet.metadata.name,
        allowPlaintext: fleet.spec.secrets.allowPlaintext,
        known,
        clusters,
        replicas,
      }),
  )
  const lost = decision && preference ? lostReplicas(context, { valid, target }, decision, allowed) : []
  const messages = [
    ...placementMessages(own, isNamespace, decision),
    ...(preference?.messages ?? []),
    ...lost,
    ...rendered.messages,
  ]
  return { type: 'rendered', workload: rendered, messages, decision }
}

function formatReplicas({ memo }: Context, { replicas }: ReplicaDecision): string {
  return memo.of(replicas, [], () => JSON.stringify([...replicas]))
}

/**
 * A preference places its target itself: in all clusters that it plans for, also with no replicas. Where the decision
 * is only held, what others run stays.
 */
function placedBy(
  { known }: Context,
  { replicas }: ReplicaDecision,
  outcome: PreferenceOutcome | undefined,
): { has(name: string): boolean } {
  return outcome?.type === 'decided' && outcome.held ? known : replicas
}

/** Whether a FederatedTypeConfig, or the CRD that tells the scope of a custom kind, cannot be read. */
function isTypeUnknown({ source, types }: Context, { valid, target }: Targeted): boolean {
  const { mayHold } = source.holds
  const group = groupOf(target.apiVersion)
  return (
    types.isTwofold(valid.value.kind) ||
    mayHold('FederatedTypeConfig', [valid.value.kind, target.kind]) ||
    (builtinKind(target.kind, group) === undefined &&
      types.scopeOf(group, target.kind) === undefined &&
      mayHold('CustomResourceDefinition', [target.kind]))
  )
}

function decisionOf(outcome: PreferenceOutcome | undefined): ReplicaDecision | undefined {
  return outcome?.type === 'decided' ? outcome.decision : undefined
}

/** A preference places its target itself, so that a target without a placement is no mistake. */
function placementMessages(own: Placement, isNamespace: boolean, decision?: ReplicaDecision): readonly Message[] {
  if (isNamespace) return []
  return decision ? own.messages.filter(({ code }) => code !== 'nothing-placed') : own.messages
}

function duplicateOf({ valid, target }: Targeted, group: readonly Targeted[]): Message {
  const at = ['metadata', 'name']
  const others = group.filter((one) => one.valid.document !== valid.document)
  const places = others.map((one) => placeOf(one.valid.document, at)).join(', ')
  const text = `${target.subject} is described twice; the other is at ${places}`
  return errorAt(valid.document, at, 'duplicate', text)
}

function identityOf({ value: { apiVersion, kind, metadata } }: Valid<FederatedDocument>): HeldDocument {
  return { kind, group: groupOf(apiVersion), namespace: metadata.namespace ?? undefined, name: metadata.name }
}

/** A plain object beside the federated one that stands for it places nothing and so holds nothing. */
function heldDocuments({ source, types }: Context, targeted: readonly Targeted[]): readonly ObjectName[] {
  const { objects } = source.holds
  if (objects.length === 0) return []
  const rendered = new Set(
    targeted.map(({ target: { kind, namespace, name } }) => `${kind}/${namespace ?? ''}/${name}`),
  )
  return objects.flatMap((document) =>
    types
      .objectsOf(document)
      .filter(
        ({ kind, namespace, name }) => kind !== document.kind || !rendered.has(`${kind}/${namespace ?? ''}/${name}`),
      ),
  )
}
