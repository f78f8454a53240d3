import { explain } from '../git/error.ts'
import type { Refs, Repository } from '../git/types.ts'
import { openFleetRepository, type RepositoryFlags } from '../run/fleet-repository.ts'
import { cloneDir } from '../run/settings.ts'
import type { CommandContext } from './context.ts'
import { refuse } from './terminal.ts'

/** The tips of a repository that has a source branch. */
export type SourceRefs = Refs & { readonly source: string }

/**
 * Runs a command, by its name, over the repository that the options name, freshly fetched, and closes it. What keeps it from
 * that, and what `use` rejects with, is said; the exit code is 2 then, else that of `use`.
 */
export async function withSource(
  flags: RepositoryFlags,
  command: string,
  { terminal, env, clock }: CommandContext,
  use: (repository: Repository, refs: SourceRefs) => Promise<number>,
): Promise<number> {
  let repository: Repository | undefined
  try {
    // A clone of its own: that of a daemon on this machine is in use.
    const dir = flags.dir ?? cloneDir({ repo: `${command} ${flags.repo}` }, env)
    repository = await openFleetRepository({ ...flags, dir }, env, clock, terminal.note)
    const refs = await repository.fetch()
    if (refs.source === undefined) return refuse(terminal, `the source has no branch "${flags.branch}"`)
    return await use(repository, { ...refs, source: refs.source })
  } catch (error) {
    return refuse(terminal, explain(error))
  } finally {
    await repository?.close()
  }
}
