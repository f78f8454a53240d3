import { createForgeHttp } from '../http.ts'
import type { Place, Surroundings } from '../place.ts'
import type { Forge, ForgeLimits } from '../types.ts'
import { createComments } from './comments.ts'
import { createHeads } from './heads.ts'
import { createPulls } from './pulls.ts'
import { createStatuses } from './statuses.ts'

const limits: ForgeLimits = { description: 255, comment: 1_000_000 }

/**
 * A project on GitLab, for a token with the scope `api` and the role Developer. A check is a status here, and GitLab has no word
 * for `error`: such a status is shown, and given back, as `failure`. `branch` is the one that commits with a status are on.
 */
export function createGitlab(place: Place, token: string, branch: string, surroundings: Surroundings): Forge {
  const { api, web, repository } = place
  const headers = async () => ({ authorization: `Bearer ${token}` })
  const http = createForgeHttp({ api, headers }, surroundings, { sizeParameter: 'per_page', size: 100 })
  const root = `/projects/${encodeURIComponent(repository)}`
  const heads = createHeads()
  return {
    kind: 'gitlab',
    limits,
    headRef: (number) => `refs/merge-requests/${number}/head`,
    ...createStatuses(http, root, { limits, branch, refOf: heads.refOf, clock: surroundings.clock }),
    ...createPulls(http, root, { saw: heads.saw, clock: surroundings.clock }),
    ...createComments(http, root),
    commitUrl: (commit) => `${web}/${repository}/-/commit/${commit}`,
    close: () => http.close(),
  }
}
