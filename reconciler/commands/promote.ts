import { rolloutKey } from '../../repo-layout/read/rollouts.ts'
import { promotionOf } from '../../repo-layout/schema/promotion.ts'
import { openForge } from '../forge/open.ts'
import { releasePlace, withStep } from '../rollout/release-file.ts'
import { stepFor } from '../rollout/step.ts'
import { type ApplicationAt, type ApplicationFlags, changeApplication } from './change-application.ts'
import type { CommandContext } from './context.ts'
import type { OpenForge } from './propose.ts'

/** Options of `flotilla promote`. */
export interface PromoteFlags extends ApplicationFlags {
  readonly step?: string
}

/**
 * `flotilla promote`: writes the step that the newest release of an application is to go to, as a branch and a
 * pull request, a commit or a file.
 * Exit code 0 where that is done, 1 where there is no such step to go to, 2 where it could not be told or done.
 */
export function promoteCommand(
  name: string,
  flags: PromoteFlags,
  context: CommandContext,
  open: OpenForge = openForge,
): Promise<number> {
  return changeApplication(name, flags, { context, open, command: 'promote' }, async (at) => {
    const { rollouts } = at.application
    const next = stepFor(rollouts, flags.step)
    if (next.type === 'none') return { type: 'nothing', why: next.why }
    const { release, step } = next
    const way = step < release.targetStep ? 'back' : 'on'
    const place = releasePlace(rollouts, at.source.rollouts.releases, release.source)
    return {
      type: 'change',
      branch: `flotilla/promote-${release.name}-${step}`,
      path: place.path,
      text: withStep(await at.textAt(place.path), place, release, step),
      message: `Move ${release.application} ${way} to ${next.name}\n\nRelease ${release.name} is to go to step ${step}.\n`,
      told: `${release.name} is to go to step ${step} (${next.name}), in ${place.path}${isAutomatic(at) ? '; while that stands there, nothing goes on by itself' : ''}`,
      data: { release: release.name, step: { index: step, name: next.name } },
    }
  })
}

/** Whether the Application asks for its releases to go on by themselves, which a Release in the source ends. */
function isAutomatic({ source, application }: ApplicationAt): boolean {
  const found = source.rollouts.applications.find(({ value }) => rolloutKey(value.metadata) === application.key)
  return promotionOf(found?.value.metadata.annotations).isAutomatic
}
