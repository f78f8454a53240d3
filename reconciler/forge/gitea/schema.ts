import { z } from 'zod'
import type { PullRequest, StatusState } from '../types.ts'

/** States that Gitea has beside ours: a warning is no failure, what was skipped asks for nothing. */
const states: { readonly [state: string]: StatusState } = {
  pending: 'pending',
  success: 'success',
  error: 'error',
  failure: 'failure',
  warning: 'success',
  skipped: 'success',
}

const status = z.object({
  context: z.string(),
  status: z.string().transform((state): StatusState => states[state] ?? 'error'),
  description: z.string().nullish(),
  target_url: z.string().nullish(),
})
/** A status as Gitea gives it, its state in our words. */
export type GiteaStatus = z.infer<typeof status>

/** Every status of a commit. */
export const statusList = z
  .array(status.extend({ id: z.int(), created_at: z.iso.datetime({ offset: true }) }))
  .nullish()

/** The combined status of a commit: the newest of each context. */
export const combinedStatus = z.object({ statuses: z.array(status).nullish() })

const side = z.object({ ref: z.string(), sha: z.string().nullish(), repo_id: z.int().nullish() })
const base = z.object({ ref: z.string(), repo_id: z.int() })

/** A pull request as Gitea gives it, read as ours. */
export const pullRequest = z
  .object({
    number: z.int(),
    title: z.string(),
    html_url: z.string(),
    state: z.string(),
    flow: z.int().nullish(),
    merged: z.boolean().nullish(),
    merge_commit_sha: z.string().nullish(),
    user: z.object({ login: z.string() }).nullish(),
    labels: z.array(z.object({ name: z.string() })).nullish(),
    head: side,
    base,
  })
  .transform(
    (one): PullRequest => ({
      number: one.number,
      title: one.title,
      url: one.html_url,
      author: one.user?.login ?? '',
      state: one.merged === true ? 'merged' : one.state === 'open' ? 'open' : 'closed',
      head: { commit: one.head.sha ?? '', branch: one.head.ref },
      base: { branch: one.base.ref },
      // Who may only read can push a pull request into this repository (AGit); its head is no branch.
      fork: one.head.repo_id !== one.base.repo_id || one.flow === 1 || one.head.ref.startsWith('refs/'),
      labels: (one.labels ?? []).map(({ name }) => name),
      mergeCommit: one.merged === true ? (one.merge_commit_sha ?? undefined) : undefined,
    }),
  )

/** A comment with its author. */
export const comment = z.object({ id: z.int(), body: z.string(), user: z.object({ login: z.string() }).nullish() })

/** The labels of a pull request with their ids. */
export const labels = z.array(z.object({ id: z.int(), name: z.string() }))

/** The user that a token belongs to. */
export const user = z.object({ login: z.string() })
