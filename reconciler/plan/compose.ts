import type { Fleet } from '../../repo-layout/schema/fleet.ts'
import type { Subject } from '../../repo-layout/subject.ts'
import { type Deletion, judgeDeletions } from '../cycle/budget.ts'
import type { DesiredFleet } from '../cycle/desired.ts'
import { overBudget } from '../member/prune.ts'
import type { ClusterPlan, DeletionPlan, PlannedObject, PlanSummary, ReplicaMove } from './types.ts'

/** Replicas of workloads in one cluster, now and then. */
export type ReplicaCounts = ReadonlyMap<Subject, { readonly before: number; readonly after: number }>

/**
 * The workloads whose replicas change in some cluster, of those that run somewhere before and after: a new workload, or one
 * that goes, moves nothing.
 */
export function replicaMoves(counts: ReadonlyMap<string, ReplicaCounts>): readonly ReplicaMove[] {
  const moves = new Map<Subject, ReplicaMove['clusters'][number][]>()
  for (const [cluster, workloads] of counts)
    for (const [subject, { before, after }] of workloads) {
      const list = moves.get(subject) ?? []
      moves.set(subject, list)
      list.push({ cluster, before, after })
    }
  return [...moves]
    .map(([subject, clusters]) => ({
      subject,
      clusters: clusters
        .filter(({ before, after }) => before !== after)
        .sort((a, b) => (a.cluster < b.cluster ? -1 : 1)),
      before: clusters.reduce((sum, { before }) => sum + before, 0),
      after: clusters.reduce((sum, { after }) => sum + after, 0),
    }))
    .filter(({ clusters, before, after }) => clusters.length > 0 && before > 0 && after > 0)
    .sort((a, b) => (a.subject < b.subject ? -1 : 1))
}

/** What deletions are judged by, beside themselves. */
export interface Judge {
  readonly desired: DesiredFleet
  /** Objects whose workload is placed in no cluster by a slip (`RenderOutput.unplaced`). */
  readonly unplaced: ReadonlySet<Subject>
  readonly budget: Fleet['spec']['budget']
  /** Digests that commits allow with the trailer `Flotilla-Allow-Delete`. Asked only over budget. */
  readonly allowed: () => Promise<ReadonlySet<string>>
}

/** Judges deletions as the daemon will. Rejects where history that may allow them cannot be read. */
export async function judge(deletions: readonly Deletion[], question: Judge): Promise<DeletionPlan> {
  const { budget, desired, unplaced } = question
  const clusters = new Set(deletions.map(({ cluster }) => cluster)).size
  const takes = deletions.reduce((sum, one) => sum + one.takes, 0)
  const counts = { objects: deletions.length, clusters, takes }
  const sizes = [...desired.values()].map(({ objects }) => objects.size)
  const total = sizes.reduce((sum, size) => sum + size, 0) + deletions.length
  const emptied = sizes.every((size) => size === 0)
  if (deletions.length === 0) return { ...counts, verdict: 'none', text: '' }
  const asked = { deletions, spent: [], total, budget, emptied, unplaced, allowed: new Set<string>() }
  let verdict = judgeDeletions(asked)
  if (verdict.type === 'over') verdict = judgeDeletions({ ...asked, allowed: await question.allowed() })
  if (verdict.type === 'within') return { ...counts, verdict: 'within', text: '' }
  return { ...counts, verdict: 'over', digest: verdict.digest, text: verdict.text }
}

/** A cluster's objects once the deletions were judged: over budget, what would be deleted stays. */
export function afterVerdict(
  objects: readonly PlannedObject[],
  deleted: ReadonlySet<Subject>,
  { verdict }: Pick<DeletionPlan, 'verdict'>,
): readonly PlannedObject[] {
  if (verdict !== 'over') return objects
  return objects.map((object) =>
    deleted.has(object.subject) ? { ...object, action: 'skipped', how: 'held back', why: overBudget } : object,
  )
}

/** Counts a plan; `rollouts` are applications whose releases are told to go elsewhere. */
export function summarize(clusters: readonly ClusterPlan[], rollouts: number): PlanSummary {
  const objects = clusters.flatMap((cluster) => cluster.objects)
  const count = (test: (object: PlannedObject) => boolean) => objects.filter(test).length
  const planned = clusters.filter(({ state }) => state === 'planned')
  const created = count(({ action }) => action === 'created')
  const configured = count(({ action, how }) => action === 'configured' && how !== 'adopted')
  const pruned = count(({ action }) => action === 'pruned')
  const adopted = count(({ how }) => how === 'adopted')
  return {
    ...{ created, configured, pruned, adopted },
    leftAlone: count(({ how }) => how === 'left alone'),
    failed: count(({ action }) => action === 'failed'),
    unchanged: planned.reduce((sum, { unchanged }) => sum + unchanged, 0),
    planned: planned.length,
    waiting: clusters.length - planned.length,
    rollouts,
    changes:
      rollouts > 0 ||
      created + configured + pruned + adopted > 0 ||
      clusters.some(({ pending, state }) => pending !== '' || state === 'leaves'),
  }
}
