import assert from 'node:assert/strict'
import { createPromotions } from '../../../reconciler/promotion/promotions.ts'
import { formatRollout } from '../../../render/shipper/record.ts'
import type { Rollout } from '../../../render/shipper/rollout.ts'
import type { ClusterObservation } from '../../../repo-layout/observations.ts'
import { standingClock } from '../../clocks.ts'
import { describeReal } from '../../testbed/binaries.ts'
import { readSource } from '../cycle/support.ts'
import { branches, type Fleet, filesOf, generate, startFleet } from '../git/fleet.ts'
import { environment, release } from './release.ts'

const minute = 60_000
const key = 'shop/web-1-0'

const unseen: ClusterObservation = { reachable: true }

function sourceWith(annotations: Readonly<Record<string, string>>) {
  const application = {
    ...{ apiVersion: 'shipper.booking.com/v1alpha1', kind: 'Application' },
    metadata: { name: 'web', namespace: 'shop', annotations },
    spec: { template: { ...environment, values: {} } },
  }
  const fleet = 'apiVersion: flotilla.dev/v1alpha1\nkind: Fleet\nmetadata: {name: f}\n'
  return readSource({ 'flotilla.yaml': fleet, 'web.yaml': JSON.stringify(application) })
}

describeReal('what time says of a step', ['git'], () => {
  let fleet: Fleet
  beforeEach(async () => {
    fleet = await startFleet()
  })
  afterEach(() => fleet.stop())

  /** A generated branch with a commit for each state of the release, so many minutes apart. */
  async function history(...states: readonly (Partial<Rollout> & { readonly after: number })[]) {
    const clock = standingClock(Date.UTC(2026, 10, 26, 8))
    const repository = await fleet.open({ branches, clock })
    await repository.fetch()
    let tip: string | undefined
    let last = release
    let count = 0
    for (const { after, ...state } of states) {
      clock.move(after * minute)
      last = { ...release, ...state }
      const texts = Object.fromEntries(formatRollout(last).map(([path, { text }]) => [path, text]))
      tip = (await generate(repository, tip, filesOf({ ...texts, other: String(++count) }))).commit
    }
    const follow = async (annotations: Readonly<Record<string, string>>) => {
      const promotions = createPromotions({ repository, clock, onChange: () => undefined })
      const source = await sourceWith(annotations)
      await promotions.follow(tip ?? '', [[last]], source)
      return {
        observe: (a: ClusterObservation = unseen, b: ClusterObservation = unseen) =>
          promotions.observe(source, { clusters: { a, b } })[key],
        next: () => promotions.nextChange(source),
        wait: () => promotions.waits(source).get(key),
      }
    }
    return { clock, follow }
  }

  const standing = [
    { after: 0 },
    { after: 1, achievedStep: 0 },
    { after: 1, targetStep: 1, achievedStep: 0 },
    { after: 3, targetStep: 1, achievedStep: 1 },
    // Commits about other things change nothing.
    ...Array.from({ length: 40 }, () => ({ after: 0.1, targetStep: 1, achievedStep: 1 })),
  ]

  it('counts how long it stands from the commit that said so first, whoever looks, and since when', async () => {
    const { clock, follow } = await history(...standing)
    const annotations = { 'flotilla.dev/promote': 'Automatic', 'flotilla.dev/soak': '10m' }
    const before = await follow(annotations)
    assert.deepEqual(before.observe(), { step: 1, soaked: false, deadlinePassed: false })
    assert.equal(before.next(), 6 * minute)
    clock.move(5 * minute)
    const restarted = await follow(annotations)
    assert.equal(restarted.next(), minute)
    clock.move(minute)
    for (const one of [before, restarted]) {
      assert.deepEqual(one.observe(), { step: 1, soaked: true, deadlinePassed: false })
      assert.equal(one.next(), undefined)
    }
  })

  it('has soaked at once where nothing says how long', async () => {
    const { follow } = await history({ after: 0 }, { after: 1, achievedStep: 0 })
    const { observe } = await follow({ 'flotilla.dev/promote': 'Automatic' })
    assert.deepEqual(observe(), { step: 0, soaked: true, deadlinePassed: false })
  })

  it('counts a deadline from the command, also one to go to a step for the second time', async () => {
    const { clock, follow } = await history(
      { after: 0, targetStep: 1, achievedStep: 0 },
      { after: 60, targetStep: 0, achievedStep: 0 },
      { after: 60, targetStep: 1, achievedStep: 0 },
      { after: 1, targetStep: 1, achievedStep: 0 },
    )
    const { observe, next } = await follow({ 'flotilla.dev/step-deadline': '15m' })
    assert.equal(observe()?.deadlinePassed, false)
    assert.equal(next(), 14 * minute)
    clock.move(14 * minute)
    assert.equal(observe()?.deadlinePassed, true)
  })

  it('lets a deadline that passed while nobody looked count only when there was time to look', async () => {
    const { clock, follow } = await history({ after: 0, targetStep: 1, achievedStep: 0 })
    clock.move(60 * minute)
    const { observe, next } = await follow({ 'flotilla.dev/step-deadline': '15m' })
    assert.equal(observe()?.deadlinePassed, false)
    assert.equal(next(), minute)
    clock.move(minute)
    assert.equal(observe()?.deadlinePassed, true)
  })

  describe('that stood', () => {
    const annotations = {
      'flotilla.dev/promote': 'Automatic',
      'flotilla.dev/soak': '1d',
      'flotilla.dev/step-deadline': '15m',
    }
    const percent = new Map([['a', 50]])
    const stood = { achievedStep: 1, targetStep: 1, percent, totalReplicas: new Map([['a', 4]]) }
    const ready = (availableReplicas: number): ClusterObservation => ({
      reachable: true,
      releases: { [key]: { installed: true, availableReplicas, trafficReady: true } },
    })

    it('has failed when it does not stand for as long as a step may take, whatever the soak', async () => {
      const { clock, follow } = await history({ after: 0, targetStep: 1, achievedStep: 0 }, { after: 60, ...stood })
      const { observe, next, wait } = await follow(annotations)
      assert.equal(observe(ready(2))?.deadlinePassed, false)
      assert.equal(next(), 24 * 60 * minute)
      clock.move(20 * minute)
      assert.equal(observe(ready(1))?.deadlinePassed, false)
      assert.equal(next(), 15 * minute)
      assert.deepEqual(wait(), { type: 'readiness' })
      clock.move(15 * minute)
      assert.equal(observe(ready(1))?.deadlinePassed, true)
    })

    it('counts for each cluster by itself: where pods come and go in one after the other, none has failed', async () => {
      const both = {
        clusters: ['a', 'b'],
        percent: new Map([
          ['a', 50],
          ['b', 50],
        ]),
      }
      const totalReplicas = new Map([
        ['a', 4],
        ['b', 4],
      ])
      const { clock, follow } = await history({ after: 0, ...stood, ...both, totalReplicas })
      const { observe } = await follow(annotations)
      for (const [a, b] of [
        [1, 2],
        [1, 1],
        [2, 1],
        [1, 1],
        [1, 2],
      ] as const) {
        assert.equal(observe(ready(a), ready(b))?.deadlinePassed, false)
        clock.move(7 * minute)
      }
      clock.move(minute)
      assert.equal(observe(ready(1), ready(2))?.deadlinePassed, true)
    })

    it('has not soaked before what broke is back for a while, though the time is over', async () => {
      const { clock, follow } = await history({ after: 0, ...stood })
      const { observe, next } = await follow({ 'flotilla.dev/promote': 'Automatic', 'flotilla.dev/soak': '5m' })
      observe(ready(1))
      clock.move(5 * minute)
      assert.equal(observe(ready(1))?.soaked, false)
      assert.equal(observe(ready(2))?.soaked, false, 'it may be ready between two crashes')
      assert.equal(next(), minute / 2)
      clock.move(minute / 4)
      observe(ready(1))
      clock.move(minute / 4)
      assert.equal(observe(ready(2))?.soaked, false)
      clock.move(minute / 2)
      assert.equal(observe(ready(2))?.soaked, true)
    })

    it('has failed where pods are ready for a moment between two crashes', async () => {
      const { clock, follow } = await history({ after: 0, ...stood })
      const { observe, wait } = await follow(annotations)
      for (let minutes = 0; minutes < 15; minutes += 5) {
        observe(ready(1))
        clock.move(4.5 * minute)
        assert.equal(observe(ready(2))?.deadlinePassed, false)
        assert.equal(wait()?.type, 'soak', 'it stands')
        clock.move(minute / 2)
      }
      assert.equal(observe(ready(1))?.deadlinePassed, true)
    })

    it('begins that anew when it stands again, and after a restart', async () => {
      const { clock, follow } = await history({ after: 0, ...stood })
      const { observe, next } = await follow(annotations)
      for (const available of [1, 2, 2, 1]) {
        observe(ready(available))
        clock.move(available === 2 ? 1 * minute : 10 * minute)
      }
      assert.equal(observe(ready(1))?.deadlinePassed, false)
      assert.equal(next(), 5 * minute)
      const restarted = await follow(annotations)
      restarted.observe(ready(1))
      assert.equal(restarted.next(), 15 * minute)
    })

    for (const [what, seen] of Object.entries<ClusterObservation>({
      'nothing is known of it': unseen,
      'its cluster is lost': { ...ready(0), reachable: false },
      'its pods are not known': { reachable: true, releases: { [key]: { installed: true } } },
      'more pods than it wants are there': ready(3),
    }))
      it(`lacks nothing where ${what}`, async () => {
        const { clock, follow } = await history({ after: 0, ...stood })
        const { observe } = await follow(annotations)
        observe(seen)
        clock.move(20 * minute)
        assert.equal(observe(seen)?.deadlinePassed, false)
      })

    it('lacks its traffic', async () => {
      const { clock, follow } = await history({ after: 0, ...stood })
      const { observe } = await follow(annotations)
      const seen = { reachable: true, releases: { [key]: { availableReplicas: 2, trafficReady: false } } }
      observe(seen)
      clock.move(15 * minute)
      assert.equal(observe(seen)?.deadlinePassed, true)
    })
  })

  it('tells what one that goes on by itself waits for, and nothing of one that a person leads or that is not there yet', async () => {
    const annotations = { 'flotilla.dev/promote': 'Automatic', 'flotilla.dev/soak': '10m' }
    const { clock, follow } = await history({ after: 0, achievedStep: 0 })
    const { wait } = await follow(annotations)
    assert.deepEqual(wait(), { type: 'soak', until: clock.now() + 10 * minute })
    clock.move(10 * minute)
    assert.deepEqual(wait(), { type: 'nothing' })
    const checked = await follow({ ...annotations, 'flotilla.dev/check': 'errors' })
    assert.deepEqual(checked.wait(), { type: 'check', name: 'errors', problem: '' })
    const led = await follow({ 'flotilla.dev/soak': '10m' })
    assert.equal(led.wait(), undefined)
    const moving = await history({ after: 0, targetStep: 1, achievedStep: 0 })
    assert.equal((await moving.follow(annotations)).wait(), undefined)
  })

  it('says nothing of an application that asks for nothing, nor of a release that is complete or given up', async () => {
    const quiet = await history({ after: 0, achievedStep: 0 })
    assert.equal((await quiet.follow({})).observe(), undefined)
  })
})
