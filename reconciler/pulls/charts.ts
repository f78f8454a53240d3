import type { Charts } from '../../render/charts.ts'
import type { FleetSource } from '../../repo-layout/read/assemble.ts'
import type { ChartEngine } from '../charts/types.ts'

/**
 * Charts as the plan of a pull request may ask for them: from repositories that the merged branch names already, and from the
 * source itself. Whatever else a head names is not even looked up, for a request is something that a head could reach.
 */
export function mergedCharts(
  engine: Pick<ChartEngine, 'at'>,
  merged: () => FleetSource | undefined,
): Pick<ChartEngine, 'at'> {
  return {
    at(revision) {
      const view = engine.at(revision)
      const known = new Set(
        (merged()?.rollouts.applications ?? []).map(({ value }) => value.spec.template.chart.repoUrl),
      )
      const isKnown = (repoUrl: string) => repoUrl.startsWith('.') || known.has(repoUrl)
      const resolve: Charts['resolve'] = (ref) =>
        isKnown(ref.repoUrl)
          ? view.known.resolve(ref)
          : {
              type: 'failed',
              problem: `${ref.repoUrl} is no chart repository of the merged branch; charts of it are fetched once this is merged`,
              isFinal: true,
            }
      return { ...view, known: { ...view.known, resolve } }
    },
  }
}
