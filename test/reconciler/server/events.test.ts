import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { openClient } from '../../../reconciler/commands/client.ts'
import { eventData } from '../../../reconciler/commands/event-stream.ts'
import { commentInterval, eventInterval } from '../../../reconciler/server/events.ts'
import { mostStreams } from '../../../reconciler/server/routes.ts'
import { testClock } from '../../clocks.ts'
import { clusterOf, fleetOf, objectOf } from '../views/fleet.ts'
import { type FakeDaemon, startFakeDaemon } from './fake-daemon.ts'

const first = fleetOf([
  clusterOf('eu-1', 'eu', { objects: [objectOf('ConfigMap/shop/flags')] }),
  clusterOf('us-1', 'us'),
])
const withFleet = (fleet: string) => ({ ...first, fleet })

/** The text of a stream so far, gathered as it comes. */
async function openStream(url: string) {
  const abort = new AbortController()
  const answer = await fetch(url, { signal: abort.signal })
  const decoder = new TextDecoder()
  let text = ''
  let heard = () => {}
  const reading = (async () => {
    for await (const chunk of answer.body ?? []) {
      text += decoder.decode(chunk, { stream: true })
      heard()
    }
  })().catch(() => undefined)
  return {
    answer,
    reading,
    /** Resolves with the whole text as soon as it matches. */
    async until(pattern: RegExp) {
      while (!pattern.test(text)) await new Promise<void>((resolve) => (heard = resolve))
      return text
    },
    events: () => [...text.matchAll(/^data: (.*)$/gm)].map(([, json = '']) => JSON.parse(json)),
    close: () => abort.abort(),
  }
}

describe('the event stream', () => {
  let daemon: FakeDaemon
  let clock: ReturnType<typeof testClock>
  beforeEach(async () => {
    clock = testClock()
    daemon = await startFakeDaemon(first, { clock })
  })
  afterEach(() => daemon.close())

  it('begins with the status of now and has a number for each event', async () => {
    const stream = await openStream(`${daemon.url}/api/v1/events`)
    assert.equal(stream.answer.headers.get('content-type'), 'text/event-stream; charset=utf-8')
    assert.match(await stream.until(/\n\n/), /^id: 1\nevent: status\ndata: \{"fleet":"shop",.*\}\n\n$/)
    stream.close()
  })

  it('tells changes at most four times a second, and then only the last state', async () => {
    const stream = await openStream(`${daemon.url}/api/v1/events`)
    await stream.until(/id: 1\n.*\n.*\n\n/)
    for (const name of ['a', 'b', 'c']) daemon.tell(withFleet(name))
    clock.pass(eventInterval)
    await stream.until(/id: 2\n.*\n.*\n\n/)
    assert.deepEqual(
      stream.events().map(({ fleet }) => fleet),
      ['shop', 'c'],
    )
    stream.close()
  })

  it('holds what was asked for: some clusters, and objects that need a look', async () => {
    const stream = await openStream(`${daemon.url}/api/v1/events?cluster=eu-*&objects=notable`)
    await stream.until(/\n\n/)
    const [event] = stream.events()
    assert.deepEqual(
      event.clusters.map(({ cluster }: { cluster: string }) => cluster),
      ['eu-1'],
    )
    assert.deepEqual(event.clusters[0].objects, [])
    stream.close()
  })

  it('gives a slow reader fewer events, and never an old one', async () => {
    // More than sockets buffer, so that the daemon has to wait for the reader.
    const large = Array.from({ length: 20_000 }, (_, i) => objectOf(`ConfigMap/shop/object-with-a-long-name-${i}`))
    const heavy = (fleet: string) => fleetOf([clusterOf('eu-1', 'eu', { objects: large })], { fleet })
    daemon.tell(heavy('first'))
    const socket = connect(daemon.port, '127.0.0.1')
    socket.write('GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n')
    while (daemon.listeners() === 0) await new Promise((resolve) => setImmediate(resolve))
    for (const name of ['second', 'third', 'last']) {
      clock.pass(eventInterval)
      daemon.tell(heavy(name))
    }
    let text = ''
    await new Promise<void>((resolve) => {
      socket.setEncoding('utf8').on('data', (chunk) => {
        text += chunk
        clock.pass(eventInterval)
        if (/"fleet":"last"[\s\S]*\n\n/.test(text)) resolve()
      })
    })
    socket.destroy()
    const told = [...text.matchAll(/data: \{"fleet":"(\w+)"/g)].map(([, name]) => name)
    assert.deepEqual([told[0], told.at(-1)], ['first', 'last'])
    assert.ok(told.length < 4, told.join(' '))
  })

  it('says that it is there while nothing changes', async () => {
    const stream = await openStream(`${daemon.url}/api/v1/events`)
    await stream.until(/\n\n/)
    clock.pass(commentInterval)
    await stream.until(/\n: still here\n\n$/)
    assert.equal(stream.events().length, 1)
    stream.close()
  })

  it('listens no more when the reader has gone, and ends when the daemon does', async () => {
    const gone = await openStream(`${daemon.url}/api/v1/events`)
    const stays = await openStream(`${daemon.url}/api/v1/events`)
    await Promise.all([gone.until(/\n\n/), stays.until(/\n\n/)])
    assert.equal(daemon.listeners(), 2)
    gone.close()
    while (daemon.listeners() === 2) await new Promise((resolve) => setImmediate(resolve))
    await daemon.close()
    await stays.reading
    assert.equal(daemon.listeners(), 0)
    daemon = await startFakeDaemon(first)
  })

  it('refuses more streams than it can feed, and takes one again when one has ended', async () => {
    const streams = await Promise.all(
      Array.from({ length: mostStreams }, () => openStream(`${daemon.url}/api/v1/events`)),
    )
    assert.equal((await fetch(`${daemon.url}/api/v1/events`)).status, 503)
    streams[0]?.close()
    while (daemon.listeners() === mostStreams) await new Promise((resolve) => setImmediate(resolve))
    const again = await openStream(`${daemon.url}/api/v1/events`)
    assert.equal(again.answer.status, 200)
    for (const stream of [again, ...streams]) stream.close()
  })

  it('is read by the client event by event', async () => {
    const client = openClient(daemon.url, {})
    const stop = new AbortController()
    const fleets: string[] = []
    for await (const status of client.events({}, stop.signal)) {
      fleets.push(status.fleet)
      if (fleets.length === 2) stop.abort()
      else {
        daemon.tell(withFleet('next'))
        clock.pass(eventInterval)
      }
    }
    await client.close()
    assert.deepEqual(fleets, ['shop', 'next'])
  })
})

describe('reading an event stream', () => {
  const read = async (...chunks: readonly string[]) => {
    const bytes = chunks.map((chunk) => Buffer.from(chunk, 'latin1'))
    const stream = (async function* () {
      yield* bytes
    })()
    const events: string[] = []
    for await (const event of eventData(stream)) events.push(event)
    return events
  }

  const text = Buffer.from('id: 1\r\ndata: {"a":\r\ndata: "é"}\r\n\r\n: comment\n\ndata:x\n\ndata: cut').toString(
    'latin1',
  )

  it('joins lines, takes any line end, passes over comments and drops an event that was cut off', async () => {
    assert.deepEqual(await read(text), ['{"a":\n"é"}', 'x'])
  })

  it('gives the same events however the bytes are cut', async () => {
    for (let at = 0; at <= text.length; at++) {
      assert.deepEqual(await read(text.slice(0, at), text.slice(at)), ['{"a":\n"é"}', 'x'], `cut at ${at}`)
    }
    assert.deepEqual(await read(...text), ['{"a":\n"é"}', 'x'])
  })
})
