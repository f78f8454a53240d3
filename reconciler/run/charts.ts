import { homedir } from 'node:os'
import { join } from 'node:path'
import { readChartCredentials } from '../charts/credentials.ts'
import { createChartEngine } from '../charts/engine.ts'
import type { ChartEngine } from '../charts/types.ts'
import type { Clock } from '../clock.ts'

/**
 * Opens what finds and renders charts, as the environment says: `FLOTILLA_CHART_CREDENTIALS` names the file of credentials,
 * `FLOTILLA_HELM` the Helm that renders. With `folder`, a Helm repository on disk, that stands for every repository and nothing
 * is read from the network. Reads and starts nothing yet.
 */
export function openCharts(env: NodeJS.ProcessEnv, clock: Clock, folder?: string): ChartEngine {
  const credentials = env.FLOTILLA_CHART_CREDENTIALS
  return createChartEngine({
    clock,
    cacheFolder: join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'flotilla', 'charts'),
    helm: { configured: env.FLOTILLA_HELM, path: env.PATH },
    ...(credentials ? { credentials: () => readChartCredentials(credentials, env) } : {}),
    ...(folder === undefined ? {} : { folder }),
  })
}
