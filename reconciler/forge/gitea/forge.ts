import { createForgeHttp } from '../http.ts'
import { type Place, repositoryPath, type Surroundings } from '../place.ts'
import type { Forge, ForgeLimits } from '../types.ts'
import { createComments } from './comments.ts'
import { createPulls } from './pulls.ts'
import { createStatuses } from './statuses.ts'

/** Gitea stores both as text without a limit; these keep a page readable. */
const limits: ForgeLimits = { description: 255, comment: 65_000 }

/**
 * A repository on Gitea or Forgejo, for a token with the scopes `write:repository`, `write:issue` and `read:user`. A check is a
 * status here.
 */
export function createGitea(place: Place, token: string, surroundings: Surroundings): Forge {
  const { api, web, repository } = place
  const headers = async () => ({ authorization: `token ${token}` })
  const http = createForgeHttp({ api, headers }, surroundings, { sizeParameter: 'limit', size: 50 })
  const root = `/repos/${repositoryPath(repository)}`
  return {
    kind: 'gitea',
    limits,
    headRef: (number) => `refs/pull/${number}/head`,
    ...createStatuses(http, root, limits),
    ...createPulls(http, root, surroundings.clock),
    ...createComments(http, root),
    commitUrl: (commit) => `${web}/${repository}/commit/${commit}`,
    close: () => http.close(),
  }
}
