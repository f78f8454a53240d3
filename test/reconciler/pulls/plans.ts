import { summarize } from '../../../reconciler/plan/compose.ts'
import type { ClusterPlan, FleetPlan, PlannedObject } from '../../../reconciler/plan/types.ts'
import type { Attempt } from '../../../reconciler/pulls/types.ts'
import type { Message } from '../../../repo-layout/message.ts'

/** One object of a plan. */
export function planned(subject: string, more: Partial<PlannedObject> = {}): PlannedObject {
  return { subject, source: 'a.yaml', action: 'configured', why: '', fields: [], ...more }
}

/** A cluster that was compared. */
export function clusterPlan(cluster: string, objects: readonly PlannedObject[]): ClusterPlan {
  return {
    ...{ cluster, region: '', state: 'planned', note: '', suspended: false, objects, unchanged: 0, pending: '' },
    facts: { reachable: true, kubernetesVersion: 'v1.35.4', observedAt: '2026-01-01T00:00:00.000Z' },
  }
}

/** A plan that was made; `paths` are the files of the generated branch that it changes. */
export function attemptOf(
  clusters: readonly ClusterPlan[],
  more: Partial<FleetPlan> & { readonly paths?: Readonly<Record<string, string | undefined>> } = {},
): Extract<Attempt, { type: 'planned' }> {
  const { paths = {}, ...rest } = more
  const plan: FleetPlan = {
    ...{ fleet: 'shop', at: '2026-01-01T00:00:00.000Z', notes: [], messages: [], moves: [], rollouts: [], clusters },
    base: { name: 'main', commit: 'b'.repeat(40) },
    head: { name: 'aaaaaaa', commit: 'a'.repeat(40) },
    generated: { branch: 'generated', commit: 'c'.repeat(40) },
    deletions: { objects: 0, clusters: 0, takes: 0, verdict: 'none', text: '' },
    summary: summarize(clusters, 0),
    ...rest,
  }
  const after = Object.entries(paths).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return {
    ...{ type: 'planned', plan, brought: new Set(['a.yaml']), stepwise: new Set(), generated: 'c'.repeat(40) },
    base: { name: 'main', commit: 'b'.repeat(40) },
    trees: { before: new Map(Object.keys(paths).map((path) => [path, 'old'])), after: new Map(after) },
  }
}

/** An error of a source. */
export function errorOf(path: string, text: string, more: Partial<Message> = {}): Message {
  return { path, line: 7, column: 3, severity: 'error', code: 'override-failed', text, ...more }
}
