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

/** A pull request (GitLab: merge request) as far as Flotilla looks at it. */
export interface PullRequest {
  readonly number: number
  readonly title: string
  readonly url: string
  readonly author: string
  readonly state: 'open' | 'merged' | 'closed'
  readonly head: { readonly commit: string; readonly branch: string }
  readonly base: { readonly branch: string }
  /** The head lies in another repository than the base. */
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
  /** Characters of a comment. */
  readonly comment: number
}

/**
 * One repository on a forge. Every method is one or a few HTTP requests, can be repeated, and rejects with a `ForgeError`.
 * Tokens go to the forge's own host alone; redirects are not followed.
 */
export interface Forge {
  readonly kind: 'gitea' | 'github' | 'gitlab'
  readonly limits: ForgeLimits
  /** The ref under which the head of a pull request can be fetched from the base repository. */
  headRef(number: number): string
  /** The newest status of each context of a commit, all pages; also those that others posted. */
  statuses(commit: string): Promise<readonly CommitStatus[]>
  /** Posts a status. Where the forge says that it is there already, that is success. */
  setStatus(commit: string, status: CommitStatus): Promise<void>
  /** The plan's check, with annotations where the forge has them; else a status. */
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
  removeLabel(number: number, label: string): Promise<void>
  /** Opens a pull request for a branch of this repository; gives the open one where there is one already. */
  openPullRequest(request: {
    readonly title: string
    readonly body: string
    readonly head: string
    readonly base: string
  }): Promise<PullRequest>
  /** Merges it if its head is still this commit. */
  merge(number: number, head: string): Promise<void>
  /** What a genuine webhook request is about; undefined where it is not one of this forge. The signature was checked before. */
  eventOf(headers: { readonly [name: string]: string | undefined }, body: unknown): ForgeEvent | undefined
  /** The web page of a commit, for links. */
  commitUrl(commit: string): string
  close(): Promise<void>
}
