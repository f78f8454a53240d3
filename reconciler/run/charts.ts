import { createChartEngine } from '../charts/engine.ts'
import { chartSettings } from '../charts/settings.ts'
import type { ChartEngine } from '../charts/types.ts'
import type { Clock } from '../clock.ts'

/**
 * Opens what finds and renders charts, as the environment says (`chartSettings`). With `folder`, a Helm repository on disk,
 * that stands for every repository and nothing is read from the network. Reads and starts nothing yet.
 */
export function openCharts(env: NodeJS.ProcessEnv, clock: Clock, folder?: string): ChartEngine {
  return createChartEngine({ clock, ...chartSettings(env), ...(folder === undefined ? {} : { folder }) })
}
