/** A file or symbolic link of a source tree. */
export interface SourceEntry {
  /** Path relative to the root, with `/`. */
  readonly path: string
  /** Id of the content: equal ids are equal bytes. */
  readonly oid: string
  readonly type: 'file' | 'link'
}

/** A source as it is read: a folder on disk or the tree of a Git commit. */
export interface SourceTree {
  /** All files and links, in any order. Rejects where the tree cannot be listed. */
  list(): Promise<readonly SourceEntry[]>
  /** The bytes of a file, or the target of a link. Rejects where they cannot be read. */
  read(entry: SourceEntry): Promise<Uint8Array>
}
