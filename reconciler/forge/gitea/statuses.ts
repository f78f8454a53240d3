import { cut } from '../cut.ts'
import { endOfSecond } from '../end-of-second.ts'
import type { ForgeHttp } from '../http.ts'
import { readAs } from '../read-as.ts'
import type { CommitStatus, Forge, ForgeLimits } from '../types.ts'
import { combinedStatus, type GiteaStatus, statusList } from './schema.ts'

/** The statuses of commits on Gitea; `root` is the path of the repository's API. */
export function createStatuses(
  http: ForgeHttp,
  root: string,
  limits: ForgeLimits,
): Pick<Forge, 'statuses' | 'statusesSince' | 'setStatus' | 'setCheck'> {
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
      return found.map(statusOf)
    },
    async statusesSince(commit, since) {
      const isBefore = ({ at }: { readonly at: number }) => at < since
      const found = await http.all(
        `${root}/commits/${commit}/statuses`,
        {},
        (json) =>
          (readAs(statusList, json, 'list of statuses') ?? []).map((one) => ({
            ...{ status: statusOf(one), id: one.id },
            at: endOfSecond(one.created_at),
          })),
        (page) => page.some(isBefore),
      )
      // Those of one second come in any order.
      return found
        .filter((one) => !isBefore(one))
        .sort((a, b) => a.id - b.id)
        .map(({ status, at }) => ({ ...status, at }))
    },
    setStatus,
    setCheck: (commit, { summary: _summary, annotations: _annotations, ...status }) => setStatus(commit, status),
  }
}

function statusOf({ context, status, description, target_url }: GiteaStatus): CommitStatus {
  return { context, state: status, description: description ?? '', ...(target_url ? { targetUrl: target_url } : {}) }
}
