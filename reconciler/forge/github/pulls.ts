import { z } from 'zod'
import type { ForgeHttp } from '../http.ts'
import { openOnce } from '../open-once.ts'
import { readAs } from '../read-as.ts'
import type { Forge } from '../types.ts'
import { labels, pullRequest } from './schema.ts'

/** The pull requests of a repository on GitHub; `root` is the path of its API. */
export function createPulls(
  http: ForgeHttp,
  root: string,
): Pick<Forge, 'pullRequests' | 'pullRequest' | 'openPullRequest' | 'merge' | 'removeLabel'> {
  const pullRequests: Forge['pullRequests'] = (base) =>
    http.all(`${root}/pulls`, { state: 'open', base }, (json) =>
      readAs(z.array(pullRequest), json, 'list of pull requests'),
    )

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
        ({ message }) => /already exists/i.test(message),
        () => pullRequests(base),
      ),
    async merge(number, head) {
      await http.send('PUT', `${root}/pulls/${number}/merge`, { body: { sha: head, merge_method: 'merge' } })
    },
    async removeLabel(number, label) {
      const path = `${root}/issues/${number}/labels`
      const all = await http.all(path, {}, (json) => readAs(labels, json, 'list of labels'))
      if (all.some(({ name }) => name === label)) await http.send('DELETE', `${path}/${encodeURIComponent(label)}`)
    },
  }
}
