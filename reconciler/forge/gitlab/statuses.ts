import { z } from 'zod'
import type { JsonObject } from '../../../repo-layout/json.ts'
import type { Clock } from '../../clock.ts'
import { cut } from '../cut.ts'
import { ForgeError, failedAs } from '../error.ts'
import type { ForgeHttp } from '../http.ts'
import { newestOf } from '../newest.ts'
import { readAs } from '../read-as.ts'
import type { CommitStatus, Forge, ForgeLimits, PostedStatus } from '../types.ts'
import { commitStatus, type GitlabStatus } from './schema.ts'

/** Longer ones are refused with the whole status, so they are left out. */
const targetLimit = 255
/** How long another update of the same commit is given, in milliseconds. */
const lockPause = 2_000

type GitlabState = 'pending' | 'running' | 'success' | 'failed' | 'canceled'

/**
 * The statuses of commits on GitLab; `root` is the path of the project's API. A status is a job of a pipeline there: a job that
 * waits or runs takes another description only with another state, and one that has ended is followed by a new one. Posts wait
 * for each other, since two at once of one commit can make two pipelines.
 */
export function createStatuses(
  http: ForgeHttp,
  root: string,
  options: {
    readonly limits: ForgeLimits
    readonly branch: string
    readonly refOf: (commit: string) => string | undefined
    readonly clock: Clock
  },
): Pick<Forge, 'statuses' | 'statusesSince' | 'setStatus' | 'setCheck'> {
  const { limits, branch, refOf, clock } = options
  let queue: Promise<unknown> = Promise.resolve()

  async function jobsOf(commit: string, name?: string): Promise<readonly GitlabStatus[]> {
    const found = await http.all(`${root}/repository/commits/${commit}/statuses`, { name }, (json) =>
      readAs(z.array(commitStatus), json, 'list of statuses'),
    )
    return newestOf(
      [...found].sort((a, b) => a.id - b.id),
      (one) => one.name,
    )
  }

  /** False where the job is not in a state from which it gets there. */
  async function post(commit: string, state: GitlabState, body: JsonObject): Promise<boolean> {
    try {
      await http.send('POST', `${root}/statuses/${commit}`, { body: { ...body, state } })
      return true
    } catch (error) {
      if (failedAs(error, 'refused') && /cannot transition/i.test(error.message)) return false
      if (error instanceof ForgeError && error.failure.type === 'refused' && error.failure.status === 409)
        throw new ForgeError(error.message, { type: 'limited', retryAt: clock.now() + lockPause }, { cause: error })
      throw error
    }
  }

  async function set(commit: string, ref: string | undefined, status: CommitStatus): Promise<void> {
    const { context, state, targetUrl } = status
    const description = cut(status.description, limits.description)
    const body: JsonObject = {
      name: context,
      description,
      ...(ref === undefined ? {} : { ref }),
      ...(targetUrl === undefined || targetUrl.length > targetLimit ? {} : { target_url: targetUrl }),
    }
    if ((await post(commit, states[state], body)) || state !== 'pending') return
    // It waits or runs already: only a step forward carries another description, and after the last step a new job does.
    const [now] = await jobsOf(commit, context)
    if (!now || now.description === description) return
    if (now.status === 'pending' && (await post(commit, 'running', body))) return
    await post(commit, 'canceled', { name: context, ...(ref === undefined ? {} : { ref }) })
    await post(commit, 'pending', body)
  }

  /** One after the other; a failure is that of its own call. */
  function inTurn(work: () => Promise<void>): Promise<void> {
    const mine = queue.then(work)
    queue = mine.catch(() => undefined)
    return mine
  }

  return {
    async statuses(commit) {
      return (await jobsOf(commit)).map(statusOf)
    },
    async statusesSince(commit, since) {
      const found = await http.all(`${root}/repository/commits/${commit}/statuses`, { all: 'true' }, (json) =>
        readAs(z.array(commitStatus), json, 'list of statuses'),
      )
      return found
        .flatMap(stepsOf)
        .filter(({ at }) => at >= since)
        .sort((a, b) => a.at - b.at)
    },
    setStatus: (commit, status) => inTurn(() => set(commit, branch, status)),
    setCheck: (commit, { summary: _summary, annotations: _annotations, ...status }) =>
      inTurn(() => set(commit, refOf(commit), status)),
  }
}

function statusOf({ name, status, description, target_url }: GitlabStatus): CommitStatus {
  const link = target_url ? { targetUrl: target_url } : {}
  return { context: name, state: stateOf(status), description: description ?? '', ...link }
}

/** What a job has said, as far as GitLab tells: when it was made, and when it ended. */
function stepsOf(job: GitlabStatus): readonly PostedStatus[] {
  const { created_at, finished_at } = job
  const said = statusOf(job)
  const end = finished_at ? [{ ...said, at: Date.parse(finished_at) }] : []
  if (!created_at) return end
  return [{ ...said, state: finished_at ? 'pending' : said.state, at: Date.parse(created_at) }, ...end]
}

const states: { readonly [state in CommitStatus['state']]: GitlabState } = {
  pending: 'pending',
  success: 'success',
  failure: 'failed',
  error: 'failed',
}

/** What waits for a person or a runner is no verdict yet; what was skipped asks for nothing. */
function stateOf(status: string): CommitStatus['state'] {
  if (status === 'success' || status === 'skipped') return 'success'
  if (status === 'failed') return 'failure'
  return status === 'canceled' ? 'error' : 'pending'
}
