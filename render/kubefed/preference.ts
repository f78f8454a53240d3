import type { MemberCluster } from '../../repo-layout/cluster.ts'
import { errorAt, messageAt, placeOf, type SourceDocument, warningAt } from '../../repo-layout/document.ts'
import { groupBy } from '../../repo-layout/group.ts'
import type { Message } from '../../repo-layout/message.ts'
import type { Observations } from '../../repo-layout/observations.ts'
import type { Valid } from '../../repo-layout/read/assemble.ts'
import type { HeldPreference } from '../../repo-layout/read/holds.ts'
import type { PreferenceDocument } from '../../repo-layout/schema/kubefed.ts'
import { didYouMean } from '../../repo-layout/suggest.ts'
import type { RenderInput } from '../input.ts'
import type { Memo } from '../memo.ts'
import type { ReplicaDecision, ReplicaFacts } from './decision.ts'
import { sameDecision } from './decision.ts'
import { nothingRuns, workloadFacts } from './facts.ts'
import { type ClusterPreference, planReplicas } from './planner.ts'
import type { Target } from './target.ts'

/** What a decision about replicas reads. */
export interface PreferenceContext {
  /** The inventory without clusters that are held. */
  readonly inventory: readonly MemberCluster[]
  /** Its clusters by name: those that are not lost, and those that are. */
  readonly reachable: readonly string[]
  readonly lost: readonly string[]
  readonly memo: Memo
  /** An inventory document is in error: which replicas run there is not to be reckoned with. */
  readonly inventoryHeld: boolean
  readonly observations: Observations
  /** The decision in force; undefined for a first one. */
  readonly inForce: ReplicaDecision | undefined
  /** Digest of a cluster's folder in the previous tree. */
  readonly digestOf: (cluster: string) => string | undefined
  /** `failover.default`. */
  readonly failover: 'Move' | 'Never'
  /** With `intersectWithClusterSelector`: the clusters that both selectors match; undefined where in error. */
  readonly selected: () => ReadonlySet<string> | undefined
}

/**
 * The outcome: a decision (new, or the one in force), nothing to decide (the workload goes by its own placement), or
 * an error (the workload is held).
 */
export type PreferenceOutcome =
  | {
      readonly type: 'decided'
      readonly decision: ReplicaDecision
      /** It is the one in force, kept for want of facts: of clusters that it does not name nothing is known. */
      readonly held: boolean
      readonly messages: readonly Message[]
    }
  | { readonly type: 'idle'; readonly messages: readonly Message[] }
  | { readonly type: 'error'; readonly messages: readonly Message[] }

/**
 * Divides the replicas of a workload over the clusters that are not lost (`kubefed v0.10 replicascheduler.go`). A
 * missing fact leaves the decision in force as it is: unknown holds.
 */
export function decideReplicas(
  { document, value }: Valid<PreferenceDocument>,
  target: Target,
  context: PreferenceContext,
): PreferenceOutcome {
  const { inForce, observations, reachable, lost, memo } = context
  const preferences = memo.of(value, [], () => preferencesOf(value))
  const facts = new Map<string, ReplicaFacts>()
  const unknown: string[] = []
  const isForAll = Object.hasOwn(preferences, '*')
  for (const name of reachable) {
    const observation = observations.clusters[name]
    const known = workloadFacts(observation, target.subject, () => context.digestOf(name))
    if (known !== 'unknown' && known !== nothingRuns) facts.set(name, known)
    if (known !== 'unknown' && observation?.reachable === true) continue
    if (isForAll || Object.hasOwn(preferences, name)) unknown.push(name)
  }
  if (inForce) {
    const why = reasonToHold(context, unknown, lost)
    if (why !== undefined) return hold(document, inForce, why)
  }

  const selected = value.spec.intersectWithClusterSelector ? context.selected() : undefined
  if (value.spec.intersectWithClusterSelector && selected === undefined) return { type: 'error', messages: [] }
  const candidates = selected ? reachable.filter((name) => selected.has(name)) : reachable
  if (candidates.length === 0) {
    const why = 'no cluster is left to divide replicas over'
    return inForce ? hold(document, inForce, why) : { type: 'idle', messages: [idle(document, why)] }
  }

  const key = `${target.namespace ?? ''}/${target.name}`
  const replicas = memo.of(preferences, [memo.list(preferences, candidates), formatFacts(facts), key], () =>
    divide(value, preferences, candidates, facts, key),
  )
  const decision: ReplicaDecision = {
    source: document.path,
    namespace: target.namespace ?? '',
    name: target.name,
    subject: target.subject,
    totalReplicas: value.spec.totalReplicas,
    replicas,
    lost,
    facts: new Map([...facts].filter(([cluster]) => replicas.has(cluster))),
  }
  return {
    type: 'decided',
    decision: inForce && sameDecision(inForce, decision) ? inForce : decision,
    held: false,
    messages: unknownNames(document, value, context),
  }
}

/** The clusters of an inventory by whether they are lost: asked once, for it is the same for every preference. */
export function reachability(
  { observations }: Pick<RenderInput, 'observations'>,
  inventory: readonly MemberCluster[],
  memo: Memo,
): { readonly reachable: readonly string[]; readonly lost: readonly string[] } {
  const names = inventory.map(({ name }) => name)
  const isLost = (name: string) => observations.clusters[name]?.reachable === false
  return {
    reachable: memo.list(
      'reachable',
      names.filter((name) => !isLost(name)),
    ),
    lost: names.filter(isLost),
  }
}

/** The planner's division with the overflow on top, as kubefed writes it to its target. */
function divide(
  { spec: { totalReplicas, rebalance } }: PreferenceDocument,
  preferences: Readonly<Record<string, ClusterPreference>>,
  clusters: readonly string[],
  facts: ReadonlyMap<string, ReplicaFacts>,
  key: string,
): ReadonlyMap<string, number> {
  const current = pick(facts, (known) => known.current)
  const capacity = pick(facts, (known) => known.capacity)
  const plan = planReplicas({ totalReplicas, rebalance, preferences, clusters, current, capacity, key })
  const replicas = new Map(plan.replicas)
  for (const [cluster, above] of plan.overflow) replicas.set(cluster, (replicas.get(cluster) ?? 0) + above)
  return replicas
}

/** Facts as a text: equal facts are equal texts. */
function formatFacts(facts: ReadonlyMap<string, ReplicaFacts>): string {
  let text = ''
  for (const [cluster, { current, capacity }] of facts) {
    if (current !== undefined || capacity !== undefined) text += `${cluster}=${current ?? ''}/${capacity ?? ''}\n`
  }
  return text
}

function reasonToHold(
  context: PreferenceContext,
  unknown: readonly string[],
  lost: readonly string[],
): string | undefined {
  if (context.inventoryHeld) return 'the inventory is in error'
  if (unknown.length > 0)
    return `nothing is known of ${unknown.slice(0, 3).join(', ')}${unknown.length > 3 ? ' and others' : ''}`
  if (lost.length > 0 && context.failover === 'Never') return 'failover.default is Never'
  return undefined
}

function hold(document: SourceDocument, decision: ReplicaDecision, why: string): PreferenceOutcome {
  const text = `${why}; the replicas of ${decision.subject} stay as they are`
  return { type: 'decided', decision, held: true, messages: [warningAt(document, ['spec'], 'preference-held', text)] }
}

function idle(document: SourceDocument, why: string): Message {
  return warningAt(document, ['spec'], 'preference-idle', `${why}; the workload goes by its own placement`)
}

function preferencesOf({ spec }: PreferenceDocument): Record<string, ClusterPreference> {
  const given = Object.entries(spec.clusters ?? {})
  const entries = given.length > 0 ? given : [['*', { minReplicas: 0, weight: 1, maxReplicas: undefined }] as const]
  return Object.fromEntries(
    entries.map(([name, { minReplicas, maxReplicas, weight }]) => [
      name,
      { minReplicas, maxReplicas: maxReplicas ?? undefined, weight },
    ]),
  )
}

function unknownNames(
  document: SourceDocument,
  value: PreferenceDocument,
  { inventory, inventoryHeld }: PreferenceContext,
) {
  if (inventoryHeld) return []
  const known = new Set(inventory.map((cluster) => cluster.name))
  return Object.keys(value.spec.clusters ?? {})
    .filter((name) => name !== '*' && !known.has(name))
    .map((name) => {
      const text = `the cluster "${name}" is in no inventory${didYouMean(name, known)}`
      return messageAt(document, ['spec', 'clusters', name], {
        severity: 'warning',
        code: 'cluster-unknown',
        at: 'key',
        text,
      })
    })
}

function pick(facts: ReadonlyMap<string, ReplicaFacts>, of: (facts: ReplicaFacts) => number | undefined) {
  const picked = new Map<string, number>()
  for (const [cluster, known] of facts) {
    const value = of(known)
    if (value !== undefined) picked.set(cluster, value)
  }
  return picked
}

/** Preferences of one namespace and name exclude each other: each place is an error. */
export function duplicatePreferences(all: readonly Valid<PreferenceDocument>[]): {
  readonly held: readonly HeldPreference[]
  readonly messages: readonly Message[]
} {
  const twice = [...groupBy(all, preferenceKey)].filter(([, list]) => list.length > 1)
  return {
    held: twice.flatMap(([, list]) =>
      list.map(({ value: { metadata, spec } }) => ({
        namespace: metadata.namespace ?? 'default',
        name: metadata.name,
        targetKind: spec.targetKind,
      })),
    ),
    messages: twice.flatMap(([key, list]) =>
      list.map(({ document }) => {
        const at = ['metadata', 'name']
        const others = list.filter((one) => one.document !== document).map((one) => placeOf(one.document, at))
        const text = `the preference ${key} is described twice; the other is at ${others.join(', ')}`
        return errorAt(document, at, 'duplicate', text)
      }),
    ),
  }
}

/** `<namespace>/<name>`, by which a preference finds its target. */
export function preferenceKey({ value }: Valid<PreferenceDocument>): string {
  return `${value.metadata.namespace ?? 'default'}/${value.metadata.name}`
}
