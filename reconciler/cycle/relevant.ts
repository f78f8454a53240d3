import type { Observations } from '../../repo-layout/observations.ts'
import type { Subject } from '../../repo-layout/subject.ts'

/**
 * The part of the facts that decisions read, as a text: reachability of every cluster, and the workloads that a
 * decision is about. Two equal texts give equal renders of one source, so nothing is rendered while it stays the same.
 */
export function relevantFacts({ clusters }: Observations, subjects: ReadonlySet<Subject>): string {
  const parts = Object.entries(clusters)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { reachable, applied, workloads }]) => {
      const read = workloads && [...subjects].sort().map((subject) => workloads[subject] ?? null)
      return [name, reachable, subjects.size > 0 ? [applied?.tree ?? '', read ?? null] : []]
    })
  return JSON.stringify(parts)
}
