import { GitError } from './error.ts'
import type { Repository } from './types.ts'

/**
 * Whether a commit is in the history of `tip`, or is it. One that nobody has any more is not: it was rewritten away. Rejects
 * with a `GitError` where that cannot be told.
 */
export async function holds(repository: Pick<Repository, 'isAncestor'>, tip: string, commit: string): Promise<boolean> {
  try {
    return tip === commit || (await repository.isAncestor(commit, tip))
  } catch (error) {
    if (error instanceof GitError && error.code === 'not-found') return false
    throw error
  }
}
