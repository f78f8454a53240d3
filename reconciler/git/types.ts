/**
 * A file of a Git tree: its path and the id of its blob; `mode` as Git writes it: `100644`, `100755`, `120000` for a
 * link, `160000` for a submodule, whose content is not in this repository.
 */
export interface TreeEntry {
  readonly path: string
  readonly oid: string
  readonly mode: string
}

/** How to authenticate to a remote: by the daemon's own settings, never from Git. */
export type GitAuth =
  | { readonly type: 'none' }
  | { readonly type: 'basic'; readonly username: string; readonly password: string }
  | { readonly type: 'token'; readonly token: string }

/** Both refs of a fleet, read from the remote in one request; undefined where a branch does not exist. */
export interface Refs {
  readonly source: string | undefined
  readonly generated: string | undefined
}

/** A commit as the daemon reads it; the author's `time` is in seconds since the epoch. */
export interface Commit {
  readonly oid: string
  readonly parents: readonly string[]
  readonly tree: string
  readonly message: string
  readonly author: { readonly name: string; readonly email: string; readonly time: number }
}

/**
 * What came of a push. `lost` means that the branch moved meanwhile: start over from reading. `rejected` carries the
 * server's own words, on one line: trying again is no use until somebody changes something.
 */
export type PushResult =
  | { readonly type: 'pushed' }
  | { readonly type: 'lost'; readonly remote: string | undefined }
  | { readonly type: 'rejected'; readonly reason: string }

/** One file of a tree to be written: new bytes, or a blob that the repository holds. */
export type NewFile = { readonly text: string; readonly oid: string } | { readonly oid: string }

/** A file as a branch is to have it; `oid` is the id of the bytes, `mode` as Git writes it. */
export interface BranchFile {
  readonly oid: string
  readonly mode: string
  readonly content: Uint8Array
}

/** A commit to be made: exactly these files upon `parent`, a first commit where it is undefined. */
export interface NewCommit {
  readonly parent: string | undefined
  readonly files: ReadonlyMap<string, NewFile>
  readonly message: string
  readonly author: { readonly name: string; readonly email: string }
}

/** A commit upon another one, by what it changes, for a branch. */
export interface BranchChange {
  /** Without `refs/heads/`. */
  readonly branch: string
  readonly upon: string
  readonly changes: ReadonlyMap<string, BranchFile | undefined>
  readonly message: string
  readonly author: { readonly name: string; readonly email: string }
}

/**
 * The fleet repository: a clone of a remote over http(s), or a repository on this disk used in place. All methods
 * reject with a `GitError` that says in one line what failed and with which remote (never a credential).
 */
export interface Repository {
  /** Reads both refs from the remote and fetches what is missing locally; a forced source is taken as it is. */
  fetch(): Promise<Refs>
  /** Names and blob ids below a commit, in Git's order (by bytes of the path). Trees that are known are not read again. */
  list(commit: string): Promise<readonly TreeEntry[]>
  /** The bytes of a blob. */
  read(oid: string): Promise<Uint8Array>
  /** A commit; one that is not at hand is fetched by its id where the remote gives it. */
  readCommit(oid: string): Promise<Commit>
  /** What a ref of the repository is at now, given by its full name (`refs/heads/main`); undefined where there is none. */
  refAt(ref: string): Promise<string | undefined>
  /** Commits from `tip` backwards along first parents, newest first, at most `limit`; fewer only where history ends. */
  log(tip: string, limit: number): Promise<readonly Commit[]>
  /** The same along all parents, what a merge brought too: the newest by their dates. */
  logAll(tip: string, limit: number): Promise<readonly Commit[]>
  /**
   * Whether `ancestor` is `descendant` or reachable from it. False is only said when the whole history of `descendant`
   * was read; where that cannot be had, it rejects with `not-found`.
   */
  isAncestor(ancestor: string, descendant: string): Promise<boolean>
  /**
   * The newest commit that both histories hold; undefined where they share nothing. Rejects with `not-found` where history
   * cannot be had.
   */
  mergeBase(a: string, b: string): Promise<string | undefined>
  /**
   * Writes a commit of exactly these files upon `parent` (a first commit where undefined) and pushes it to the generated
   * branch by compare-and-swap: only if the remote still has `parent`; never forced. Only objects that the parent lacks
   * are written, as one pack; where the tree is the parent's, nothing is written and `commit` is the parent. Safe to
   * repeat: an answer that was lost is made up for by reading the branch, and where even that fails it rejects, and a
   * later `fetch` shows whether the push got through. What was not `pushed` leaves nothing behind in the clone.
   */
  commitGenerated(change: NewCommit): Promise<{ readonly commit: string; readonly push: PushResult }>
  /** The same upon another ref, by its full name (`refs/notes/flotilla`). */
  commitTo(ref: string, change: NewCommit): Promise<{ readonly commit: string; readonly push: PushResult }>
  /**
   * Makes a branch of one commit upon `upon` and pushes it: the files of `upon` with these changed, those that are undefined
   * taken away. `lost` where there is a branch of that name already, which stays as it is. Safe to repeat, as
   * `commitGenerated` is.
   */
  createBranch(change: BranchChange): Promise<{ readonly commit: string; readonly push: PushResult }>
  /**
   * Makes the same commit upon a branch that is at `upon`, and pushes it by compare-and-swap; never forced. `lost` where the
   * branch is elsewhere by now. In a repository on this disk it rejects where a work tree has the branch checked out.
   */
  advanceBranch(change: BranchChange): Promise<{ readonly commit: string; readonly push: PushResult }>
  /** Id of the tree that these files make, without writing anything: equal to the parent's when nothing changed. */
  treeOf(files: ReadonlyMap<string, NewFile>): string
  /**
   * The commit that was last generated from this folder, also when the branch has since been deleted or rewound on the
   * remote; undefined in a fresh clone. Its files can still be listed and read.
   */
  lastGenerated(): Promise<string | undefined>
  /**
   * Pushes a commit that is at hand back to the generated branch, which must not exist, or be at `over`, one of its
   * ancestors. `rejected` where the remote has lost older commits that this clone does not hold either: then commit its
   * files anew.
   */
  restoreGenerated(commit: string, over?: string): Promise<PushResult>
  /** Breaks off what is under way with the remote; later fetches and pushes reject with `unreachable`. */
  close(): Promise<void>
}
