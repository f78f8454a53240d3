import { cut } from '../cut.ts'
import { createForgeHttp, type ForgeAddress } from '../http.ts'
import { readAs } from '../read-as.ts'
import type { Forge, ForgeLimits } from '../types.ts'
import { createComments } from './comments.ts'
import { createPulls } from './pulls.ts'
import { combinedStatus } from './schema.ts'

/** Gitea stores both as text without a limit; these keep a page readable. */
const limits: ForgeLimits = { description: 255, comment: 65_000 }

/** A repository on Gitea or Forgejo. `repository` is `owner/name`, `web` the root of its pages. */
export function createGitea(address: ForgeAddress, repository: string, web: string): Forge {
  const http = createForgeHttp(address, { sizeParameter: 'limit', size: 50 })
  const root = `/repos/${repository.split('/').map(encodeURIComponent).join('/')}`

  const setStatus: Forge['setStatus'] = async (commit, { context, state, description, targetUrl }) => {
    await http.send('POST', `${root}/statuses/${commit}`, {
      body: { context, state, description: cut(description, limits.description), target_url: targetUrl ?? '' },
    })
  }

  return {
    kind: 'gitea',
    limits,
    headRef: (number) => `refs/pull/${number}/head`,
    async statuses(commit) {
      const found = await http.all(`${root}/commits/${commit}/status`, {}, (json) => {
        return readAs(combinedStatus, json, 'a combined status').statuses ?? []
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
    ...createPulls(http, root, address.clock),
    ...createComments(http, root),
    commitUrl: (commit) => `${web}/${repository}/commit/${commit}`,
    close: () => http.close(),
  }
}
