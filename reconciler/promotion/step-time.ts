import { applicationFolder, parseSteps, type RecordedSteps } from '../../render/shipper/record.ts'
import type { Rollout } from '../../render/shipper/rollout.ts'
import { encodeName } from '../../repo-layout/generated/path.ts'
import type { Repository } from '../git/types.ts'

/** So far back history is read; a step that is older counts as begun there. */
const farthest = 1000

/**
 * Since when a release of the tree of `tip` stands at its target step, or goes there, in milliseconds since the epoch: the time of
 * the commit of the generated branch that said so first. It does not depend on this process. Rejects as `log` does.
 */
export async function stepSince(
  repository: Pick<Repository, 'log' | 'list' | 'read'>,
  tip: string,
  release: Rollout,
): Promise<number> {
  const { namespace, application, name } = release
  const path = `${applicationFolder(namespace, application)}${encodeName(name)}/Release.yaml`
  const phase = phaseOf(release)
  let known: string | undefined
  let since = 0
  let read = 0
  // A step is mostly young, so history is only read further back where it is not.
  for (let count = 16; ; count *= 4) {
    const commits = await repository.log(tip, Math.min(count, farthest))
    for (const { oid, author } of commits.slice(read)) {
      const blob = (await repository.list(oid)).find((entry) => entry.path === path)?.oid
      if (blob === undefined) return since
      if (blob !== known) {
        const steps = parseSteps(Buffer.from(await repository.read(blob)).toString('utf8'))
        if (!steps || phaseOf(steps) !== phase) return since
        known = blob
      }
      since = author.time * 1000
    }
    if (commits.length < count || count >= farthest) return since
    read = commits.length
  }
}

/** What stays the same for as long as a release stands at a step, or is on its way to it. */
export function phaseOf({ targetStep, achievedStep }: RecordedSteps): string {
  return `${targetStep} ${achievedStep === targetStep ? 'stands' : 'moves'}`
}
