import { failedOf } from '../../render/shipper/failed.ts'
import type { Rollout } from '../../render/shipper/rollout.ts'
import { isTemplateOf } from '../../render/shipper/template.ts'
import { openForge } from '../forge/open.ts'
import { withTemplateOf } from '../rollout/old-template.ts'
import { createLook } from '../rollout/template-change.ts'
import { type ApplicationAt, type ApplicationFlags, changeApplication } from './change-application.ts'
import type { CommandContext } from './context.ts'
import type { OpenForge } from './propose.ts'

/** How far back the template of the running version is looked for, in commits. */
const farthest = 1000

/**
 * `flotilla abort`: gives the template of an application back what it was when the running version was made, as a branch and a
 * pull request. Exit code 0 where that is done, 1 where nothing is being rolled out, 2 where it could not be told or done.
 */
export function abortCommand(
  name: string,
  flags: ApplicationFlags,
  context: CommandContext,
  open: OpenForge = openForge,
): Promise<number> {
  return changeApplication(name, flags, { context, open, command: 'abort' }, async (at) => {
    const { rollouts } = at.application
    const contender = rollouts.at(-1)
    const failed = failedOf(rollouts)
    const incumbent = failed
      ? rollouts.find((one) => one.failed === failed)
      : rollouts.findLast(({ complete, name: one }) => complete && one !== contender?.name)
    if (!contender || (contender.complete && !failed))
      return {
        type: 'nothing',
        why: `nothing is being rolled out; to go back: flotilla rollback ${at.application.key}`,
      }
    if (!incumbent) return { type: 'nothing', why: `${contender.name} is the first release: nothing ran before it` }
    const release = failed?.release ?? contender.name
    const path = contender.source
    const text = await at.textAt(path)
    const older = await olderText(at, incumbent)
    const aborted = text === undefined || older === undefined ? undefined : withTemplateOf(text, older, incumbent)
    if (aborted === undefined)
      throw new Error(
        `the template of ${incumbent.name} is not in the last ${farthest} commits, or ${path} cannot be edited; write it back by hand`,
      )
    return {
      type: 'change',
      branch: `flotilla/abort-${release}`,
      path,
      text: aborted,
      message: `Give ${release} up\n\nThe template of ${contender.application} is again that of ${incumbent.name}.\n`,
      told: `${contender.application} goes back to ${incumbent.name}; ${release} ${failed ? 'has failed' : 'goes once it is all back'}`,
      data: { release, incumbent: incumbent.name },
    }
  })
}

/** The newest file of the source branch that has the Application with the template of a release; undefined where none has. */
async function olderText(
  { repository, tip, application, textAt }: ApplicationAt,
  release: Rollout,
): Promise<string | undefined> {
  const look = createLook(repository, application.key)
  for (const { oid } of await repository.log(tip, farthest)) {
    const seen = await look(oid)
    if (seen && isTemplateOf(seen.hash, release)) return textAt(seen.path, oid)
  }
  return undefined
}
