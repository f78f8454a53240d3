import type { ClusterStatus, FleetStatus } from './types.ts'

/** Which part of a fleet's status is asked for; every part is optional. */
export interface StatusQuery {
  /** Cluster names, with `*` and `?` as wildcards; all clusters where there is none. */
  readonly clusters?: readonly string[]
  /** `notable` leaves out objects that are as they should be, which is nearly all of them. */
  readonly objects?: 'all' | 'notable'
}

/** A part of the status, or the patterns that no cluster matches. */
export type Selection =
  | { readonly status: FleetStatus; readonly unmatched: readonly [] }
  | { readonly status: undefined; readonly unmatched: readonly string[] }

/** Cuts a status down to what a query asks for. A pattern that matches nothing is never an empty selection. */
export function selectStatus(status: FleetStatus, query: StatusQuery): Selection {
  const patterns = query.clusters ?? []
  const { names, unmatched } = matchClusters(
    status.clusters.map(({ cluster }) => cluster),
    patterns,
  )
  if (unmatched.length > 0) return { status: undefined, unmatched }
  const wanted = new Set(names)
  const chosen = patterns.length === 0 ? status.clusters : status.clusters.filter(({ cluster }) => wanted.has(cluster))
  const clusters = query.objects === 'notable' ? chosen.map(notable) : chosen
  return { status: { ...status, clusters }, unmatched: [] }
}

/** The names that any of the patterns matches, in their own order, and the patterns that match none. */
export function matchClusters(
  names: readonly string[],
  patterns: readonly string[],
): { readonly names: readonly string[]; readonly unmatched: readonly string[] } {
  const tests = patterns.map((pattern) => ({ pattern, test: globTest(pattern) }))
  return {
    names: names.filter((name) => tests.some(({ test }) => test(name))),
    unmatched: tests.filter(({ test }) => !names.some(test)).map(({ pattern }) => pattern),
  }
}

/** Whether a pattern with `*` and `?` matches a name, in a time that no pattern can make long. */
function globTest(pattern: string): (name: string) => boolean {
  return (name) => {
    if (name === pattern) return true
    let [at, from, star, tried] = [0, 0, -1, 0]
    while (from < name.length) {
      if (pattern[at] === '*') {
        star = at++
        tried = from
      } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === name[from])) {
        at++
        from++
      } else if (star >= 0) {
        at = star + 1
        from = ++tried
      } else return false
    }
    while (pattern[at] === '*') at++
    return at === pattern.length
  }
}

function notable(cluster: ClusterStatus): ClusterStatus {
  const objects = cluster.objects.filter(
    ({ action, health, drift, pause }) =>
      pause !== undefined || drift !== undefined || health !== 'Current' || action === 'failed' || action === 'skipped',
  )
  return { ...cluster, objects }
}
