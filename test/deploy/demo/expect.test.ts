import assert from 'node:assert/strict'
import { expectedText, isThere, seenText, waitFor } from '../../../deploy/demo/expect.ts'
import { runningOf } from '../../../deploy/demo/kubectl.ts'
import { StageError } from '../../../deploy/demo/stage.ts'

const list = (wanted: number, ready?: number) => ({
  items: [
    {
      metadata: { namespace: 'shop', name: 'web' },
      spec: { replicas: wanted },
      status: ready === undefined ? {} : { readyReplicas: ready },
    },
  ],
})
const expected = { 'shop/web': { 'eu-1': 3, 'us-1': 0 } }
const seen = (eu: ReturnType<typeof list>, us: object = { items: [] }) =>
  new Map([
    ['eu-1', runningOf(eu)],
    ['us-1', runningOf({ ...us })],
  ])

describe('demo: what a stage expects', () => {
  it('is there when every replica is ready, and gone where none should be', () => {
    assert.equal(isThere(expected, seen(list(3, 3))), true)
    assert.equal(expectedText(expected), 'shop/web: eu-1 3/3, us-1 none')
  })

  for (const [why, clusters] of [
    ['replicas are wanted but not ready', seen(list(3))],
    ['another number is wanted', seen(list(4, 4))],
    ['one is ready that is not wanted', seen(list(3, 4))],
    ['it still runs where it should not', seen(list(3, 3), list(0, 0))],
    ['a cluster was not read', new Map()],
  ] as const) {
    it(`is not there when ${why}`, () => {
      assert.equal(isThere(expected, clusters), false, seenText(expected, clusters))
    })
  }

  const waiting = () => {
    let time = 0
    return {
      now: () => time,
      wait: async (ms: number) => {
        time += ms
      },
      limit: 1000,
      what: 'a sign',
      say: (text: string) => text,
    }
  }

  it('is waited for until it is so', async () => {
    let looks = 0
    const look = async () => (++looks < 5 ? 'not yet' : 'here')
    assert.equal(await waitFor({ ...waiting(), look, fine: (text) => text === 'here' }), 'here')
  })

  it('fails with what was expected and what was seen last', async () => {
    const fails = waitFor({ ...waiting(), look: async () => 'nothing', fine: () => false })
    await assert.rejects(fails, (error) => {
      assert.ok(error instanceof StageError)
      assert.match(error.message, /expected a sign\n +saw nothing\n +within 1 s/)
      return true
    })
  })

  it('takes a cluster that cannot be read for nothing that is there, and says why', async () => {
    const look = () => Promise.reject(new Error('connection refused'))
    await assert.rejects(waitFor({ ...waiting(), look, fine: () => true }), /saw connection refused/)
  })
})
