import assert from 'node:assert/strict'
import { fleetStatusView } from '../../../reconciler/views/fleet-status.ts'
import { plainScreen } from '../../../reconciler/views/screen.ts'
import { clusterOf, fleetOf, now } from './fleet.ts'
import { rolloutOf } from './rollout-example.ts'

describe('the status of a fleet with rollouts', () => {
  for (const [waitsFor, isTold] of [
    ['command', true],
    ['capacity', false],
  ] as const) {
    it(`${isTold ? 'asks for you' : 'leaves you alone'} where one waits for ${waitsFor}`, () => {
      const status = fleetOf([clusterOf('c1', 'local')], { rollouts: [rolloutOf({}, { waitsFor })] })
      const { body, closing } = fleetStatusView(status, { now }, plainScreen())
      const line =
        'Needs you: default/super-server waits for your command at step 0 (staging): flotilla promote default/super-server'
      assert.equal(body.includes(line), isTold, body)
      assert.equal(closing, 'The one cluster is synced.')
    })
  }
})
