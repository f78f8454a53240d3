import { ForgeError } from './error.ts'
import type { PullRequest } from './types.ts'

/**
 * Opens a pull request, or gives the one that is open already. `isThere` tells whether a refusal says so; `open` asks for those
 * that are open for the same base. Rejects with the refusal where none of them is of this branch.
 */
export async function openOnce(
  head: string,
  create: () => Promise<PullRequest>,
  isThere: (refusal: ForgeError) => boolean,
  open: () => Promise<readonly PullRequest[]>,
): Promise<PullRequest> {
  try {
    return await create()
  } catch (error) {
    if (!(error instanceof ForgeError) || error.failure.type !== 'refused' || !isThere(error)) throw error
    const found = (await open()).find((one) => !one.fork && one.head.branch === head)
    if (found) return found
    throw error
  }
}
