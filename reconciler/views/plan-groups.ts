import { ourManager } from '../member/fields.ts'
import { leftOut } from '../member/left-out.ts'
import { leftThere } from '../member/prune.ts'
import type { FieldDrift } from '../member/types.ts'
import type { ClusterPlan, FleetPlan, PlannedObject, ReplicaMove } from '../plan/types.ts'
import { courseClosing } from './plan-rollouts.ts'
import { podWords } from './pod-words.ts'
import { count } from './text.ts'

/** What happens in the same way to one object in some clusters. */
export interface PlanGroup {
  readonly object: PlannedObject
  /** Sorted by name. */
  readonly clusters: readonly string[]
  /** The move of its replicas, told once beside the last change of the object. */
  readonly move: ReplicaMove | undefined
}

/** A plan laid out for people: what changes, what does not although it might, and what would fail. */
export interface PlanLayout {
  readonly changes: readonly PlanGroup[]
  readonly kept: readonly PlanGroup[]
  readonly failed: readonly PlanGroup[]
  /** Moves of workloads that no group tells of: in clusters that were not compared. */
  readonly moves: readonly ReplicaMove[]
}

/** Joins equal changes of several clusters. Replicas that move are told by the move and not by each cluster's field. */
export function layoutPlan({ clusters, moves }: FleetPlan): PlanLayout {
  const moved = new Map(moves.map((move) => [move.subject, move]))
  const groups = new Map<string, { readonly object: PlannedObject; readonly clusters: string[] }>()
  for (const { cluster, objects } of clusters)
    for (const whole of objects) {
      const object = moved.has(whole.subject) ? withoutReplicas(whole) : whole
      const key = JSON.stringify(object)
      const group = groups.get(key)
      if (group) group.clusters.push(cluster)
      else groups.set(key, { object, clusters: [cluster] })
    }
  const last = new Map<string, { readonly object: PlannedObject }>()
  const sorted = [...groups.values()].sort(
    (a, b) => compare(a.object.subject, b.object.subject) || compare(wordOf(a.object), wordOf(b.object)),
  )
  for (const group of sorted) if (changes(group.object)) last.set(group.object.subject, group)
  const layout = { changes: [] as PlanGroup[], kept: [] as PlanGroup[], failed: [] as PlanGroup[] }
  for (const group of sorted) {
    const { subject, action } = group.object
    const part = action === 'failed' ? 'failed' : changes(group.object) ? 'changes' : 'kept'
    layout[part].push({ ...group, move: last.get(subject) === group ? moved.get(subject) : undefined })
  }
  return { ...layout, moves: moves.filter(({ subject }) => !last.has(subject)) }
}

/** Whether anything happens to an object in its cluster. */
export function changes({ action, how }: PlannedObject): boolean {
  return how === 'adopted' || action === 'created' || action === 'configured' || action === 'pruned'
}

function withoutReplicas(object: PlannedObject): PlannedObject {
  return { ...object, fields: object.fields.filter(({ path }) => path !== '/spec/replicas') }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** The one word for what becomes of an object. */
export function wordOf({ action, how }: PlannedObject): string {
  if (how === undefined || action === 'created' || action === 'failed') return action
  return how === 'healed' || how === 'reported' ? (how === 'healed' ? 'configured' : 'drifted') : how
}

/** The sign before the word. */
export function signOf(object: PlannedObject): string {
  const word = wordOf(object)
  const signs: Readonly<Record<string, string>> = {
    created: '+',
    configured: '~',
    adopted: '~',
    pruned: '-',
    released: '-',
    replaced: '-/+',
    failed: '✖',
    drifted: '≠',
  }
  return signs[word] ?? '='
}

/** Why something becomes of an object, as far as its word does not say it, and what that does to pods; empty where there is nothing to say. */
export function reasonOf({ why, how, drift, action, pods = [] }: PlannedObject): string {
  if (how === 'untried') return ''
  const said = ['left alone: ', leftThere, leftOut].find((beginning) => why.startsWith(beginning)) ?? ''
  const text = why.slice(said.length)
  const drifted =
    drift === undefined || how === 'suspended'
      ? ''
      : drift === 'deleted'
        ? 'somebody deleted it'
        : `somebody changed it behind Git's back${drift === 'changed' ? '' : ` (${drift})`}`
  if (how === 'reported') return [drifted, 'drift is only reported', text].filter((part) => part !== '').join('; ')
  const effect = pods === 'restart' ? 'restarts its pods' : podWords(pods)
  return [action === 'failed' ? '' : drifted, text, effect].filter((part) => part !== '').join('; ')
}

/** The fields to show of an object; of one that is left alone its reason names them. */
export function shownFields({ how, fields }: PlannedObject): readonly FieldDrift[] {
  return how === 'left alone' ? [] : fields
}

/** Who holds a field now, where that is somebody else than us. */
export function holderOf({ manager }: FieldDrift): string {
  return manager === ourManager || manager.startsWith('unknown') || manager === '' ? '' : manager
}

/** A move in words: `eu-1 3 → 5, us-1 5 → 3 (2 moved, total stays 9)`. */
export function moveText({ clusters, before, after }: ReplicaMove): string {
  const steps = clusters.map((one) => `${one.cluster} ${one.before} → ${one.after}`)
  const shown =
    steps.length > mostSteps ? [...steps.slice(0, mostSteps), `and ${steps.length - mostSteps} more`] : steps
  const added = clusters.reduce((sum, one) => sum + Math.max(0, one.after - one.before), 0)
  const removed = clusters.reduce((sum, one) => sum + Math.max(0, one.before - one.after), 0)
  const moved = Math.min(added, removed)
  const total = before === after ? `total stays ${after}` : `total ${before} → ${after}`
  return `${shown.join(', ')} (${moved > 0 ? `${moved} moved, ` : ''}${total})`
}

const mostSteps = 12

/** What a move was decided by: `eu-1 runs 3, us-1 holds at most 4, ap-1 is lost`; empty where nothing was read. */
export function moveFacts({ decision }: ReplicaMove): string {
  if (!decision) return ''
  const parts = [
    ...decision.lost.map((cluster) => `${cluster} is lost`),
    ...decision.clusters.map(({ cluster, current, capacity }) => {
      const runs = current === undefined ? '' : `runs ${current}`
      return `${cluster} ${[runs, capacity === undefined ? '' : `holds at most ${capacity}`].filter(Boolean).join(' and ')}`
    }),
  ]
  const more = parts.length - mostSteps
  return [...parts.slice(0, mostSteps), ...(more > 0 ? [`and ${more} more`] : [])].join(', ')
}

/** The clusters of a group: their names, or how many where they are many. */
export function clusterList(clusters: readonly string[], planned: number, most = 4): string {
  if (clusters.length <= most) return clusters.join(' ')
  if (clusters.length === planned) return `all ${planned} clusters`
  return `${count(clusters.length, 'cluster')}: ${clusters.slice(0, most - 1).join(' ')} …`
}

/** What is to be said of clusters themselves, one line each. */
export function clusterNotes({ clusters }: FleetPlan): readonly { readonly name: string; readonly text: string }[] {
  return clusters.flatMap((cluster) => {
    const text = clusterNote(cluster)
    return text === '' ? [] : [{ name: cluster.cluster, text }]
  })
}

function clusterNote({ state, note, suspended, pending }: ClusterPlan): string {
  const waiting = pending === '' ? '' : ` (${pending} there, not compared)`
  if (state === 'waits') return `could not be asked and waits: ${note}${waiting}`
  if (state === 'new') return `is new: ${note}${waiting}`
  if (state === 'leaves') return note
  return [suspended ? 'is suspended: nothing is written there' : '', note].filter((part) => part !== '').join('; ')
}

const mostCourses = 2

/** The last sentence of a plan, which also says when nothing changes. */
export function planClosing({ summary, deletions, clusters, rollouts }: FleetPlan): string {
  const { created, configured, pruned, adopted, leftAlone, failed, unchanged, planned } = summary
  const parts = [
    [created, 'created'],
    [configured, 'configured'],
    [adopted, 'adopted'],
    [pruned, 'pruned'],
    [leftAlone, 'left alone'],
    [failed, 'would fail'],
  ] as const
  const told = parts.filter(([number]) => number > 0).map(([number, word]) => `${number} ${word}`)
  const where = `in ${count(planned, 'cluster')} (${unchanged} unchanged)`
  const waiting = clusters.filter(({ state }) => state === 'waits' || state === 'new').length
  const leaving = clusters.filter(({ state }) => state === 'leaves').length
  return [
    told.length > 0
      ? `Plan: ${told.join(', ')} ${where}.`
      : planned > 0
        ? `Nothing changes${rollouts.length > 0 ? ' at once' : ''} ${where}.`
        : 'No cluster was compared.',
    rollouts.length > mostCourses ? `${rollouts.length} rollouts go on.` : rollouts.map(courseClosing).join(' '),
    deletions.verdict === 'over' ? `Deletions are over budget: ${count(deletions.objects, 'object')} held back.` : '',
    waiting > 0 ? `${count(waiting, 'cluster')} not compared.` : '',
    leaving > 0 ? `${count(leaving, 'cluster')} ${leaving === 1 ? 'leaves' : 'leave'} the fleet.` : '',
  ]
    .filter((part) => part !== '')
    .join(' ')
}

/** The same where it is said already that it is a plan. */
export function withoutPlan(closing: string): string {
  return closing.replace(/^Plan: /, '')
}

/** What the plan is of and upon, in one line. */
export function planTitle({ fleet, base, head, generated }: FleetPlan): string {
  const named = ({ name, commit }: FleetPlan['head']) =>
    commit === undefined || name === commit.slice(0, 7) ? name : `${name} ${commit.slice(0, 7)}`
  const upon =
    generated.commit === undefined
      ? `a new fleet (no branch ${generated.branch} yet)`
      : `${generated.branch} ${generated.commit.slice(0, 7)}`
  const from = base.commit === head.commit ? '' : `, base ${named(base)}`
  return `${fleet}: ${named(head)} upon ${upon}${from}`
}

/** The facts that the plan used, in one sentence. */
export function factsText({ clusters, at }: FleetPlan): string {
  const versions = new Map<string, number>()
  for (const { facts } of clusters)
    if (facts.observedAt !== undefined) {
      const version = facts.kubernetesVersion ?? 'version unknown'
      versions.set(version, (versions.get(version) ?? 0) + 1)
    }
  const asked = [...versions].sort(([a], [b]) => compare(a, b)).map(([version, number]) => `${number} × ${version}`)
  const lost = clusters.filter(({ facts }) => facts.reachable === false).map(({ cluster }) => cluster)
  const unknown = clusters.filter(({ facts }) => facts.reachable === 'unknown').map(({ cluster }) => cluster)
  const some = (names: readonly string[]) =>
    names.length > 6 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ')
  return [
    `Facts of ${at.slice(0, 19)}Z: ${asked.length > 0 ? `${asked.join(', ')} answered` : 'no cluster answered'}`,
    lost.length > 0 ? `${some(lost)} ${lost.length === 1 ? 'counts' : 'count'} as lost` : '',
    unknown.length > 0
      ? `${some(unknown)} unknown, so decisions about ${unknown.length === 1 ? 'it' : 'them'} stay`
      : '',
  ]
    .filter((part) => part !== '')
    .join('; ')
    .concat('.')
}

/** How many objects no server could try, in one sentence; empty where there are none. */
export function untriedText({ clusters }: FleetPlan): string {
  const untried = clusters.flatMap(({ objects }) => objects).filter(({ how }) => how === 'untried').length
  if (untried === 0) return ''
  return `${count(untried, 'object')} could not be tried by the servers yet: their namespaces or kinds are created first.`
}

/** What becomes of deletions, in one sentence; empty where there are none. */
export function deletionText({ deletions }: FleetPlan): string {
  const { verdict, objects, clusters, takes, text } = deletions
  if (verdict === 'none') return ''
  if (verdict === 'over') return `${text}.`
  const others = takes === 0 ? '' : `, and ${takes} more with ${objects === 1 ? 'it' : 'them'}`
  return `Deletes ${count(objects, 'object')} in ${count(clusters, 'cluster')}${others}, within the budget.`
}
