import { cut } from '../cut.ts'
import { endOfSecond } from '../end-of-second.ts'
import { ForgeError, failedAs } from '../error.ts'
import type { ForgeHttp } from '../http.ts'
import { readAs } from '../read-as.ts'
import type { CommitStatus, Forge, ForgeLimits, PostedStatus } from '../types.ts'
import { combinedStatus, type GithubStatus, statusList } from './schema.ts'

/** The statuses of commits on GitHub; `root` is the path of the repository's API. */
export function createStatuses(
  http: ForgeHttp,
  root: string,
  limits: ForgeLimits,
): Pick<Forge, 'statuses' | 'statusesSince' | 'setStatus' | 'setCheck'> {
  const setStatus: Forge['setStatus'] = async (commit, { context, state, description, targetUrl }) => {
    const body = { context, state, description: cut(description, limits.description) }
    await http
      .send('POST', `${root}/statuses/${commit}`, {
        body: targetUrl === undefined ? body : { ...body, target_url: targetUrl },
      })
      .catch((error: unknown) => {
        if (failedAs(error, 'refused') && /maximum number of statuses/i.test(error.message))
          throw new ForgeError(error.message, { type: 'full' }, { cause: error })
        throw error
      })
  }

  return {
    async statuses(commit) {
      const found = await http.all(`${root}/commits/${commit}/status`, {}, (json) => {
        return readAs(combinedStatus, json, 'combined status').statuses
      })
      return found.map(statusOf)
    },
    async statusesSince(commit, since) {
      const isBefore = ({ at }: PostedStatus) => at < since
      const found = await http.all(
        `${root}/commits/${commit}/statuses`,
        {},
        (json) =>
          readAs(statusList, json, 'list of statuses').map((one) => ({
            ...statusOf(one),
            at: endOfSecond(one.created_at),
          })),
        (page) => page.some(isBefore),
      )
      return found.filter((one) => !isBefore(one)).reverse()
    },
    setStatus,
    setCheck: (commit, { summary: _summary, annotations: _annotations, ...status }) => setStatus(commit, status),
  }
}

function statusOf({ context, state, description, target_url }: GithubStatus): CommitStatus {
  return { context, state, description: description ?? '', ...(target_url ? { targetUrl: target_url } : {}) }
}
