import { clusterScopeFolder } from '../../repo-layout/generated/path.ts'
import type { Message } from '../../repo-layout/message.ts'
import { problem } from '../../repo-layout/read/file.ts'
import type { RenderInput } from '../input.ts'
import type { PreviousIndex } from '../previous.ts'
import { mayBe } from '../suspects.ts'
import type { Blocks } from './blocking.ts'
import type { RecordedApplication } from './recorded.ts'

/** Why an application whose document is gone stays as it is, as messages; undefined where it goes. */
export function whyStays(
  { source }: RenderInput,
  { folder, rollouts, unreadable }: RecordedApplication,
  blocks: Blocks,
): readonly Message[] | undefined {
  const newest = rollouts.at(-1)
  if (!newest || unreadable) {
    const text = `the records in ${folder} cannot be read, and no Application is there for them; what it had stays; restore them from an older commit of the generated branch`
    return [problem(source.fleetPath, 'previous', text)]
  }
  const { namespace, application: name } = newest
  const { held } = source.rollouts
  const { files, strangers, mayHold } = source.holds
  const isHeld =
    held.nameless ||
    held.applications.has(`${namespace}/${name}`) ||
    files.has(newest.source) ||
    mayHold('Application', [name]) ||
    strangers.some((one) => one.name === name && mayBe(one, ['Application']))
  return isHeld ? [] : blocks.vetoRemoval(namespace, name)
}

/**
 * Of an application whose records cannot be read everything stays: the records, and all that is in its namespace or in none,
 * for what its charts made there is not known.
 */
export function keptPaths(
  { source }: RenderInput,
  { folder }: Pick<RecordedApplication, 'folder'>,
  previous: PreviousIndex,
): readonly string[] {
  const places = [folder.split('/')[1], clusterScopeFolder]
  return [
    ...[...previous.decisions.keys()].filter((path) => path.startsWith(folder)),
    ...source.clusters.flatMap(({ name }) =>
      previous.inCluster(name).filter((path) => places.includes(path.split('/')[2])),
    ),
  ]
}
