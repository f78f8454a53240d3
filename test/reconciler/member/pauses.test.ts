import assert from 'node:assert/strict'
import { type Companion, createCompanion } from '../../../reconciler/member/companion.ts'
import { deferred } from '../../../reconciler/member/deferred.ts'
import { ApiError } from '../../../reconciler/member/errors.ts'
import { InventoryLostError } from '../../../reconciler/member/inventory.ts'
import { longestPause, type Pause, pauseSentence, wholeCluster } from '../../../reconciler/member/pause.ts'
import { createPauses } from '../../../reconciler/member/pauses.ts'
import type { Transport } from '../../../reconciler/member/transport.ts'
import { isJsonObject, type JsonObject } from '../../../repo-layout/json.ts'
import { type TestClock, testClock } from '../../clocks.ts'

const minute = 60_000
const web = 'Deployment.apps/shop/web'
const flags = 'ConfigMap/shop/flags'

function pauseOf(clock: TestClock, subject: string, ms: number): Pause {
  const iso = (time: number) => new Date(time).toISOString()
  return { subject, until: iso(clock.now() + ms), reason: 'INC-42', by: 'ann@desk', at: iso(clock.now()) }
}

/** The one ConfigMap of a member, with resourceVersions; `before` is called with each write. */
function memberWith(entries?: string) {
  let version = 0
  let stored: JsonObject | undefined
  const writes: string[] = []
  let before: () => Promise<void> = async () => undefined
  const rejected = (status: number) => new ApiError(`${status}`, { type: 'rejected', status, reason: '', causes: [] })
  const put = (text: string): JsonObject => {
    const metadata = { name: 'flotilla-prod-pauses', namespace: 'flotilla-system', resourceVersion: String(++version) }
    stored = { kind: 'ConfigMap', metadata, data: { entries: text } }
    return stored
  }
  if (entries !== undefined) put(entries)
  const versionIn = (body: unknown) =>
    isJsonObject(body as JsonObject) ? (body as { metadata: JsonObject }).metadata.resourceVersion : undefined
  const transport: Transport = {
    async request(method, _path, { body } = {}) {
      if (method === 'GET') {
        if (!stored) throw rejected(404)
        return { status: 200, json: stored }
      }
      await before()
      if (versionIn(body) !== versionIn(stored)) throw rejected(409)
      const text = String((body as { data: JsonObject }).data.entries)
      writes.push(text)
      return { status: 200, json: put(text) }
    },
    async *stream() {},
    close: async () => undefined,
  }
  return {
    transport,
    writes,
    put,
    text: () => String((stored?.data as JsonObject | undefined)?.entries ?? ''),
    companion: (): Companion => createCompanion(transport, 'prod', 'pauses', stored ? [stored] : []),
    onWrite(next: typeof before) {
      before = next
    },
  }
}

const subjects = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line).subject)

describe('the pauses of a member', () => {
  it('hold until their time and not a moment longer, and say so when one is over', async () => {
    const clock = testClock()
    const pauses = createPauses(memberWith().companion(), clock)
    let changes = 0
    pauses.onChange(() => changes++)
    await pauses.begin(pauseOf(clock, web, 10 * minute))
    await pauses.begin(pauseOf(clock, flags, 5 * minute))
    assert.equal(changes, 2)
    clock.pass(5 * minute - 1)
    assert.equal(pauses.of(flags)?.by, 'ann@desk')
    clock.pass(1)
    assert.equal(pauses.of(flags), undefined)
    assert.equal(changes, 3)
    clock.pass(5 * minute)
    assert.deepEqual(pauses.list(), [])
    assert.equal(changes, 4)
    assert.equal(clock.next(), undefined, 'nothing is waited for any more')
  })

  it('of which the longest takes all its days', async () => {
    const clock = testClock()
    const pauses = createPauses(memberWith().companion(), clock)
    await pauses.begin(pauseOf(clock, web, longestPause))
    clock.pass(longestPause - 1)
    assert.ok(pauses.of(web))
    clock.pass(1)
    assert.equal(pauses.of(web), undefined)
  })

  it('are in force before they are written, and not any more where that fails', async () => {
    const clock = testClock()
    const cluster = memberWith()
    const pauses = createPauses(cluster.companion(), clock)
    const gate = deferred<void>()
    cluster.onWrite(async () => {
      await gate.promise
      throw new ApiError('no answer', { type: 'unreachable' })
    })
    const begun = pauses.begin(pauseOf(clock, web, minute))
    await new Promise((resolve) => setImmediate(resolve))
    assert.ok(pauses.of(web), 'while it is being written')
    gate.resolve()
    await assert.rejects(begun, /no answer/)
    assert.equal(pauses.of(web), undefined)
  })

  it('join what somebody else wrote meanwhile, and lose nothing of it', async () => {
    const clock = testClock()
    const cluster = memberWith('')
    const [one, two] = [createPauses(cluster.companion(), clock), createPauses(cluster.companion(), clock)]
    await one.begin(pauseOf(clock, web, minute))
    await two.begin(pauseOf(clock, flags, minute))
    assert.deepEqual(subjects(cluster.text()), [flags, web])
    assert.deepEqual(
      two.list().map(({ subject }) => subject),
      [flags, web],
    )
    assert.equal((await one.end(web))?.subject, web)
    assert.equal(await one.end(web), undefined)
    assert.deepEqual(subjects(cluster.text()), [flags])
  })

  it('that have expired go with the next write, and cost none of their own', async () => {
    const clock = testClock()
    const cluster = memberWith()
    const pauses = createPauses(cluster.companion(), clock)
    await pauses.begin(pauseOf(clock, web, minute))
    clock.pass(2 * minute)
    assert.equal(cluster.writes.length, 1)
    await pauses.begin(pauseOf(clock, wholeCluster, minute))
    assert.deepEqual(subjects(cluster.text()), ['*'])
    // The same object again is one pause.
    await pauses.begin(pauseOf(clock, wholeCluster, 3 * minute))
    assert.deepEqual(subjects(cluster.text()), ['*'])
    clock.pass(2 * minute)
    assert.ok(pauses.of(wholeCluster))
  })

  it('follow the watch, but not a state that is older than what we wrote ourselves', async () => {
    const clock = testClock()
    const cluster = memberWith()
    const pauses = createPauses(cluster.companion(), clock)
    const old = cluster.put('')
    pauses.saw(old)
    await pauses.begin(pauseOf(clock, web, minute))
    pauses.saw(old)
    pauses.gone(old)
    assert.ok(pauses.of(web), 'an event that comes late takes nothing back')
    const next = cluster.put(JSON.stringify(pauseOf(clock, flags, minute)))
    pauses.saw(next)
    assert.equal(pauses.of(web), undefined)
    assert.ok(pauses.of(flags))
    pauses.gone(next)
    assert.deepEqual(pauses.list(), [])
  })

  it('are never taken for none where they cannot be read', () => {
    const clock = testClock()
    const broken = ['not JSON', '{}', '{"subject":"*","until":"soon","reason":"","by":"","at":"2026-11-24T14:02:00Z"}']
    for (const text of broken)
      assert.throws(() => createPauses(memberWith(text).companion(), clock), InventoryLostError, text)
    const cluster = memberWith('')
    const pauses = createPauses(cluster.companion(), clock)
    assert.throws(() => pauses.saw(cluster.put('not JSON')), InventoryLostError)
  })

  it('are one sentence for people', () => {
    const at = '2026-11-24T14:02:00.000Z'
    const pause = { subject: web, until: '2026-11-24T16:02:00.000Z', reason: '', by: 'ann@desk', at }
    assert.equal(pauseSentence(pause), 'paused until 2026-11-24 16:02Z by ann@desk')
    assert.equal(pauseSentence({ ...pause, reason: 'INC-42' }), 'paused until 2026-11-24 16:02Z by ann@desk: INC-42')
  })
})
