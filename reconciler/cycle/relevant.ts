import { treeDigest } from '../../repo-layout/generated/oid.ts'
import type { Observations } from '../../repo-layout/observations.ts'
import type { Subject } from '../../repo-layout/subject.ts'

/**
 * The part of the facts that decisions read, as a text: reachability of every cluster, and the workloads that a
 * decision is about. Two equal texts give equal renders of one source, so nothing is rendered while it stays the same.
 */
export function relevantFacts({ clusters }: Observations, subjects: ReadonlySet<Subject>): string {
  const sorted = [...subjects].sort()
  const parts = Object.entries(clusters)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { reachable, applied, workloads }]) => {
      const read = workloads && sorted.map((subject) => workloads[subject] ?? null)
      return [name, reachable, subjects.size > 0 ? [applied?.tree ?? '', read ?? null] : []]
    })
  return JSON.stringify(parts)
}

/**
 * The part of the facts that rollouts read, as a text: what is known of the releases in force, named `namespace/name`. What a
 * person is told of them is no fact.
 */
export function releaseFacts({ clusters }: Observations, names: ReadonlySet<string>): string {
  if (names.size === 0) return ''
  const sorted = [...names].sort()
  const parts = Object.entries(clusters)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { applied, releases }]) => {
      const read = releases && sorted.map((key) => known(releases[key]))
      return [name, sorted.map((key) => applied?.releases?.[key] ?? ''), read ?? null]
    })
  return JSON.stringify(parts)
}

/** What time and checks say of releases, as a text; it is exact, so that it counts at once. */
export function promotionFacts({ rollouts = {} }: Observations): string {
  return JSON.stringify(Object.entries(rollouts).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function known(seen: NonNullable<Observations['clusters'][string]['releases']>[string] | undefined) {
  if (!seen) return null
  const { message: _told, achievedWeight: _also, ...facts } = seen
  return facts
}

/** The clusters that count as lost, as a text; damping has made sure of it, so that it counts at once. */
export function lostClusters({ clusters }: Observations): string {
  const lost = Object.entries(clusters).filter(([, { reachable }]) => reachable === false)
  return JSON.stringify(lost.map(([name]) => name).sort())
}

/** The clusters that left the inventory (`leaving`) and are emptied, as a text; nothing fills them again. */
export function emptiedClusters({ clusters }: Observations, leaving: ReadonlySet<string>): string {
  return JSON.stringify([...leaving].filter((name) => clusters[name]?.applied?.tree === nothing).sort())
}

const nothing = treeDigest([])
