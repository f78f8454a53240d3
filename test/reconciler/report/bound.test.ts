import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { CommitStatus, StatusState } from '../../../reconciler/forge/types.ts'
import { bounded, mostPerHour, type Sent } from '../../../reconciler/report/bound.ts'

const minute = 60_000
const status = (state: StatusState, description: string = state): CommitStatus => ({
  context: 'flotilla/c1',
  state,
  description,
})

/** Sends what is wanted as often as it may be; gives what was sent. */
function send(wanted: readonly (readonly [minutes: number, CommitStatus])[]): readonly Sent[] {
  const sent: Sent[] = []
  let now = 0
  for (const [minutes, one] of wanted) {
    now += minutes * minute
    const may = bounded(one, sent, now)
    if (may.type === 'send') sent.push({ at: now, status: may.status })
    else assert.ok(may.until > now, 'a time to wait for lies ahead')
  }
  return sent
}

describe('the bound on statuses of one commit and context', () => {
  it('is never passed within an hour, whatever is wanted', () => {
    const state = fc.constantFrom<StatusState>('pending', 'success', 'failure', 'error')
    const wanted = fc.tuple(fc.integer({ min: 0, max: 20 }), fc.tuple(state, fc.constantFrom('a', 'b', 'c')))
    fc.assert(
      fc.property(fc.array(wanted, { maxLength: 80 }), (story) => {
        const sent = send(story.map(([minutes, [is, words]]) => [minutes, status(is, words)] as const))
        for (const { at } of sent) {
          const within = sent.filter((other) => other.at <= at && other.at > at - 60 * minute)
          assert.ok(within.length <= mostPerHour, `${within.length} within an hour`)
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('does not hold back what happens once, and says it once', () => {
    const sent = send(Array.from({ length: 12 }, (_, i) => [1, status(i % 2 === 0 ? 'pending' : 'success')] as const))
    const failed = status('failure', 'release web-1-0 failed: no image; 1/2 synced')
    const now = 13 * minute
    assert.equal(bounded(failed, sent, now).type, 'wait')
    const may = bounded(failed, sent, now, 'release web-1-0 failed')
    assert.deepEqual(may, { type: 'send', status: failed })
    const again = { ...failed, description: 'release web-1-0 failed: no image; 2/2 synced' }
    const then = [...sent, { at: now, status: failed }]
    assert.equal(bounded(again, then, now + minute, 'release web-1-0 failed').type, 'wait')
    const cut = status('failure', '3 errors in the source: web.yaml…')
    assert.equal(bounded(cut, sent, now, 'release web-1-0 failed').type, 'wait', 'words that do not say it are no news')
  })

  const cases: readonly (readonly [name: string, Parameters<typeof send>[0], readonly string[]])[] = [
    [
      'a change of state is sent at once',
      [
        [0, status('pending')],
        [0, status('success')],
      ],
      ['pending', 'success'],
    ],
    [
      'other words wait for a minute',
      [
        [0, status('pending', 'a')],
        [0, status('pending', 'b')],
        [1, status('pending', 'c')],
      ],
      ['pending', 'pending'],
    ],
    [
      'words leave room for a change of state',
      [...Array.from({ length: 9 }, (_, i) => [2, status('pending', `${i}/9`)] as const), [0, status('success')]],
      ['pending', 'pending', 'pending', 'success'],
    ],
    [
      'the last of an hour is the worst of it',
      Array.from({ length: 10 }, (_, i) => [1, status(i % 2 === 0 ? 'success' : 'error')] as const),
      ['success', 'error', 'success', 'error', 'success', 'error'],
    ],
  ]
  for (const [name, wanted, expected] of cases)
    it(name, () => {
      assert.deepEqual(
        send(wanted).map((one) => one.status.state),
        expected,
      )
    })
})
