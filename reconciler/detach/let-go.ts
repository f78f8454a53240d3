import type { KubeObject } from '../../repo-layout/json.ts'
import { type Clock, sleep } from '../clock.ts'
import { backoff } from '../member/backoff.ts'
import { ApiError, isClusterWide, isRejected, messageOf } from '../member/errors.ts'
import { carriesOurId, metadataText, type Owner, otherFleet } from '../member/manifest.ts'
import { release } from '../member/ownership.ts'
import type { Session } from '../member/session.ts'
import type { Found } from './find.ts'
import type { LetGo } from './types.ts'

/** What letting objects go needs. */
export interface LetGoOptions {
  readonly owner: Owner
  readonly clock: Clock
  readonly random: () => number
  /** Looks, and writes nothing. */
  readonly dryRun: boolean
}

/** So often an object is tried that others write to, or that the server has no time for. */
const mostTries = 10

/**
 * Takes our marks and entries off one object in one patch upon the state that was read, and begins anew where it changed
 * meanwhile. What is not ours is left alone. Can be repeated: what was let go before stays as it is. Rejects where the cluster
 * cannot be reached, or is in other hands; anything else is told in the answer.
 */
export async function letGo(session: Session, found: Found, options: LetGoOptions): Promise<LetGo> {
  const { subject, apiVersion } = found
  for (let tries = 1; ; tries++) {
    try {
      const place = await session.api.placeOfAnyVersion(apiVersion, subject)
      const live = place && (await session.api.get(place))
      if (!place || !live) return { subject, outcome: 'gone', message: '' }
      const stranger = whyNotOurs(live, found, options.owner)
      if (stranger !== undefined) return { subject, outcome: 'left', message: stranger }
      if (!options.dryRun) await release(session.api, place, live)
      return { subject, outcome: 'released', message: '' }
    } catch (error) {
      if (isClusterWide(error) || !isAnswer(error)) throw error
      const passing = isRejected(error, 409) || !isRejected(error)
      if (!passing || tries >= mostTries) return { subject, outcome: 'failed', message: messageOf(error) }
      await sleep(options.clock, backoff(tries, 50, 5000, options.random))
    }
  }
}

function isAnswer(error: unknown): boolean {
  return error instanceof ApiError
}

function whyNotOurs(live: KubeObject, { subject, entry }: Found, owner: Owner): string | undefined {
  const foreign = otherFleet(live, subject, owner)
  if (foreign !== undefined) return `it belongs to another fleet (${foreign})`
  if (carriesOurId(live, subject, owner)) return undefined
  if (entry && entry.uid !== '') {
    if (entry.uid === metadataText(live, 'uid')) return undefined
    return 'somebody else created it anew'
  }
  return 'it was never applied by this fleet'
}
