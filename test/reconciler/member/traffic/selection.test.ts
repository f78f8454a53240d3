import assert from 'node:assert/strict'
import { deferred } from '../../../../reconciler/member/deferred.ts'
import { ApiError } from '../../../../reconciler/member/errors.ts'
import { podResource } from '../../../../reconciler/member/traffic/label.ts'
import { watchSelection } from '../../../../reconciler/member/traffic/selection.ts'
import type { Transport } from '../../../../reconciler/member/transport.ts'
import type { JsonObject, KubeObject } from '../../../../repo-layout/json.ts'
import { hastyClock } from '../../../clocks.ts'

const object = (name: string, resourceVersion: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'shop', resourceVersion },
})
const event = (type: string, name: string, version: string): JsonObject => ({ type, object: object(name, version) })

type Step = JsonObject | Error

/** A selection over a server that lists `listed` and then sends these events, one at a time as the test asks for them. */
function selected(listed: readonly KubeObject[]) {
  const steps: Step[] = []
  let wake = deferred<void>()
  const paths: string[] = []
  const transport = {
    async request(_method: string, path: string) {
      paths.push(path)
      return { status: 200, json: { metadata: { resourceVersion: '10' }, items: listed } }
    },
    async *stream(_path: string, options: { onOpen?: () => void }) {
      options.onOpen?.()
      for (;;) {
        const step = steps.shift()
        if (step instanceof Error) throw step
        if (step) yield step
        else await wake.promise
      }
    },
  } as unknown as Transport
  const changes: string[] = []
  /** Whether its objects were known, and its problem, each time that one of the two was told to have changed. */
  const states: (readonly [known: boolean, problem: string])[] = []
  const selection = watchSelection<string>({
    transport,
    clock: hastyClock(),
    random: () => 0,
    resource: podResource,
    namespace: 'shop',
    labelSelector: 'shipper-app',
    sumUp: ({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`,
    onChange(before, now) {
      changes.push(`${before ?? ''}>${now ?? ''}`)
      if (before === undefined && now === undefined) states.push([selection.facts() !== undefined, selection.problem()])
    },
    onError: () => undefined,
  })
  const send = async (...more: readonly Step[]) => {
    steps.push(...more)
    wake.resolve()
    wake = deferred()
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
  }
  return { selection, changes, states, paths, send }
}

const refused = new ApiError('pods is forbidden', { type: 'rejected', status: 403, reason: 'Forbidden', causes: [] })

describe('a selection', () => {
  it('is unknown until its list was read to the end, asks for its namespace alone, and follows the watch', async () => {
    const { selection, changes, paths, send } = selected([object('a', '1')])
    assert.equal(selection.facts(), undefined)
    await send(event('ADDED', 'b', '11'), event('MODIFIED', 'a', '12'), event('DELETED', 'b', '13'))
    assert.deepEqual(selection.facts(), ['a@12'])
    assert.deepEqual(changes, ['>a@1', '>', '>b@11', 'a@1>a@12', 'b@11>'])
    assert.deepEqual(paths, ['/api/v1/namespaces/shop/pods'])
    selection.stop()
  })

  it('is unknown while its watch fails, says why, and is known again when that goes on', async () => {
    const { selection, states, send } = selected([object('a', '1')])
    await send(refused)
    for (let i = 0; states.length < 3 && i < 100; i++) await new Promise((done) => setTimeout(done, 5))
    assert.deepEqual(states, [
      [true, ''],
      [false, 'cannot watch pods in shop: pods is forbidden'],
      [true, ''],
    ])
    assert.deepEqual(selection.facts(), ['a@1'])
    selection.stop()
  })

  it('takes what was answered to a write unless it knows better, and brings nothing back that is gone', async () => {
    const { selection, send } = selected([object('a', '5'), object('b', '6')])
    await send()
    selection.wrote(object('a', '8'))
    selection.wrote(object('a', '7'))
    assert.deepEqual(selection.facts(), ['a@8', 'b@6'])
    await send(event('DELETED', 'b', '20'))
    selection.wrote(object('b', '19'))
    assert.deepEqual(selection.facts(), ['a@8'])
    await send(event('MODIFIED', 'a', '6'))
    assert.deepEqual(selection.facts(), ['a@8'], 'an event that is late changes nothing')
    selection.stop()
  })
})
