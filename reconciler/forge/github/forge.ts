import { createForgeHttp } from '../http.ts'
import { type Place, repositoryPath, type Surroundings } from '../place.ts'
import type { Forge, ForgeLimits } from '../types.ts'
import { createAllowance } from './allowance.ts'
import { type AppKey, createApp } from './app.ts'
import { createChecks } from './checks.ts'
import { createComments } from './comments.ts'
import { createPulls } from './pulls.ts'
import { createStatuses } from './statuses.ts'

const limits: ForgeLimits = { description: 140, comment: 65_536 }

/** How a daemon says who it is to GitHub: as a person or machine user, or as an App. */
export type GithubAuth =
  | { readonly type: 'token'; readonly token: string }
  | { readonly type: 'app'; readonly key: AppKey }

const own = { accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' }
const page = { sizeParameter: 'per_page', size: 100 }

/**
 * A repository on GitHub. A token needs to write commit statuses and pull requests; an App also writes checks, and then
 * `setCheck` makes check runs. Throws where the App's key is no private key.
 */
export function createGithub(place: Place, auth: GithubAuth, surroundings: Surroundings): Forge {
  const { api, web, repository } = place
  const root = `/repos/${repositoryPath(repository)}`
  const app =
    auth.type === 'app' ? createApp({ api, root, key: auth.key, headers: own, page }, surroundings) : undefined
  const token = app ? app.token : async () => (auth.type === 'token' ? auth.token : '')
  const headers = async () => ({ ...own, authorization: `Bearer ${await token()}` })
  const onUnauthorized = () => app?.forget()
  const http = createForgeHttp({ api, headers, onUnauthorized }, surroundings, page)
  const allowance = createAllowance(surroundings.clock)
  const patient = allowance.counted(http, 'patient')
  const statuses = createStatuses(allowance.counted(http, 'status'), root, limits)
  return {
    kind: 'github',
    limits,
    headRef: (number) => `refs/pull/${number}/head`,
    ...statuses,
    setCheck: createStatuses(patient, root, limits).setCheck,
    ...(app ? createChecks(patient, root, { ...statuses, limits, appId: app.id }) : {}),
    ...createPulls(allowance.counted(http, 'urgent'), root),
    ...createComments(patient, root, app?.login),
    otherWrites: allowance.others,
    commitUrl: (commit) => `${web}/${repository}/commit/${commit}`,
    async close() {
      await app?.close()
      await http.close()
    },
  }
}
