import type { Memo } from '../memo.ts'
import type { PreviousIndex } from '../previous.ts'
import { applicationFolderOf, isRolloutPath, parseRollout, recordOf, recordPath } from './record.ts'
import type { Rollout } from './rollout.ts'

/** What the previous tree holds about one application. */
export interface RecordedApplication {
  /** Where its records lie, with a closing slash. */
  readonly folder: string
  /** Oldest first. */
  readonly rollouts: readonly Rollout[]
  /** Whether some record cannot be read: then nothing of it may change. */
  readonly unreadable: boolean
}

/** The applications of the previous tree, by folder. */
export function readRecorded(previous: PreviousIndex, memo: Memo): ReadonlyMap<string, RecordedApplication> {
  const releases = new Map<string, Map<string, string>>()
  const unknown = new Set<string>()
  for (const [path, text] of previous.decisions) {
    if (!isRolloutPath(path)) continue
    const record = recordOf(path)
    if (!record) unknown.add(applicationFolderOf(path) ?? path)
    else releases.set(record.folder, (releases.get(record.folder) ?? new Map()).set(record.kind, text))
  }
  const applications = new Map<string, { rollouts: Rollout[]; unreadable: boolean }>()
  const at = (folder: string) => {
    const known = applications.get(folder) ?? { rollouts: [], unreadable: false }
    applications.set(folder, known)
    return known
  }
  for (const folder of unknown) at(folder).unreadable = true
  for (const [folder, texts] of releases) {
    const application = at(applicationFolderOf(folder) ?? folder)
    const whole = [...texts].map(([kind, text]) => `${kind}\n${text}`).join('\n')
    const rollout = memo.ofText('rollout', whole, () => parseRollout(texts))
    if (rollout && recordPath(rollout).startsWith(folder)) application.rollouts.push(rollout)
    else application.unreadable = true
  }
  for (const one of applications.values()) {
    const generations = one.rollouts.map(({ generation }) => generation)
    if (new Set(generations).size < generations.length) one.unreadable = true
  }
  return new Map(
    [...applications].map(([folder, { rollouts, unreadable }]) => [
      folder,
      { folder, unreadable, rollouts: rollouts.sort((a, b) => a.generation - b.generation) },
    ]),
  )
}
