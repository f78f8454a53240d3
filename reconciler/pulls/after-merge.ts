import { clusterOfPath } from '../../repo-layout/generated/path.ts'
import { filesOf } from '../git/contents.ts'
import { parseProvenance } from '../git/generated.ts'
import { holds } from '../git/holds.ts'
import type { Commit, Repository } from '../git/types.ts'
import { escapeMarkdown } from '../views/table.ts'
import { shortCommit } from '../views/text.ts'
import { changesDigest, treeChanges } from './changes.ts'
import type { TreeChanges } from './types.ts'

/** What was generated for a merge. */
export interface MergeOutcome {
  /** The generated commit that the merge is in first; undefined where it changed nothing. */
  readonly commit: string | undefined
  /** Whether later commits of the source went into the same one. */
  readonly joined: boolean
  readonly changes: TreeChanges
}

/** How far back generated commits are looked through for the one of a merge. */
const depth = 100

/**
 * Finds what was generated for a merge that `rendered` holds; undefined where it holds it not yet, or where the commit is too
 * far back to say. Rejects with a `GitError` where history cannot be had.
 */
export async function outcomeOfMerge(
  repository: Pick<Repository, 'log' | 'isAncestor' | 'list'>,
  merge: string,
  { rendered, generated }: { readonly rendered: string; readonly generated: string },
): Promise<MergeOutcome | undefined> {
  if (!(await holds(repository, rendered, merge))) return undefined
  const commits = await repository.log(generated, depth)
  let first: Commit | undefined
  let source: string | undefined
  for (const commit of commits) {
    const of = parseProvenance(commit.message)?.sourceCommit
    if (of === undefined || !(await holds(repository, of, merge))) break
    first = commit
    source = of
  }
  if (!first) return { commit: undefined, joined: false, changes: new Map() }
  const [parent] = first.parents
  const [before, after] = [await filesOf(repository, parent), await filesOf(repository, first.oid)]
  return { commit: first.oid, joined: source !== merge, changes: treeChanges(before, after) }
}

const mostLines = 20

/**
 * Says whether a merge did what its plan said, as Markdown. `stepwise` are paths that rollouts change step by step: a
 * move of theirs may come with the merge. Of a plan that a process before this one made only the digest is known. Pure.
 */
export function afterMergeText(
  planned: TreeChanges | { readonly digest: string },
  merge: string,
  { commit, joined, changes }: MergeOutcome,
  stepwise: ReadonlySet<string> = new Set(),
): string {
  const lines = 'digest' in planned ? otherThan(planned.digest, changes) : differences(planned, changes, stepwise)
  const as = commit === undefined ? 'nothing had to be generated' : `generated as ${shortCommit(commit)}`
  const others = joined ? ', together with later commits of the source' : ''
  const head = `---\nMerged as ${shortCommit(merge)}, ${as}${others}:`
  if (lines.length === 0) return `${head} **as planned**.`
  const more = lines.length - mostLines
  return [
    `${head} **not as planned**.`,
    '',
    ...lines.slice(0, mostLines).map((line) => `- ${escapeMarkdown(line)}`),
    ...(more > 0 ? [`- and ${more} more`] : []),
  ].join('\n')
}

function otherThan(digest: string, made: TreeChanges): readonly string[] {
  return changesDigest(made) === digest ? [] : ['what was generated is not what was planned']
}

function differences(planned: TreeChanges, made: TreeChanges, stepwise: ReadonlySet<string>): readonly string[] {
  const paths = [...new Set([...planned.keys(), ...made.keys()])].sort()
  return paths.flatMap((path) => {
    if (stepwise.has(path) && !planned.has(path)) return []
    const name = `${clusterOfPath(path) ?? ''}: ${path.replace(/^clusters\/[^/]+\//, '').replace(/\.yaml$/, '')}`
    if (!planned.has(path))
      return [`${name} was ${made.get(path) === undefined ? 'removed' : 'written'}, which was not planned`]
    if (!made.has(path))
      return [`${name} was to be ${planned.get(path) === undefined ? 'removed' : 'written'}, and was not`]
    return planned.get(path) === made.get(path) ? [] : [`${name} was written otherwise than planned`]
  })
}
