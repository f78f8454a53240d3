import { z } from 'zod'
import type { Clock } from '../../clock.ts'
import { ForgeError, failedAs } from '../error.ts'
import type { ForgeHttp } from '../http.ts'
import { openOnce } from '../open-once.ts'
import { readAs } from '../read-as.ts'
import type { Forge, PullRequest } from '../types.ts'
import { withoutQuickActions } from './quick-actions.ts'
import { mergeability, mergeRequest } from './schema.ts'

/** How long GitLab is given to look for conflicts, in milliseconds. */
const checking = 5_000
const undecided: ReadonlySet<string> = new Set(['checking', 'unchecked', 'preparing', 'approvals_syncing'])

/** The merge requests of a project on GitLab; `root` is the path of its API. */
export function createPulls(
  http: ForgeHttp,
  root: string,
  { saw, clock }: { readonly saw: (pull: PullRequest) => PullRequest; readonly clock: Clock },
): Pick<Forge, 'pullRequests' | 'pullRequest' | 'openPullRequest' | 'merge' | 'removeLabel'> {
  const pullRequests = async (base: string, head?: string) => {
    const query = { state: 'opened', target_branch: base, source_branch: head }
    const all = await http.all(`${root}/merge_requests`, query, (json) =>
      readAs(z.array(mergeRequest), json, 'list of merge requests'),
    )
    return all.map(saw)
  }

  return {
    pullRequests: (base) => pullRequests(base),
    async pullRequest(number) {
      const { json } = await http.send('GET', `${root}/merge_requests/${number}`)
      return saw(readAs(mergeRequest, json, 'merge request'))
    },
    openPullRequest: ({ title, body, head, base }) =>
      openOnce(
        head,
        async () => {
          const { json } = await http.send('POST', `${root}/merge_requests`, {
            body: { title, description: withoutQuickActions(body), source_branch: head, target_branch: base },
          })
          return saw(readAs(mergeRequest, json, 'merge request'))
        },
        ({ message }) => /already exists/i.test(message),
        () => pullRequests(base, head),
      ),
    async merge(number, head) {
      const path = `${root}/merge_requests/${number}`
      try {
        await http.send('PUT', `${path}/merge`, { body: { sha: head } })
      } catch (error) {
        if (!failedAs(error, 'refused')) throw error
        const { json } = await http.send('GET', path)
        const { detailed_merge_status: far } = readAs(mergeability, json, 'merge request')
        if (far && undecided.has(far))
          throw new ForgeError(error.message, { type: 'limited', retryAt: clock.now() + checking }, { cause: error })
        throw error
      }
    },
    async removeLabel(number, label) {
      await http.send('PUT', `${root}/merge_requests/${number}`, { body: { remove_labels: label } })
    },
  }
}
