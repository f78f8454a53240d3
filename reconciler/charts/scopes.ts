import type { ChartRendering, ChartResolution } from '../../render/charts.ts'
import type { SourceTree } from '../../repo-layout/read/tree.ts'
import type { FleetSpec } from '../../repo-layout/schema/fleet.ts'
import type { Clock } from '../clock.ts'
import { createMemory, forEver, type Memory } from './memory.ts'

/** What is known of charts that are looked for in one way. */
export interface Scope {
  readonly id: string
  readonly resolutions: Memory<ChartResolution>
  /** Failures to have the content of a chart at hand. */
  readonly contents: Memory<ChartRendering>
}

/** Scopes of views: those that look for charts in the same way know the same. */
export interface Scopes {
  /** The scope of charts that come from elsewhere. */
  ofSettings(charts: FleetSpec['charts']): Scope
  /** The scope of the charts in a tree. A tree does not change, so what is in it, or is not, stays so. */
  ofSource(source: SourceTree | undefined): Scope
}

/** How long answers about charts elsewhere count, in milliseconds. */
const ages = { success: 60_000, final: 600_000 }

/** Makes scopes that know nothing yet. That of a tree is forgotten with it. */
export function createScopes(clock: Clock, random: () => number): Scopes {
  const bySettings = new Map<string, Scope>()
  const bySource = new WeakMap<SourceTree, Scope>()
  let count = 0
  const make = (kept: typeof ages): Scope => ({
    id: `scope ${++count}`,
    resolutions: createMemory<ChartResolution>(kept, clock, random),
    contents: createMemory<ChartRendering>(kept, clock, random),
  })
  const withoutSource = make(forEver)

  return {
    ofSettings({ mirrors, timeout }) {
      const key = JSON.stringify([mirrors, timeout])
      const scope = bySettings.get(key) ?? make(ages)
      bySettings.set(key, scope)
      return scope
    },
    ofSource(source) {
      if (source === undefined) return withoutSource
      const scope = bySource.get(source) ?? make(forEver)
      bySource.set(source, scope)
      return scope
    },
  }
}
