import type { MemberCluster } from '../../repo-layout/cluster.ts'
import { errorAt, warningAt } from '../../repo-layout/document.ts'
import { groupBy } from '../../repo-layout/group.ts'
import { builtinKind } from '../../repo-layout/kinds/builtin.ts'
import type { Message } from '../../repo-layout/message.ts'
import type { FleetSource, Valid } from '../../repo-layout/read/assemble.ts'
import type { HeldPreference } from '../../repo-layout/read/holds.ts'
import type { FederatedDocument } from '../../repo-layout/read/interpret.ts'
import type { PreferenceDocument } from '../../repo-layout/schema/kubefed.ts'
import { groupOf } from '../../repo-layout/subject.ts'
import type { RenderInput } from '../input.ts'
import type { Memo } from '../memo.ts'
import type { PreviousIndex } from '../previous.ts'
import type { ReplicaDecision } from './decision.ts'
import type { DecisionsInForce } from './decisions.ts'
import type { Namespaces } from './namespaces.ts'
import { readPlacement } from './placement.ts'
import { decideReplicas, type PreferenceOutcome, preferenceKey } from './preference.ts'
import type { Target, TypeTable } from './target.ts'

/** A federated document with the object that it stands for. */
export interface Targeted {
  readonly valid: Valid<FederatedDocument>
  readonly target: Target
}

/** What deciding about replicas reads of a fleet. */
export interface DecideContext {
  readonly input: RenderInput
  readonly source: FleetSource
  readonly previous: PreviousIndex
  readonly heldClusters: ReadonlySet<string>
  readonly inventory: readonly MemberCluster[]
  readonly reachable: readonly string[]
  readonly lost: readonly string[]
  readonly memo: Memo
  readonly known: ReadonlySet<string>
  readonly namespaces: Namespaces
  readonly types: TypeTable
  /** By `<namespace>/<name>`. */
  readonly preferences: ReadonlyMap<string, readonly Valid<PreferenceDocument>[]>
  readonly heldPreferences: ReadonlyMap<string, readonly HeldPreference[]>
  readonly inForce: DecisionsInForce
}

/** Kinds of Kubernetes that have `spec.replicas`; whether a custom kind has it, only its clusters know. */
const scalable: ReadonlySet<string> = new Set(['Deployment', 'ReplicaSet', 'StatefulSet', 'ReplicationController'])

/** Divides the replicas of a workload, where a preference is about it; undefined where none is. */
export function decide(context: DecideContext, { valid, target }: Targeted): PreferenceOutcome | undefined {
  const key = keyOf(target)
  const inForce = context.inForce.bySubject.get(target.subject)
  const isHeld = context.heldPreferences.get(key)?.some(({ targetKind }) => isMeant(targetKind, valid, target))
  if (isHeld || context.inForce.isHeld(target.subject)) {
    return inForce ? { type: 'decided', decision: inForce, held: true, messages: [] } : { type: 'error', messages: [] }
  }
  const preference = preferenceFor(context, { valid, target })
  if (!preference) {
    const mayBeBroken = inForce && context.source.holds.mayHold('ReplicaSchedulingPreference', [target.name])
    return mayBeBroken ? { type: 'decided', decision: inForce, held: true, messages: [] } : undefined
  }
  if (!isScalable(target)) {
    const text = `a ${target.kind} has no replicas to divide; write targetKind: FederatedDeployment or FederatedReplicaSet`
    return {
      type: 'error',
      messages: [errorAt(preference.document, ['spec', 'targetKind'], 'preference-target', text)],
    }
  }
  const { source, input, previous, namespaces } = context
  return decideReplicas(preference, target, {
    inventory: context.inventory,
    reachable: context.reachable,
    lost: context.lost,
    memo: context.memo,
    inventoryHeld: context.heldClusters.size > 0,
    observations: input.observations,
    inForce,
    digestOf: previous.digestOf,
    failover: source.fleet.spec.failover.default,
    selected() {
      const own = readPlacement(valid, context.inventory, context.known, true).clusters
      const limit = namespaces.limitOf(target.namespace ?? '')
      if (limit.type !== 'some') return own
      const limited = limit.selected()
      return own && limited && new Set([...own].filter((name) => limited.has(name)))
    },
  })
}

function isScalable({ kind, apiVersion }: Target): boolean {
  return scalable.has(kind) || builtinKind(kind, groupOf(apiVersion)) === undefined
}

function isMeant(targetKind: string | undefined, valid: Valid<FederatedDocument>, target: Target): boolean {
  return targetKind === undefined ? isScalable(target) : targetKind === valid.value.kind || targetKind === target.kind
}

function preferenceFor(
  { preferences }: DecideContext,
  { valid, target }: Targeted,
): Valid<PreferenceDocument> | undefined {
  return preferences.get(keyOf(target))?.find(({ value }) => isMeant(value.spec.targetKind, valid, target))
}

function keyOf({ namespace, name }: Target): string {
  return `${namespace ?? 'default'}/${name}`
}

/** kubefed plans over all clusters, then cuts by the FederatedNamespace: what it planned there is lost. */
export function lostReplicas(
  context: DecideContext,
  targeted: Targeted,
  decision: ReplicaDecision,
  allowed: ReadonlySet<string> | undefined,
): Message[] {
  if (!allowed) return []
  const outside = [...decision.replicas].filter(([cluster, count]) => count > 0 && !allowed.has(cluster))
  const preference = preferenceFor(context, targeted)
  if (outside.length === 0 || !preference) return []
  const count = outside.reduce((sum, [, replicas]) => sum + replicas, 0)
  const text = `${count} of ${decision.totalReplicas} replicas are planned for ${outside.map(([name]) => name).join(', ')}, where the FederatedNamespace "${targeted.target.namespace}" does not go; set intersectWithClusterSelector: true`
  return [warningAt(preference.document, ['spec'], 'preference-lost', text)]
}

/** Warns of preferences that are about nothing, with a hint where the target may be. */
export function missingTargets(context: DecideContext, targeted: readonly Targeted[]): Message[] {
  const { preferences, source } = context
  if (preferences.size === 0) return []
  const sought = targeted.filter(({ target }) => preferences.has(keyOf(target)))
  const byKey = groupBy(sought, ({ target }) => keyOf(target))
  return source.preferences.flatMap((preference) => {
    const { document, value } = preference
    const { targetKind } = value.spec
    const key = preferenceKey(preference)
    const here = byKey.get(key) ?? []
    if (here.some(({ valid, target }) => isMeant(targetKind, valid, target))) return []
    if (isInError(context, preference)) return []
    const sameName = targeted.find(
      (one) => one.target.name === value.metadata.name && isMeant(targetKind, one.valid, one.target),
    )
    const other = here.find(({ target }) => isScalable(target))
    const hint = other
      ? `; there is a ${other.valid.value.kind} of that name: write targetKind: ${other.valid.value.kind}`
      : sameName
        ? `; one of that name exists in ${sameName.target.namespace ?? 'no namespace'}`
        : ''
    const text = `no ${targetKind} ${key} is in this fleet${hint}`
    return [warningAt(document, ['metadata'], 'preference-target', text)]
  })
}

/** Whether the target may be there and cannot be read: then its own error says enough. */
function isInError({ source }: DecideContext, { value: { metadata, spec } }: Valid<PreferenceDocument>): boolean {
  const { name, namespace } = metadata
  const { holds } = source
  return (
    holds.objects.some(
      (one) =>
        one.name === name &&
        (one.namespace ?? 'default') === (namespace ?? 'default') &&
        [spec.targetKind, `Federated${spec.targetKind}`].includes(one.kind),
    ) || holds.mayHold(spec.targetKind, [name])
  )
}
