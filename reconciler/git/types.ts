/** A file of a Git tree: its path and the id of its blob; `mode` as Git writes it (`100644`, `120000` for a link). */
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

/** A commit as the daemon reads it. */
export interface Commit {
  readonly oid: string
  readonly parents: readonly string[]
  readonly tree: string
  readonly message: string
  readonly author: { readonly name: string; readonly email: string; readonly time: number }
}

/** What came of a push. `lost` means that the branch moved meanwhile: start over from reading. */
export type PushResult =
  | { readonly type: 'pushed' }
  | { readonly type: 'lost'; readonly remote: string | undefined }
  | { readonly type: 'rejected'; readonly reason: string }

/** One file of a tree to be written: new bytes, or a blob that the previous tree holds. */
export type NewFile = { readonly text: string; readonly oid: string } | { readonly oid: string }

/**
 * The fleet repository: a clone of a remote over http(s), or a repository on this disk used in place. All methods
 * reject with a `GitError` that says in one line what failed and with which remote (never a credential).
 */
export interface Repository {
  /** Reads both refs from the remote and fetches what is missing locally; a forced source is taken as it is. */
  fetch(): Promise<Refs>
  /** Names and blob ids below a commit, sorted by path. Trees that are known are not read again. */
  list(commit: string): Promise<readonly TreeEntry[]>
  /** The bytes of a blob. */
  read(oid: string): Promise<Uint8Array>
  readCommit(oid: string): Promise<Commit>
  /** Commits from `tip` backwards along first parents, newest first, at most `limit`. */
  log(tip: string, limit: number): Promise<readonly Commit[]>
  /** Whether `ancestor` is `descendant` or reachable from it. */
  isAncestor(ancestor: string, descendant: string): Promise<boolean>
  /**
   * Writes a commit of exactly these files upon `parent` (a first commit where undefined) and pushes it to the generated
   * branch by compare-and-swap: only if the remote still has `parent`; never forced. Only objects that the parent lacks
   * are written, as one pack. On retry it is safe: a push that got through but whose answer was lost is `lost` with
   * `remote` equal to the commit.
   */
  commitGenerated(change: {
    readonly parent: string | undefined
    readonly files: ReadonlyMap<string, NewFile>
    readonly message: string
    readonly author: { readonly name: string; readonly email: string }
  }): Promise<{ readonly commit: string; readonly push: PushResult }>
  /** Id of the tree that these files make, without writing anything: equal to the parent's when nothing changed. */
  treeOf(files: ReadonlyMap<string, NewFile>): string
  /** Ends all work under way. */
  close(): Promise<void>
}
