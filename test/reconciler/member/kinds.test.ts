import assert from 'node:assert/strict'
import { createKinds, kindKey } from '../../../reconciler/member/kinds.ts'
import type { Session } from '../../../reconciler/member/session.ts'
import { testClock } from '../../clocks.ts'
import { eventually } from './support.ts'

describe('a kind of a member', () => {
  it('that could not be looked up, and then is not served, is no trouble any more', async () => {
    let asked = 0
    const resource = async () => {
      if (asked++ === 0) throw new Error('discovery is away')
      return undefined
    }
    const session = {
      discovery: { resource, resourceOfGroup: resource, refresh: () => undefined },
    } as unknown as Session
    const clock = testClock()
    const synced: number[] = []
    const ignored = () => undefined
    const kinds = createKinds(
      session,
      '',
      { clock, random: () => 0.5 },
      {
        ...{ onObject: ignored, onDeleted: ignored, onError: ignored, onRecovered: ignored },
        onSynced: (_key, seen) => void synced.push(seen.size),
      },
    )
    const key = kindKey('shop.example.com/v1', 'Cart')
    try {
      kinds.use(new Set([key]))
      await eventually(() => kinds.problems().length > 0, 'the trouble is told', 1000)
      assert.deepEqual(kinds.problems(), ['cannot watch Cart: discovery is away'])
      clock.pass(30_000)
      await eventually(() => synced.length > 0, 'the kind is known not to be there', 1000)
      assert.deepEqual(kinds.problems(), [])
    } finally {
      kinds.stop()
    }
  })
})
