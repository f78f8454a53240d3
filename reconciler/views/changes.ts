import type { ClusterStatus, FleetStatus } from '../server/types.ts'
import { clockTime } from './age.ts'
import { clusterMessage } from './cluster-message.ts'
import type { Screen } from './screen.ts'
import { glyph, styleOf } from './state.ts'
import { tame } from './tame.ts'
import { pad, shortCommit } from './text.ts'

/** One line for each cluster whose state, counts, commit or reason is another than before: what a log can hold. */
export function changeLines(
  rawBefore: FleetStatus | undefined,
  rawAfter: FleetStatus,
  now: number,
  screen: Screen,
): readonly string[] {
  const [before, after] = [tame(rawBefore), tame(rawAfter)]
  const old = new Map(before?.clusters.map((cluster) => [cluster.cluster, line(cluster, now, screen)]))
  const names = new Set(after.clusters.map(({ cluster }) => cluster))
  const time = clockTime(after.at, now)
  return [
    ...after.clusters.flatMap((cluster) => {
      const text = line(cluster, now, screen)
      return old.get(cluster.cluster) === text ? [] : [`${time}  ${text}`]
    }),
    ...[...old.keys()].filter((name) => !names.has(name)).map((name) => `${time}  ${name} left the fleet`),
  ]
}

function line(cluster: ClusterStatus, now: number, screen: Screen): string {
  const { sync } = cluster
  const state = screen.style(styleOf(sync), pad(`${glyph(sync, screen.ascii)} ${sync}`, 14))
  const counts = `${cluster.applied}/${cluster.total}`
  return [cluster.cluster, state, counts, shortCommit(cluster.appliedCommit), clusterMessage(cluster, now)]
    .join('  ')
    .trimEnd()
}
