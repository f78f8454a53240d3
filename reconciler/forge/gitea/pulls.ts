import { z } from 'zod'
import type { Clock } from '../../clock.ts'
import { ForgeError, failedAs } from '../error.ts'
import type { ForgeHttp } from '../http.ts'
import { openOnce } from '../open-once.ts'
import { readAs } from '../read-as.ts'
import type { Forge } from '../types.ts'
import { labels, pullRequest } from './schema.ts'

/** How long Gitea is given to look for conflicts, in milliseconds. */
const checking = 5_000

/** The pull requests of a repository on Gitea; `root` is the path of its API. */
export function createPulls(
  http: ForgeHttp,
  root: string,
  clock: Clock,
): Pick<Forge, 'pullRequests' | 'pullRequest' | 'openPullRequest' | 'merge' | 'removeLabel'> {
  const pullRequests: Forge['pullRequests'] = async (base) => {
    const all = await http.all(`${root}/pulls`, { state: 'open' }, (json) =>
      readAs(z.array(pullRequest), json, 'list of pull requests'),
    )
    return all.filter((one) => one.base.branch === base)
  }

  return {
    pullRequests,
    async pullRequest(number) {
      const { json } = await http.send('GET', `${root}/pulls/${number}`)
      return readAs(pullRequest, json, 'pull request')
    },
    openPullRequest: ({ title, body, head, base }) =>
      openOnce(
        head,
        async () => {
          const { json } = await http.send('POST', `${root}/pulls`, { body: { title, body, head, base } })
          return readAs(pullRequest, json, 'pull request')
        },
        ({ failure }) => failure.type === 'refused' && failure.status === 409,
        () => pullRequests(base),
      ),
    async merge(number, head) {
      await http
        .send('POST', `${root}/pulls/${number}/merge`, { body: { Do: 'merge', head_commit_id: head } })
        .catch((error: unknown) => {
          // It has not looked yet whether the branches conflict.
          if (failedAs(error, 'refused') && /try again later/i.test(error.message))
            throw new ForgeError(error.message, { type: 'limited', retryAt: clock.now() + checking }, { cause: error })
          throw error
        })
    },
    async removeLabel(number, label) {
      const { json } = await http.send('GET', `${root}/issues/${number}/labels`)
      const found = readAs(labels, json, 'list of labels').find(({ name }) => name === label)
      if (found) await http.send('DELETE', `${root}/issues/${number}/labels/${found.id}`)
    },
  }
}
