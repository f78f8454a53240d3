import { warningAt } from '../../repo-layout/document.ts'
import type { Message } from '../../repo-layout/message.ts'
import type { FleetSource } from '../../repo-layout/read/assemble.ts'
import { rolloutKey, rolloutNamespace } from '../../repo-layout/read/rollouts.ts'
import { type Rollout, releaseKey } from './rollout.ts'

/**
 * Releases that command nothing: of no release that there is, or of one that is not the newest of its application. Of
 * applications in `pending`, `namespace/name`, whose next release is not known yet nothing is said.
 */
export function idleReleases(
  { rollouts }: FleetSource,
  live: readonly Rollout[],
  pending: ReadonlySet<string>,
): readonly Message[] {
  const newest = new Map<string, Rollout>()
  for (const rollout of live) newest.set(`${rollout.namespace}/${rollout.application}`, rollout)
  const commanded = new Set([...newest.values()].map(releaseKey))
  return rollouts.releases.flatMap(({ document, value }) => {
    const key = rolloutKey(value.metadata)
    if (commanded.has(key)) return []
    const older = live.find((rollout) => releaseKey(rollout) === key)
    const application = older?.application ?? value.metadata.name.replace(/-[0-9a-f]+-\d+$/, '')
    const of = `${rolloutNamespace(value.metadata)}/${application}`
    if (!older && pending.has(of)) return []
    const now = newest.get(of)
    const which = now ? `; the newest of ${application} is ${now.name}` : ''
    const what = older ? 'this is not the newest release' : 'there is no such release'
    // The name of a release that was given up comes again with its template.
    const later = older ? '' : '; take it out, for it will command the next one of that name'
    const text = `${what}, so its targetStep has no effect${which}${later}`
    return [warningAt(document, ['metadata', 'name'], 'release-idle', text)]
  })
}
