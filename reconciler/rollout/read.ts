import { createMemo } from '../../render/memo.ts'
import { indexPrevious } from '../../render/previous.ts'
import { type RecordedApplication, readRecorded } from '../../render/shipper/recorded.ts'
import type { Rollout } from '../../render/shipper/rollout.ts'
import { createTextCache, readPrevious } from '../cycle/previous.ts'
import type { Repository } from '../git/types.ts'

/** The releases of one application that are in force, oldest first. */
export interface ApplicationRollouts {
  /** `namespace/name`. */
  readonly key: string
  readonly rollouts: readonly Rollout[]
}

/**
 * The applications of a generated commit, by key. Rejects with a `GitError` where it cannot be read, and with an `Error` where
 * the records of an application say nothing that can be read.
 */
export async function readApplications(
  repository: Repository,
  commit: string,
): Promise<readonly ApplicationRollouts[]> {
  const previous = await readPrevious(repository, commit, createTextCache(repository), false)
  return [...readRecorded(indexPrevious(previous), createMemo()).values()].map(named)
}

function named({ folder, rollouts, unreadable }: RecordedApplication): ApplicationRollouts {
  const [newest] = rollouts
  if (unreadable || !newest) throw new Error(`the records in ${folder} of the generated branch cannot be read`)
  return { key: `${newest.namespace}/${newest.application}`, rollouts }
}

/** The application that a person means, by `namespace/name`, or by its name where only one has it; a text says why not. */
export function findApplication(
  applications: readonly ApplicationRollouts[],
  name: string,
): ApplicationRollouts | string {
  const found = applications.filter(({ key }) => key === name || key.endsWith(`/${name}`))
  const [one, ...more] = found
  if (one && more.length === 0) return one
  if (one) return `"${name}" is ${found.map(({ key }) => key).join(' and ')}; write the namespace too`
  const known = applications.map(({ key }) => key)
  return `there is no application "${name}" in the generated branch${known.length > 0 ? `; there is ${known.join(', ')}` : ''}`
}
