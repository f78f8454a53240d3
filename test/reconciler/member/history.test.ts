import assert from 'node:assert/strict'
import fc from 'fast-check'
import pino from 'pino'
import { createBook } from '../../../reconciler/member/book.ts'
import type { Companion } from '../../../reconciler/member/companion.ts'
import { formatHistory, type Overwritten, parseHistory, remember } from '../../../reconciler/member/history.ts'
import { createHistoryLog } from '../../../reconciler/member/history-log.ts'
import type { Json } from '../../../repo-layout/json.ts'
import { testClock } from '../../clocks.ts'

const fieldOf = (live: Json | undefined) => ({ path: '/data/k', live, wanted: '1', manager: 'kubectl-edit' })

function entryOf(subject: string, live: Json | undefined, at: string): Overwritten {
  return { subject, at, times: 1, reason: 'changed', fields: [fieldOf(live)] }
}

describe('the history of what was written over', () => {
  it('has the newest first, and counts what is undone again and again as one', () => {
    const [a, b] = ['ConfigMap/shop/a', 'ConfigMap/shop/b']
    const entries = [entryOf(a, 'x', 't1'), entryOf(b, 'x', 't2'), entryOf(a, 'x', 't3'), entryOf(a, 'y', 't4')]
    const history = entries.reduce(remember, [] as readonly Overwritten[])
    assert.deepEqual(
      history.map(({ subject, at, times, fields }) => [subject, at, times, fields[0]?.live]),
      [
        [a, 't4', 1, 'y'],
        [a, 't3', 2, 'x'],
        [b, 't2', 1, 'x'],
      ],
    )
  })

  it('does not count twice what was written although no answer came', () => {
    const entry = entryOf('ConfigMap/shop/a', 'x', 't1')
    assert.deepEqual([entry, entry].reduce(remember, [] as readonly Overwritten[]), [entry])
  })

  it('stays within its bounds whatever is written over, keeps the newest, and reads back what it writes', () => {
    const values = fc.array(
      fc.oneof(fc.string({ maxLength: 20_000, size: 'max' }), fc.json(), fc.constant(undefined)),
      {
        maxLength: 150,
      },
    )
    fc.assert(
      fc.property(values, (all) => {
        const history = all
          .map((live, i) => entryOf(`ConfigMap/shop/${i}`, live, `t${i}`))
          .reduce(remember, [] as readonly Overwritten[])
        const text = formatHistory(history)
        assert.ok(history.length <= 100)
        assert.ok(Buffer.byteLength(text) <= 200_000)
        assert.equal(history[0]?.at, all.length > 0 ? `t${all.length - 1}` : undefined)
        assert.deepEqual(JSON.parse(JSON.stringify(parseHistory(text).entries)), JSON.parse(JSON.stringify(history)))
      }),
      { numRuns: 50 },
    )
  })

  it('keeps the first fields of an object with very many', () => {
    const fields = Array.from({ length: 100 }, (_, i) => ({ ...fieldOf('x'.repeat(3000)), path: `/data/${i}` }))
    const [entry] = remember([], { ...entryOf('ConfigMap/shop/a', 'x', 't'), fields })
    assert.ok((entry?.fields.length ?? 0) > 20 && (entry?.fields.length ?? 0) < 50)
    assert.ok(Buffer.byteLength(formatHistory(entry ? [entry] : [])) < 110_000)
  })

  it('cuts a value that is too long, and says so', () => {
    const [entry] = remember([], entryOf('ConfigMap/shop/a', 'x'.repeat(10_000), 't'))
    assert.match(String(entry?.fields[0]?.live), /^x{4000}… \(cut, 10000 signs\)$/)
  })

  it('passes over lines that cannot be read, and counts them', () => {
    const entry = entryOf('ConfigMap/shop/a', 'x', 't1')
    const { entries, unreadable } = parseHistory(`nonsense\n${formatHistory([entry])}\n{"subject":1}`)
    assert.deepEqual(entries, [entry])
    assert.equal(unreadable, 2)
  })
})

describe('writing the history down', () => {
  function setup() {
    const clock = testClock(1_000_000)
    const book = createBook('c', clock)
    const writes: string[] = []
    let refusal: Error | undefined
    const companion: Companion = {
      text: () => writes.at(-1) ?? '',
      async update(change) {
        if (refusal) throw refusal
        writes.push(change(writes.at(-1) ?? ''))
      },
      saw: () => false,
      gone: () => false,
    }
    const logged: string[] = []
    const log = pino({ level: 'info' }, { write: (line: string) => void logged.push(JSON.parse(line).msg) })
    const open = () => createHistoryLog(companion, book, { clock, random: () => 0.5, log })
    const refuse = (error: Error | undefined) => {
      refusal = error
    }
    return { clock, book, writes, logged, open, refuse }
  }
  const turn = () => new Promise((resolve) => setImmediate(resolve))

  it('takes one write for all that came within five seconds, and none at once', async () => {
    const { clock, writes, open, book } = setup()
    const history = open()
    for (const name of ['a', 'b', 'c']) {
      history.note(`ConfigMap/shop/${name}`, 'changed', [fieldOf('x')])
      clock.pass(1000)
    }
    assert.equal(book.history?.length, 3)
    assert.deepEqual(writes, [])
    clock.pass(2000)
    await turn()
    assert.equal(writes.length, 1)
    assert.equal(parseHistory(writes[0] ?? '').entries.length, 3)
    assert.equal(clock.next(), undefined)
  })

  it('says once that it cannot be written, tries again, and loses nothing', async () => {
    const { clock, writes, logged, open, refuse } = setup()
    const history = open()
    refuse(new Error('forbidden'))
    history.note('ConfigMap/shop/a', 'changed', [fieldOf('x')])
    for (let i = 0; i < 3; i++) {
      clock.pass(60_000)
      await turn()
    }
    assert.deepEqual(logged, ['what was healed cannot be written down in the cluster'])
    history.note('ConfigMap/shop/b', 'changed', [fieldOf('y')])
    refuse(undefined)
    await history.flush()
    assert.deepEqual(
      parseHistory(writes[0] ?? '').entries.map(({ subject }) => subject),
      ['ConfigMap/shop/b', 'ConfigMap/shop/a'],
    )
  })

  it('goes on in the next session with what the last could not write', async () => {
    const { clock, writes, open, refuse, book } = setup()
    const first = open()
    refuse(new Error('no answer'))
    first.note('ConfigMap/shop/a', 'changed', [fieldOf('x')])
    await first.flush()
    first.stop()
    refuse(undefined)
    open()
    assert.equal(book.history?.length, 1)
    clock.pass(5000)
    await turn()
    assert.equal(writes.length, 1)
  })

  it('keeps nothing of an object that was only created again', () => {
    const { open, book, clock } = setup()
    open().note('ConfigMap/shop/a', 'deleted', [])
    assert.deepEqual(book.history, [])
    assert.equal(clock.next(), undefined)
  })
})
