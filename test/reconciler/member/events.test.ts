import assert from 'node:assert/strict'
import { tellOutcome } from '../../../reconciler/member/events.ts'
import type { Drift } from '../../../reconciler/member/types.ts'
import type { Outcome } from '../../../reconciler/member/work.ts'

const drift: Drift = {
  subject: 'ConfigMap/a/b',
  reason: 'changed',
  fields: [],
  since: '2026-11-24T14:00:00.000Z',
  healedAt: undefined,
  healed: 0,
  fight: false,
}
const healedOnce: Drift = { ...drift, healedAt: '2026-11-24T14:00:00.000Z', healed: 1 }

describe('what a member tells of an object', () => {
  const cases: readonly (readonly [
    what: string,
    before: Drift | undefined,
    outcome: Outcome,
    told: readonly string[],
  ])[] = [
    ['nothing to do', undefined, { action: 'unchanged', message: '' }, ['unchanged']],
    ['a change', undefined, { action: 'configured', message: '', drift: undefined }, ['configured']],
    ['a first drift that is only told', undefined, { action: 'unchanged', message: '', drift }, ['unchanged', 'seen']],
    ['a drift that is still there', drift, { action: 'unchanged', message: '', drift }, ['unchanged']],
    [
      'a drift healed at once',
      undefined,
      { action: 'configured', message: '', drift: healedOnce, healed: true },
      ['configured', 'seen', 'healed'],
    ],
    [
      'a drift healed that was told before',
      drift,
      { action: 'configured', message: '', drift: healedOnce, healed: true },
      ['configured', 'healed'],
    ],
    [
      'a drift that comes again',
      healedOnce,
      { action: 'configured', message: '', drift: healedOnce, healed: true },
      ['configured', 'seen', 'healed'],
    ],
    [
      'a drift that was healed before',
      healedOnce,
      { action: 'unchanged', message: '', drift: healedOnce },
      ['unchanged'],
    ],
  ]
  for (const [what, before, outcome, told] of cases) {
    it(`${what}: ${told.join(', ')}`, () => {
      const said: string[] = []
      const events = {
        applied: (action: string) => said.push(action),
        driftSeen: () => said.push('seen'),
        driftHealed: () => said.push('healed'),
      }
      tellOutcome(events, before, outcome)
      assert.deepEqual(said, told)
    })
  }
})
