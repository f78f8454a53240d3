import { z } from 'zod'
import type { PullRequest } from '../types.ts'

const status = z.object({
  context: z.string(),
  state: z.enum(['error', 'failure', 'pending', 'success']),
  description: z.string().nullish(),
  target_url: z.string().nullish(),
})

/** A status as GitHub gives it. */
export type GithubStatus = z.infer<typeof status>

/** Every status of a commit, the newest first. */
export const statusList = z.array(status.extend({ created_at: z.iso.datetime({ offset: true }) }))

/** The combined status of a commit: the newest of each context. */
export const combinedStatus = z.object({ statuses: z.array(status) })

const side = z.object({ ref: z.string(), sha: z.string(), repo: z.object({ id: z.int() }).nullish() })

/** A pull request as GitHub gives it, read as ours. */
export const pullRequest = z
  .object({
    number: z.int(),
    title: z.string(),
    html_url: z.string(),
    state: z.string(),
    merged_at: z.string().nullish(),
    merge_commit_sha: z.string().nullish(),
    user: z.object({ login: z.string() }).nullish(),
    labels: z.array(z.object({ name: z.string() })),
    head: side,
    base: z.object({ ref: z.string(), repo: z.object({ id: z.int() }) }),
  })
  .transform((one): PullRequest => {
    const isMerged = typeof one.merged_at === 'string'
    return {
      number: one.number,
      title: one.title,
      url: one.html_url,
      author: one.user?.login ?? '',
      state: isMerged ? 'merged' : one.state === 'open' ? 'open' : 'closed',
      head: { commit: one.head.sha, branch: one.head.ref },
      base: { branch: one.base.ref },
      fork: one.head.repo?.id !== one.base.repo.id,
      labels: one.labels.map(({ name }) => name),
      // Before the merge it is that of a trial.
      mergeCommit: isMerged ? (one.merge_commit_sha ?? undefined) : undefined,
    }
  })

/** A comment with its author. */
export const comment = z.object({
  id: z.int(),
  body: z.string().nullish(),
  user: z.object({ login: z.string() }).nullish(),
})

/** The labels of a pull request. */
export const labels = z.array(z.object({ name: z.string() }))

/** The user that a token belongs to. */
export const user = z.object({ login: z.string() })

/** A check run. */
export const checkRun = z.object({
  id: z.int(),
  name: z.string(),
  status: z.string(),
  conclusion: z.string().nullish(),
  external_id: z.string().nullish(),
  details_url: z.string().nullish(),
  output: z
    .object({ title: z.string().nullish(), summary: z.string().nullish(), annotations_count: z.int().nullish() })
    .nullish(),
})
/** A check run as GitHub gives it. */
export type CheckRun = z.infer<typeof checkRun>

/** One page of check runs. */
export const checkRuns = z.object({ check_runs: z.array(checkRun) })
