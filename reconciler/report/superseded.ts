import type { CommitStatus } from '../forge/types.ts'
import type { FleetStatus } from '../server/types.ts'
import { shortCommit } from '../views/text.ts'
import { failedStart, failedWords } from './aggregate.ts'
import type { Contexts } from './contexts.ts'
import type { Picture } from './picture.ts'
import { type Posting, ranks } from './posting.ts'
import { description } from './words.ts'

/**
 * The statuses that an overtaken commit should still get. It stays pending while its successor is on its way, then ends as
 * that does, and where that failed first and recovers, it recovers too. What it had come to by itself stays. Pure.
 */
export function postingsOvertaken(picture: Picture, known: ReadonlyMap<string, CommitStatus>): readonly Posting[] {
  const { contexts, fleet, isFinal, parts } = picture
  const by = `superseded by ${shortCommit(picture.commit)}`
  const stands = known.get(contexts.fleet)
  if (!isFinal) {
    if (stands && (stands.state !== 'pending' || stands.description.includes('superseded by '))) return []
    return [{ context: contexts.fleet, state: 'pending', description: by, rank: ranks.overtaken }]
  }
  const postings: Posting[] = []
  if (!stands || mayEnd(stands, fleet.state, by))
    postings.push({
      context: contexts.fleet,
      state: fleet.state,
      description: description(`${by}: ${fleet.words}`),
      rank: ranks.overtaken,
    })
  for (const [context, status] of known) {
    if (!contexts.isPart(context)) continue
    // Where the successor does not report this part by itself, it is as the fleet is.
    const { state, description: words } = parts.get(context) ?? { state: fleet.state, description: fleet.words }
    if (!mayEnd(status, state, by)) continue
    postings.push({ context, state, description: description(`${by}: ${words}`), rank: ranks.overtakenPart })
  }
  return postings
}

/**
 * What overtaken commits should say that made a release which failed later: they have failed, whatever they had come to
 * before. By commit. Pure.
 */
export function postingsFailed(
  { rollouts = [] }: FleetStatus,
  { commit: inForce, contexts }: Pick<Picture, 'commit' | 'contexts'>,
): ReadonlyMap<string, Posting> {
  const postings = new Map<string, Posting>()
  for (const { failed } of rollouts) {
    if (failed?.commit === undefined || failed.commit === inForce || postings.has(failed.commit)) continue
    const words = description(failedWords(failed))
    const status = { context: contexts.fleet, state: 'failure' as const, description: words }
    postings.set(failed.commit, { ...status, rank: ranks.bad, news: failedStart(failed) })
  }
  return postings
}

function mayEnd(stands: CommitStatus, state: CommitStatus['state'], by: string): boolean {
  if (stands.state === 'pending') return true
  return stands.state !== 'success' && state === 'success' && stands.description.includes(by)
}

/** Whether nothing of a commit waits any more: the fleet's status is there, and none of ours is pending. */
export function isSettled(contexts: Contexts, known: ReadonlyMap<string, CommitStatus>): boolean {
  if (!known.has(contexts.fleet)) return false
  for (const [context, { state }] of known) {
    if (state === 'pending' && (context === contexts.fleet || contexts.isPart(context))) return false
  }
  return true
}
