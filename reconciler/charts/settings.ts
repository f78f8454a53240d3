import { homedir } from 'node:os'
import { join } from 'node:path'
import { readChartCredentials } from './credentials.ts'
import type { ChartEngineOptions } from './types.ts'

/**
 * What the environment of a process says about charts: where they are kept, which Helm renders them, and the file of
 * credentials, which is read each time charts are fetched. Reads nothing itself.
 */
export function chartSettings(
  env: NodeJS.ProcessEnv,
): Required<Pick<ChartEngineOptions, 'cacheFolder' | 'credentials' | 'helm'>> {
  const cache = env.XDG_CACHE_HOME || join(homedir(), '.cache')
  const path = env.FLOTILLA_CHART_CREDENTIALS
  return {
    cacheFolder: join(cache, 'flotilla', 'charts'),
    credentials: async () => (path ? readChartCredentials(path, env) : []),
    helm: { configured: env.FLOTILLA_HELM, path: env.PATH },
  }
}
