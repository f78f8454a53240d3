import { readFile } from 'node:fs/promises'
import type { Clock } from '../clock.ts'
import { openRepository, type RepositoryOptions } from '../git/open.ts'
import type { Repository } from '../git/types.ts'
import { cloneDir, gitAuth } from './settings.ts'

/** The options that say which repository a fleet is in, as the command line gives them. */
export interface RepositoryFlags {
  readonly repo: string
  readonly branch: string
  readonly generatedBranch: string
  readonly dir?: string
  readonly gitCa?: string
}

/** The branches that the options name. */
export function branchesOf({ branch, generatedBranch }: RepositoryFlags): { source: string; generated: string } {
  return { source: branch, generated: generatedBranch }
}

/**
 * Opens the repository with the credential of the environment. Rejects with a `GitError` where the options make no sense, and
 * with the file system's error where a file that they name cannot be read. Nothing is fetched yet.
 */
export async function openFleetRepository(
  flags: RepositoryFlags,
  env: NodeJS.ProcessEnv,
  clock: Clock,
  warn: (text: string) => void,
  options: Pick<RepositoryOptions, 'tracking'> = {},
): Promise<Repository> {
  return openRepository({
    url: flags.repo,
    branches: branchesOf(flags),
    dir: cloneDir(flags, env),
    auth: await gitAuth(env),
    clock,
    warn,
    ...options,
    ...(flags.gitCa === undefined ? {} : { ca: await readFile(flags.gitCa, 'utf8') }),
  })
}
