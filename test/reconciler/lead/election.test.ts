import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Term } from '../../../reconciler/lead/term.ts'
import { type Candidate, candidate, duration, fakeHost, pass } from './support.ts'

const hour = 3_600_000

/** Has a daemon campaign again after each of its terms; gives the one under way. */
function campaigning({ election }: Candidate): { readonly term: () => Term | undefined; stop(): void } {
  const stopping = new AbortController()
  let term: Term | undefined
  const run = async () => {
    while (!stopping.signal.aborted) {
      term = await election.campaign(stopping.signal)
      await term?.over
      term = undefined
    }
  }
  void run()
  return { term: () => term, stop: () => stopping.abort() }
}

const mayWrite = (one: { term(): Term | undefined }) => one.term() !== undefined && one.term()?.closed() === undefined

describe('the lease', () => {
  it('is taken at once where nobody holds it, and kept; others say who is active', async () => {
    const host = fakeHost()
    const [a, b] = [candidate(host, 'a'), candidate(host, 'b')]
    const first = campaigning(a)
    await pass(500, [a, b])
    const second = campaigning(b)
    await pass(10 * duration, [a, b], () => assert.ok(mayWrite(first)))
    assert.equal(mayWrite(second), false)
    assert.deepEqual(b.election.state(), { holder: 'a', problem: '' })
  })

  for (const skew of [0, hour, -hour])
    it(`goes over within one and a half durations of its holder's death, with clocks ${skew} ms apart`, async () => {
      const host = fakeHost()
      const [a, b] = [candidate(host, 'a'), candidate(host, 'b', skew)]
      const first = campaigning(a)
      await pass(500, [a, b])
      const second = campaigning(b)
      await pass(3 * duration, [a, b], () => assert.ok(mayWrite(first) && !mayWrite(second)))
      a.stopped = true
      await pass(duration * 0.6, [a, b])
      assert.equal(mayWrite(second), false)
      await pass(duration * 0.9, [a, b])
      assert.ok(mayWrite(second))
    })

  it('that is given back is taken by another at its next look', async () => {
    const host = fakeHost()
    const [a, b] = [candidate(host, 'a'), candidate(host, 'b')]
    const first = campaigning(a)
    await pass(500, [a, b])
    const second = campaigning(b)
    await pass(500, [a, b])
    first.stop()
    await first.term()?.end()
    await pass(1200, [a, b])
    assert.ok(mayWrite(second))
  })

  it('holds over renewals whose answers are lost', async () => {
    const host = fakeHost()
    const a = candidate(host, 'a')
    const first = campaigning(a)
    await pass(500, [a])
    a.store.losesAnswers = true
    await pass(4000, [a])
    a.store.losesAnswers = false
    await pass(3 * duration, [a])
    assert.ok(mayWrite(first))
    assert.equal(host.lease()?.holder, 'a')
  })

  it('that cannot be renewed is left unused before it runs out, and used again where nobody took it', async () => {
    const host = fakeHost()
    const a = candidate(host, 'a')
    const first = campaigning(a)
    await pass(500, [a])
    a.store.isAway = true
    await pass(duration, [a])
    assert.match(
      first.term()?.closed() ?? '',
      /has run out, so another one may be active \(Lease default\/test: no answer\)/,
    )
    const opened = first.term()?.opened()
    a.store.isAway = false
    await pass(duration, [a])
    await opened
    assert.ok(mayWrite(first))
  })

  it('that stays away has what waits for it told so', async () => {
    const host = fakeHost()
    const a = candidate(host, 'a')
    const first = campaigning(a)
    await pass(500, [a])
    a.store.isAway = true
    await pass(duration, [a])
    const opened = assert.rejects(first.term()?.opened() ?? Promise.resolve(), /has run out/)
    await pass(6000, [a])
    await opened
  })

  it('is known to be gone by a process that was stopped before a single timer of it goes off', async () => {
    const host = fakeHost()
    const a = candidate(host, 'a')
    const first = campaigning(a)
    await pass(500, [a])
    a.stopped = true
    await pass(6 * duration, [a])
    assert.equal(mayWrite(first), false)
  })

  it('is never believed in by two at a time, whatever stops, is cut off or loses answers', async () => {
    const event = fc.record({
      who: fc.nat(2),
      what: fc.constantFrom('stop', 'go on', 'cut', 'mend', 'lose answers', 'give back'),
      after: fc.integer({ min: 1, max: 150 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 5, maxLength: 25 }), async (events) => {
        const host = fakeHost()
        const all = [candidate(host, 'a'), candidate(host, 'b', hour), candidate(host, 'c', -hour)]
        const runs = all.map(campaigning)
        const alone = () => assert.ok(runs.filter(mayWrite).length <= 1)
        for (const { who, what, after } of events) {
          const one = all[who]
          if (!one) continue
          if (what === 'stop') one.stopped = true
          else if (what === 'go on') one.stopped = false
          else if (what === 'cut') one.store.isAway = true
          else if (what === 'mend') Object.assign(one.store, { isAway: false, losesAnswers: false })
          else if (what === 'lose answers') one.store.losesAnswers = true
          else if (!one.stopped) await runs[who]?.term()?.end()
          await pass(after * 100, all, alone)
        }
        for (const one of all) Object.assign(one, { stopped: false })
        for (const one of all) Object.assign(one.store, { isAway: false, losesAnswers: false })
        await pass(2 * duration, all, alone)
        assert.equal(runs.filter(mayWrite).length, 1)
        for (const run of runs) run.stop()
      }),
      { numRuns: 25 },
    )
  }).timeout(60_000)
})
