import { GitError, toGitError } from '../git/error.ts'

/**
 * What the clone holds, or undefined where it has it no more. Rejects where that cannot be told: a clone that is damaged is
 * not one that holds nothing, and what it may hold is better than what can be put together without it.
 */
export async function fromClone<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    const found = toGitError(error, 'the clone')
    if (found.code === 'not-found') return undefined
    throw new GitError(found.code, `what the clone holds cannot be read: ${found.message}`, {
      hint: 'mend it, or recover without it by an empty folder: --dir',
      cause: error,
    })
  }
}
