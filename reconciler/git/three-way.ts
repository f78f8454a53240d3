import type { TreeEntry } from './types.ts'

/** What becomes of one path when two changes of one tree are joined. */
export interface ThreeWay {
  /** Paths that need no look at their content. */
  readonly files: ReadonlyMap<string, TreeEntry>
  /** Files that both changed: their content is to be joined. */
  readonly both: readonly {
    readonly path: string
    readonly base: TreeEntry
    readonly ours: TreeEntry
    readonly theirs: TreeEntry
  }[]
  /** Paths that cannot be joined, sorted. */
  readonly conflicts: readonly string[]
  /** Paths whose content or mode `theirs` brings. */
  readonly brought: readonly TreeEntry[]
}

const plainModes: ReadonlySet<string> = new Set(['100644', '100755'])

/** Joins two trees that come from `base`, by names and ids alone. A renamed file is one that went and one that came. Pure. */
export function joinTrees(
  base: readonly TreeEntry[],
  ours: readonly TreeEntry[],
  theirs: readonly TreeEntry[],
): ThreeWay {
  const [was, mine, other] = [base, ours, theirs].map((entries) => new Map(entries.map((one) => [one.path, one])))
  const files = new Map<string, TreeEntry>()
  const both: { path: string; base: TreeEntry; ours: TreeEntry; theirs: TreeEntry }[] = []
  const conflicts: string[] = []
  const brought: TreeEntry[] = []
  for (const path of new Set([...(mine?.keys() ?? []), ...(other?.keys() ?? [])])) {
    const [before, our, their] = [was?.get(path), mine?.get(path), other?.get(path)]
    if (isSame(our, their) || isSame(before, their)) {
      if (our) files.set(path, our)
    } else if (isSame(before, our)) {
      if (their) {
        files.set(path, their)
        brought.push(their)
      }
    } else if (before && our && their && [before, our, their].every(({ mode }) => plainModes.has(mode))) {
      both.push({ path, base: before, ours: our, theirs: their })
      brought.push(their)
    } else conflicts.push(path)
  }
  const paths = new Set([...files.keys(), ...both.map(({ path }) => path)])
  // A file of one side where the other has made a folder.
  for (const path of paths)
    for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1))
      if (paths.has(path.slice(0, slash))) conflicts.push(path.slice(0, slash))
  return { files, both, conflicts: [...new Set(conflicts)].sort(), brought }
}

function isSame(a: TreeEntry | undefined, b: TreeEntry | undefined): boolean {
  return a?.oid === b?.oid && a?.mode === b?.mode
}
