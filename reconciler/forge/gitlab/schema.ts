import { z } from 'zod'
import type { PullRequest } from '../types.ts'

/** One status of a commit: a job of a pipeline. */
export const commitStatus = z.object({
  id: z.int(),
  name: z.string(),
  status: z.string(),
  description: z.string().nullish(),
  target_url: z.string().nullish(),
  created_at: z.iso.datetime({ offset: true }).nullish(),
  finished_at: z.iso.datetime({ offset: true }).nullish(),
})
/** A status as GitLab gives it. */
export type GitlabStatus = z.infer<typeof commitStatus>

/** A merge request as GitLab gives it, read as a pull request. */
export const mergeRequest = z
  .object({
    iid: z.int(),
    title: z.string(),
    web_url: z.string(),
    state: z.string(),
    sha: z.string().nullish(),
    merge_commit_sha: z.string().nullish(),
    squash_commit_sha: z.string().nullish(),
    author: z.object({ username: z.string() }).nullish(),
    labels: z.array(z.string()),
    source_branch: z.string(),
    target_branch: z.string(),
    source_project_id: z.int().nullish(),
    target_project_id: z.int(),
  })
  .transform(
    (one): PullRequest => ({
      number: one.iid,
      title: one.title,
      url: one.web_url,
      author: one.author?.username ?? '',
      // "locked" is one that is being merged.
      state: one.state === 'merged' ? 'merged' : one.state === 'closed' ? 'closed' : 'open',
      head: { commit: one.sha ?? '', branch: one.source_branch },
      base: { branch: one.target_branch },
      fork: one.source_project_id !== one.target_project_id,
      labels: one.labels,
      // A fast-forward has no commit of its own.
      mergeCommit:
        one.state === 'merged' ? (one.merge_commit_sha ?? one.squash_commit_sha ?? one.sha ?? undefined) : undefined,
    }),
  )

/** How far GitLab is with looking whether a merge request can be merged. */
export const mergeability = z.object({ detailed_merge_status: z.string().nullish() })

/** A note on a merge request with its author. */
export const note = z.object({ id: z.int(), body: z.string(), author: z.object({ username: z.string() }).nullish() })

/** The user that a token belongs to. */
export const user = z.object({ username: z.string() })
