import { cut } from '../cut.ts'
import type { ForgeHttp } from '../http.ts'
import { readAs } from '../read-as.ts'
import type { Forge, ForgeLimits } from '../types.ts'
import { combinedStatus } from './schema.ts'

/** The statuses of commits on Gitea; `root` is the path of the repository's API. */
export function createStatuses(
  http: ForgeHttp,
  root: string,
  limits: ForgeLimits,
): Pick<Forge, 'statuses' | 'setStatus' | 'setCheck'> {
  const setStatus: Forge['setStatus'] = async (commit, { context, state, description, targetUrl }) => {
    await http.send('POST', `${root}/statuses/${commit}`, {
      body: { context, state, description: cut(description, limits.description), target_url: targetUrl ?? '' },
    })
  }

  return {
    async statuses(commit) {
      const found = await http.all(`${root}/commits/${commit}/status`, {}, (json) => {
        return readAs(combinedStatus, json, 'combined status').statuses ?? []
      })
      return found.map(({ context, status, description, target_url }) => ({
        context,
        state: status,
        description: description ?? '',
        ...(target_url ? { targetUrl: target_url } : {}),
      }))
    },
    setStatus,
    setCheck: (commit, { summary: _summary, annotations: _annotations, ...status }) => setStatus(commit, status),
  }
}
