/** How a commit fares, in the words that every forge has. */
export type StatusState = 'pending' | 'success' | 'failure' | 'error'

/** One commit status. A forge shows the newest of each context. */
export interface CommitStatus {
  /** `flotilla`, `flotilla/<cluster>`, `flotilla/plan`. */
  readonly context: string
  readonly state: StatusState
  /** The most useful first; longer ones than `limits.description` are cut by the adapter on code points, with `…`. */
  readonly description: string
  readonly targetUrl?: string | undefined
}

/** A status with when it was posted, in milliseconds since the epoch. */
export interface PostedStatus extends CommitStatus {
  readonly at: number
}

/** A pull request (GitLab: merge request) as far as Flotilla looks at it. */
export interface PullRequest {
  readonly number: number
  readonly title: string
  readonly url: string
  readonly author: string
  readonly state: 'open' | 'merged' | 'closed'
  /** `commit` is empty where the forge has lost it, with the repository of a fork. */
  readonly head: { readonly commit: string; readonly branch: string }
  readonly base: { readonly branch: string }
  /** The head is no branch of this repository, so who made it may lack the right to push here. What is not known is a fork. */
  readonly fork: boolean
  readonly labels: readonly string[]
  /** The commit on the base branch that it was merged as. */
  readonly mergeCommit?: string | undefined
}

/** A place in a file of the head that a message is about; a forge without annotations leaves them to the comment. */
export interface Annotation {
  readonly path: string
  readonly line: number
  readonly column: number
  readonly severity: 'error' | 'warning'
  readonly text: string
}

/** What a webhook tells, believed only as a hint where to look. */
export type ForgeEvent =
  | { readonly type: 'push'; readonly branch: string }
  | { readonly type: 'pull-request'; readonly number: number }
  | { readonly type: 'other' }

/** Limits of a forge, as its documentation says. */
export interface ForgeLimits {
  /** Code points of a status description. */
  readonly description: number
  /** Code points of a comment; the caller keeps them, so that what is cut is its decision. */
  readonly comment: number
}

/**
 * One repository on a forge. Every method is one or a few HTTP requests, may be called while others run, can be repeated, and
 * rejects with a `ForgeError`; nothing is tried again within. Tokens go to the forge's own host alone; redirects are not
 * followed.
 */
export interface Forge {
  readonly kind: 'gitea' | 'github' | 'gitlab'
  readonly limits: ForgeLimits
  /** The ref under which the head of a pull request can be fetched from the base repository. */
  headRef(number: number): string
  /**
   * The newest status of each context of a commit, all pages; also those that others posted, and our checks. GitLab has no word
   * for `error` and gives such a status back as `failure`.
   */
  statuses(commit: string): Promise<readonly CommitStatus[]>
  /**
   * What was posted on a commit since then, in milliseconds since the epoch, oldest first; also what others posted. GitLab keeps of
   * a job when it was made and when it ended, and no words in between.
   */
  statusesSince(commit: string, since: number): Promise<readonly PostedStatus[]>
  /**
   * Posts a status on a commit of the source branch. Where the forge says that it is there already, that is success. A
   * `targetUrl` that is too long for the forge is left out.
   */
  setStatus(commit: string, status: CommitStatus): Promise<void>
  /**
   * The plan's check on the head of a pull request that was read from this forge: a check run with the summary (Markdown) and the annotations where the forge has them, else a status.
   * Setting what is set already costs no write where it is a check run.
   */
  setCheck(
    commit: string,
    check: CommitStatus & { readonly summary: string; readonly annotations: readonly Annotation[] },
  ): Promise<void>
  /** Open pull requests against a branch, all pages. */
  pullRequests(base: string): Promise<readonly PullRequest[]>
  pullRequest(number: number): Promise<PullRequest>
  /**
   * Our one comment on a pull request: made, or edited where one of ours with this marker (an HTML comment) is there. A text
   * that stands there already costs no write.
   */
  comment(number: number, marker: string, text: string): Promise<void>
  /**
   * Edits that comment where it is there: `amend` is given its text, without the marker's line, and gives the new one, or undefined
   * where it is to stay.
   */
  amendComment(number: number, marker: string, amend: (text: string) => string | undefined): Promise<void>
  /** Takes a label off a pull request; one that is not on it is fine. */
  removeLabel(number: number, label: string): Promise<void>
  /** Opens a pull request for a branch of this repository; gives the open one where there is one already. */
  openPullRequest(request: {
    readonly title: string
    readonly body: string
    readonly head: string
    readonly base: string
  }): Promise<PullRequest>
  /** Merges it, with a merge commit, if its head is still this commit; `refused` where it is not, or may not be merged. */
  merge(number: number, head: string): Promise<void>
  /**
   * When what is no commit status was written within the last hour, in milliseconds since the epoch, oldest first; left out where
   * the forge has no limit that statuses and the rest share.
   */
  otherWrites?(): readonly number[]
  /** The web page of a commit, for links. */
  commitUrl(commit: string): string
  close(): Promise<void>
}
