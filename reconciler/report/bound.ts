import type { CommitStatus } from '../forge/types.ts'
import { worstState } from './aggregate.ts'
import { isSame } from './posting.ts'
import { description } from './words.ts'

/** A status that was sent, and when, in milliseconds since the epoch. */
export interface Sent {
  readonly at: number
  readonly status: CommitStatus
}

/** What a context may be told now. */
export type Bounded =
  | { readonly type: 'send'; readonly status: CommitStatus }
  | { readonly type: 'wait'; readonly until: number }

/** Most statuses of one commit and context within an hour. */
export const mostPerHour = 6
/** Of these, so many may go to descriptions that change while the state does not, this far apart. */
const mostWords = 3
const wordsApart = 60_000
/** So far back it matters what was sent, in milliseconds. */
export const hour = 3_600_000

/**
 * What may be sent of a context that changes often. `news` are words that are sent at once where they were not sent within the hour. The last one of an hour says the worst state of the hour and that the
 * context is flapping; it is held until the hour is over for the oldest. Pure.
 */
export function bounded(wanted: CommitStatus, sent: readonly Sent[], now: number, news?: string): Bounded {
  const recent = sent.filter(({ at }) => at > now - hour)
  if (
    news !== undefined &&
    wanted.description.includes(news) &&
    !recent.some(({ status }) => status.description.includes(news))
  )
    return { type: 'send', status: wanted }
  const [oldest] = recent
  const last = recent.at(-1)
  if (!oldest || !last) return { type: 'send', status: wanted }
  const frees = oldest.at + hour
  if (last.status.state === wanted.state) {
    if (recent.length >= mostWords) return { type: 'wait', until: frees }
    return now < last.at + wordsApart ? { type: 'wait', until: last.at + wordsApart } : { type: 'send', status: wanted }
  }
  if (recent.length < mostPerHour - 1) return { type: 'send', status: wanted }
  if (recent.length >= mostPerHour) return { type: 'wait', until: frees }
  const held = worst(wanted, recent)
  return isSame(held, last.status) ? { type: 'wait', until: frees } : { type: 'send', status: held }
}

function worst(wanted: CommitStatus, recent: readonly Sent[]): CommitStatus {
  const all = [wanted, ...recent.map(({ status }) => status)]
  const state = worstState(all.map((status) => status.state))
  const words = all.findLast((status) => status.state === state)?.description ?? ''
  const said = words.startsWith(flapping) ? words : description(`${flapping}${words}`)
  return { ...wanted, state, description: said }
}

const flapping = 'flapping: '
