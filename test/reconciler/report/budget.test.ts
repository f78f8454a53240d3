import assert from 'node:assert/strict'
import { createBudget } from '../../../reconciler/report/budget.ts'
import { ranks } from '../../../reconciler/report/posting.ts'

const now = 10_000_000
const own = { perMinute: 60, perHour: 400 }
const limits = { perMinute: 80, perHour: 500 }
const times = (count: number, at: number) => Array.from({ length: count }, () => at)

interface Case {
  readonly what: string
  /** Statuses that were sent a second ago, and others when. */
  readonly sent: number
  readonly others: readonly number[]
  readonly rank: number
  /** When the next one may be sent, in milliseconds from now. */
  readonly wait: number
}

const cases: readonly Case[] = [
  { what: 'at once while both limits have room', sent: 59, others: times(20, now - 1000), rank: 0, wait: 0 },
  { what: 'after a minute past its own', sent: 60, others: [], rank: 0, wait: 59_000 },
  { what: 'after a minute past the shared one', sent: 40, others: times(40, now - 1000), rank: 0, wait: 59_000 },
  {
    what: 'when the oldest of the others is an hour old',
    ...{ sent: 10, others: [...times(300, now - 3_000_000), ...times(200, now - 120_000)], rank: 0, wait: 600_000 },
  },
  { what: 'before what matters less', sent: 10, others: times(50, now - 1000), rank: ranks.fleet, wait: 0 },
  { what: 'after what matters more', sent: 10, others: times(50, now - 1000), rank: ranks.part, wait: 59_000 },
]

describe('a status where others write too', () => {
  for (const { what, sent, others, rank, wait } of cases)
    it(`may be sent ${what}`, () => {
      const budget = createBudget(own, { limits, others: () => others })
      for (const at of times(sent, now - 1000)) budget.spend(at)
      assert.equal(budget.free(rank, now) - now, wait)
    })
})
