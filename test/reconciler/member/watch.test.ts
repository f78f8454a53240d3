import assert from 'node:assert/strict'
import { ApiError } from '../../../reconciler/member/errors.ts'
import type { Transport } from '../../../reconciler/member/transport.ts'
import { watchKind } from '../../../reconciler/member/watch.ts'
import type { Json, JsonObject } from '../../../repo-layout/json.ts'
import { hastyClock } from '../../clocks.ts'

const resource = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true, verbs: ['watch'] }
const object = (name: string, resourceVersion: string) => ({ metadata: { name, namespace: 'shop', resourceVersion } })
const page = (items: readonly JsonObject[], more: JsonObject = {}) => ({
  items,
  metadata: { resourceVersion: '10', ...more },
})
const event = (type: string, of: Json) => ({ type, object: of })
const rejected = (status: number) =>
  status === 410
    ? new ApiError('too old', { type: 'rejected', status, reason: 'Expired', causes: [] })
    : new ApiError('broken', { type: 'server', status, retryAfterMs: 1000 })

/** An answer to a list, or the events of a watch and how it ends. */
type Scripted = JsonObject | ApiError | { readonly events: readonly JsonObject[]; readonly end?: ApiError }

/** Plays a script, one entry a request, and then hangs up; gives what was asked for and what was told. */
async function play(...script: readonly Scripted[]) {
  const asked: string[] = []
  const told: string[] = []
  const stop = new AbortController()
  const next = (what: string): Scripted => {
    const one = script[asked.push(what) - 1]
    if (one) return one
    stop.abort()
    asked.pop()
    throw rejected(500)
  }
  const transport: Transport = {
    async request(_method, path, { query } = {}) {
      const one = next(
        `list ${path} ${query?.labelSelector} ${query?.limit}${query?.continue ? ` ${query.continue}` : ''}`,
      )
      if (one instanceof ApiError) throw one
      return { status: 200, json: one as JsonObject }
    },
    async *stream(_path, { query, onOpen } = {}) {
      const one = next(`watch ${query?.resourceVersion}${query?.allowWatchBookmarks ? ' bookmarks' : ''}`)
      if (one instanceof ApiError) throw one
      onOpen?.()
      yield* (one as { events: readonly JsonObject[] }).events
      const { end } = one as { end?: ApiError }
      if (end) throw end
    },
    close: async () => undefined,
  }
  const clock = hastyClock()
  await watchKind({
    transport,
    clock,
    random: () => 0,
    resource,
    labelSelector: 'fleet=prod',
    signal: stop.signal,
    onObject: ({ metadata }) => told.push(`is ${metadata.name}`),
    onDeleted: ({ metadata }) => told.push(`gone ${metadata.name}`),
    onSynced: (seen) => told.push(`all ${[...seen].join()}`),
    onOpen: () => told.push('open'),
    onError: (error) => told.push(`error ${error instanceof Error ? error.message : ''}`),
  })
  return { asked, told, waits: clock.waits.slice(0, -1) }
}

describe('the watch of a kind', () => {
  it('lists in pages and goes on from the end of the list', async () => {
    const { asked, told } = await play(page([object('a', '1')], { continue: 'more' }), page([object('b', '2')]), {
      events: [event('MODIFIED', object('a', '11')), event('DELETED', object('b', '12'))],
    })
    assert.deepEqual(asked, [
      'list /api/v1/configmaps fleet=prod 500',
      'list /api/v1/configmaps fleet=prod 500 more',
      'watch 10 bookmarks',
    ])
    assert.deepEqual(told, ['is a', 'is b', 'all shop/a,shop/b', 'open', 'is a', 'gone b'])
  })

  it('goes on from the last bookmark when it ends, without another list', async () => {
    const { asked } = await play(
      page([]),
      { events: [event('BOOKMARK', { metadata: { resourceVersion: '99' } })] },
      { events: [event('MODIFIED', object('a', '120'))] },
      { events: [] },
    )
    assert.deepEqual(asked.slice(1), ['watch 10 bookmarks', 'watch 99 bookmarks', 'watch 120 bookmarks'])
  })

  for (const [how, forgotten] of [
    ['refuses to start', rejected(410)],
    ['ends', { events: [event('ERROR', { code: 410, message: 'too old resource version' })] }],
  ] as const)
    it(`lists again where the server has forgotten its place and the watch ${how}`, async () => {
      const { asked, told } = await play(page([object('a', '1')]), forgotten, page([object('b', '2')]), { events: [] })
      assert.deepEqual(
        asked.map((one) => one.split(' ')[0]),
        ['list', 'watch', 'list', 'watch'],
      )
      assert.deepEqual(
        told.filter((one) => one !== 'open'),
        ['is a', 'all shop/a', 'is b', 'all shop/b'],
        'no error is told: nothing was lost',
      )
    })

  it('waits longer each time a server in trouble fails, says so, and goes on where it was', async () => {
    const trouble = rejected(500)
    const { asked, told, waits } = await play(page([]), trouble, trouble, trouble, trouble, {
      events: [event('ADDED', object('a', '20'))],
      end: trouble,
    })
    assert.deepEqual(
      asked.slice(1).map((one) => one.split(' ')[1]),
      ['10', '10', '10', '10', '10'],
    )
    assert.deepEqual(waits.slice(0, 4), [500, 1000, 2000, 4000])
    assert.deepEqual(told.slice(-3), ['open', 'is a', 'error broken'])
    assert(!waits.slice(4).some((wait) => wait > 500), 'a watch that had worked starts over')
  })

  it('never takes a list for whole whose later page failed', async () => {
    const { told } = await play(page([object('a', '1')], { continue: 'more' }), rejected(500))
    assert.deepEqual(told, ['is a', 'error broken'])
  })

  it('lists anew from the start where the next page has expired', async () => {
    const { asked, told } = await play(
      page([object('a', '1')], { continue: 'more' }),
      rejected(410),
      page([object('b', '2')]),
    )
    assert.equal(asked[2], 'list /api/v1/configmaps fleet=prod 500')
    assert.deepEqual(told, ['is a', 'is b', 'all shop/b'])
  })

  it('does not ask in a tight loop a server that ends each watch at once', async () => {
    const { waits } = await play(page([]), { events: [] }, { events: [] }, { events: [] })
    assert(waits.length >= 2 && waits.every((wait) => wait === 1000), String(waits))
  })

  it('says what cannot be read instead of taking it for nothing', async () => {
    const { told } = await play({ kind: 'Nonsense' })
    assert.deepEqual(told, ['error the server sent a list or event that cannot be read'])
    const events = await play(page([]), { events: [event('ADDED', 'text')] })
    assert.match(events.told.join(), /cannot be read/)
  })
})
