import type { Sync } from '../../../reconciler/member/types.ts'
import type { FleetStatus } from '../../../reconciler/server/types.ts'
import type { Screen } from '../../../reconciler/views/screen.ts'
import { glyph, styleOf } from '../../../reconciler/views/state.ts'
import { type Cell, layoutTable } from '../../../reconciler/views/table.ts'
import { count, plainSigns, shortCommit } from '../../../reconciler/views/text.ts'
import type { Running } from '../kubectl.ts'
import { clipped } from './show.ts'

/** A column of the matrix: what the daemon says of a cluster, and what really runs there. */
export interface Column {
  readonly cluster: string
  readonly region: string
  /** Undefined before the daemon has said anything. */
  readonly sync: Sync | undefined
  readonly running: Running
}

/** The panel below the story: what the daemon is at, then what runs where. Pure. */
export function panelLines(
  { source, generated, clusters }: Pick<FleetStatus, 'source' | 'generated' | 'clusters'>,
  columns: readonly Column[],
  screen: Screen,
): readonly string[] {
  const synced = clusters.filter(({ sync }) => sync === 'synced').length
  const at = `${source.branch} ${shortCommit(source.commit)} → ${generated.branch} ${shortCommit(generated.commit)}`
  const text = plainSigns(`${at}, ${synced} of ${count(clusters.length, 'cluster')} synced`, screen.ascii)
  return ['', screen.style('dim', clipped(text, screen)), ...matrixLines(columns, screen)]
}

/** Workloads by clusters, with ready and wanted replicas as they are in the clusters. Pure. */
export function matrixLines(columns: readonly Column[], screen: Screen): readonly string[] {
  const names = [...new Set(columns.flatMap(({ running }) => [...running.keys()]))].sort()
  const header = ['DEPLOYMENT', ...columns.map(({ cluster, region }) => `${cluster} (${region})`)]
  const states = columns.map(({ sync }): Cell => {
    if (sync === undefined) return '-'
    return { text: `${glyph(sync, screen.ascii)} ${sync}`, style: styleOf(sync) }
  })
  const rows = names.map((name): readonly Cell[] => [
    name,
    ...columns.map(({ running }) => cellOf(running, name, screen)),
  ])
  return layoutTable(header, [['', ...states], ...rows], screen)
}

function cellOf(running: Running, name: string, { ascii }: Screen): Cell {
  const found = running.get(name)
  if (!found) return { text: ascii ? '-' : '·', style: 'dim' }
  const state = found.ready === found.wanted ? 'synced' : 'progressing'
  return { text: `${glyph(state, ascii)} ${found.ready}/${found.wanted}`, style: styleOf(state) }
}
