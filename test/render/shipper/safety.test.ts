import assert from 'node:assert/strict'
import fc from 'fast-check'
import { advance } from '../../../render/shipper/advance.ts'
import { desiredReplicas } from '../../../render/shipper/capacity.ts'
import type { Step } from '../../../render/shipper/environment.ts'
import { deletable, overtaken } from '../../../render/shipper/history.ts'
import {
  type ExecuteOptions,
  holds,
  type Patch,
  percentIn,
  type ReleaseState,
  totalIn,
  weightIn,
} from '../../../render/shipper/state.ts'
import { walking, walks } from '../../../render/shipper/walks.ts'
import { complete, release, safe, step, vanguard } from './chain.ts'
import { apply, emptyCluster, type ModelCluster, movePods, observe, serving, shiftTraffic, truth } from './model.ts'

/** What can happen; numbers are taken modulo what there is. */
type Event =
  | { readonly type: 'render' }
  | { readonly type: 'apply' | 'lose' | 'give up' | 'return'; readonly cluster: number }
  | { readonly type: 'pods' | 'traffic'; readonly cluster: number; readonly count: number }
  | { readonly type: 'target'; readonly step: number }
  | { readonly type: 'edit'; readonly total: number; readonly clusters: number; readonly isSick: boolean }
  | { readonly type: 'abort' | 'clean up' | 'heal' }

const names = ['c1', 'c2', 'c3']

/** Columns that only rise for the contender and only fall for the incumbent, to nothing and to everything. */
const random: fc.Arbitrary<readonly Step[]> = fc
  .array(fc.tuple(fc.nat(100), fc.nat(100), fc.nat(100), fc.nat(100)), { minLength: 1, maxLength: 3 })
  .map((rows) => {
    const column = (i: number, isFalling: boolean) => {
      const sorted = rows.map((row) => row[i] ?? 0).sort((a, b) => a - b)
      return isFalling ? sorted.reverse() : sorted
    }
    const [down, up, away, towards] = [column(0, true), column(1, false), column(2, true), column(3, false)]
    return [
      ...rows.map((_, i) =>
        step(
          `s${i}`,
          [Math.max(1, down[i] ?? 0), Math.max(1, up[i] ?? 0)],
          [Math.max(1, away[i] ?? 0), towards[i] ?? 0],
        ),
      ),
      step('full on', [0, 100], [0, 100]),
    ]
  })

const strategies = fc.oneof(fc.constant(vanguard), random)
const surges = fc.constantFrom(undefined, undefined, 25)
const totals = fc.integer({ min: 1, max: 12 })
const cluster = fc.nat(2)
const events: fc.Arbitrary<readonly Event[]> = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: fc.constant<Event>({ type: 'render' }) },
    { weight: 6, arbitrary: cluster.map((at): Event => ({ type: 'apply', cluster: at })) },
    {
      weight: 6,
      arbitrary: fc.tuple(cluster, fc.nat(12)).map(([at, count]): Event => ({ type: 'pods', cluster: at, count })),
    },
    {
      weight: 6,
      arbitrary: fc.tuple(cluster, fc.nat(3)).map(([at, count]): Event => ({ type: 'traffic', cluster: at, count })),
    },
    { weight: 12, arbitrary: fc.constant<Event>({ type: 'heal' }) },
    { weight: 5, arbitrary: fc.nat(3).map((at): Event => ({ type: 'target', step: at })) },
    { weight: 1, arbitrary: cluster.map((at): Event => ({ type: 'lose', cluster: at })) },
    { weight: 2, arbitrary: cluster.map((at): Event => ({ type: 'give up', cluster: at })) },
    { weight: 1, arbitrary: cluster.map((at): Event => ({ type: 'return', cluster: at })) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(totals, fc.constantFrom(7, 7, 7, 1, 6), fc.boolean())
        .map(([total, clusters, isSick]): Event => ({ type: 'edit', total, clusters, isSick })),
    },
    { weight: 1, arbitrary: fc.constantFrom<Event>({ type: 'abort' }, { type: 'clean up' }) },
  ),
  { minLength: 20, maxLength: 150 },
)

/** A fleet in the hands of chance: the tree, its clusters, and what each of them was promised. */
function createWorld(steps: readonly Step[], isFirst: boolean, options: ExecuteOptions) {
  const clusters = names.map(emptyCluster)
  const givenUp = new Set<string>()
  const sick = new Set<string>()
  /** By cluster, the serving replicas of every step in play: where it is, and what it was sent to since. */
  const promises = new Map(names.map((name) => [name, new Set<number>()]))
  let made = 1
  let chain: readonly ReleaseState[] = [
    isFirst
      ? release('r0', { steps, clusters: names })
      : complete('r0', { steps, clusters: names, targetStep: steps.length - 1, achievedStep: steps.length - 1 }),
  ]
  for (const one of clusters) {
    apply(one, chain)
    movePods(one, 100, sick)
    shiftTraffic(one, 9)
    promises.get(one.name)?.add(serving(one))
  }
  const log: string[] = []

  const alive = () => names.filter((name) => !givenUp.has(name))

  /** The replicas that serve where releases have these loads in a cluster. */
  function promise(at: string, loadOf: (one: ReleaseState) => { percent: number; weight: number }): number {
    return chain
      .filter((one) => one.clusters.includes(at) && loadOf(one).weight > 0)
      .reduce((sum, one) => sum + desiredReplicas(totalIn(one, at), loadOf(one).percent), 0)
  }

  const inForce = (at: string) => (one: ReleaseState) => ({ percent: percentIn(one, at), weight: weightIn(one, at) })

  /** Adds what a step of a chain promises to what a cluster may fall to. */
  function send(of: readonly ReleaseState[], at: string): void {
    const [incumbent, contender] = [of.at(-2), of.at(-1)]
    const to = contender?.steps[contender.targetStep]
    if (!contender || !to) return
    promises.get(at)?.add(
      promise(at, (one) => {
        if (one.name === contender.name) return { percent: to.capacity.contender, weight: to.traffic.contender }
        if (one.name !== incumbent?.name) return { percent: 0, weight: 0 }
        const now = inForce(at)(one)
        const [percent, weight] = [to.capacity.incumbent, to.traffic.incumbent]
        if (one.complete) return { percent, weight }
        return { percent: Math.min(now.percent, percent), weight: Math.min(now.weight, weight) }
      }),
    )
  }

  function render(): readonly Patch[] {
    const live = walking(chain)
    for (const walk of walks(live, alive())) for (const at of walk.clusters) send(walk.chain, at)
    for (const given of chain.filter(({ isGivenUp }) => isGivenUp)) {
      const back = live.findLast((one) => chain.indexOf(one) < chain.indexOf(given))
      for (const at of names) {
        promises.get(at)?.add(promise(at, (one) => ({ percent: one === back ? 100 : 0, weight: one === back ? 1 : 0 })))
      }
    }
    const before = chain
    const ways = walks(live, alive())
    const { patches, chain: after, progress } = advance(chain, alive(), observe(clusters, chain), options)
    chain = after
    for (const one of patches) check(before, one)
    // What is achieved is promised from now on, and nothing less.
    const isRetreating = before.some((one) => one.isGivenUp && alive().some((at) => holds(one, at)))
    const isAchieved = patches.length === 0 && !isRetreating && progress.at(-1)?.isAchieved
    const achieved = isAchieved ? (ways.find(({ isMain }) => isMain)?.clusters ?? []) : []
    const pair = live.slice(-2)
    const isOfPair = (one: ReleaseState) => pair.some(({ name }) => name === one.name)
    for (const at of achieved) {
      promises.set(at, new Set([promise(at, (one) => (isOfPair(one) ? inForce(at)(one) : { percent: 0, weight: 0 }))]))
    }
    log.push(`render: ${patches.map((one) => `${one.type} ${one.release} ${one.value} ${one.clusters}`).join('; ')}`)
    return patches
  }

  /** What is lowered is lowered only where another release is really there to take over. */
  function check(before: readonly ReleaseState[], { type, release: name, value, clusters: at }: Patch): void {
    const lowered = before.find((one) => one.name === name)
    for (const one of clusters.filter((other) => type === 'traffic' && at.includes(other.name))) {
      if (!lowered || value <= weightIn(lowered, one.name)) continue
      const { available = 0 } = one.running.get(name) ?? {}
      const isEmpty = desiredReplicas(totalIn(lowered, one.name), percentIn(lowered, one.name)) === 0
      assert.ok(available > 0 || isEmpty, `${name} gets traffic in ${one.name} without a pod`)
    }
    if (!lowered || lowered === before.filter(({ isGivenUp }) => !isGivenUp).at(-1)) return
    for (const one of clusters.filter((other) => at.includes(other.name))) {
      const now = type === 'capacity' ? percentIn(lowered, one.name) : weightIn(lowered, one.name)
      if (value >= now) continue
      assert.ok(alive().includes(one.name), `${name} is changed in ${one.name}, which was given up on`)
      const carries = (one.running.get(name)?.labelled ?? 0) > 0
      const takesOver = before.some((other) => {
        const isUsed = value > 0 || weightIn(other, one.name) > 0
        return other !== lowered && isUsed && truth(one, other.name)?.trafficReady
      })
      const isLeaving = !before.at(-1)?.clusters.includes(one.name)
      const isLess = type === 'traffic' && value > 0
      assert.ok(
        takesOver || !carries || isLeaving || isLess,
        `${type} of ${name} falls in ${one.name}, nobody takes over`,
      )
    }
  }

  /** Does all that is wanted, one thing after the other. */
  function settle(one: ModelCluster): void {
    const steps = [
      () => apply(one, chain),
      () => movePods(one, 100, sick),
      ...names.map(() => () => shiftTraffic(one, 1)),
    ]
    for (const part of steps) {
      part()
      checkPromises()
    }
  }

  function happen(event: Event): void {
    const one = clusters['cluster' in event ? event.cluster : 0] as ModelCluster
    log.push(JSON.stringify(event))
    if (event.type === 'render') render()
    if (event.type === 'apply') apply(one, chain)
    if (event.type === 'pods') movePods(one, event.count, sick)
    if (event.type === 'traffic') shiftTraffic(one, event.count)
    if (event.type === 'heal') {
      for (const each of clusters.filter(({ isReachable }) => isReachable)) settle(each)
      render()
    }
    if (event.type === 'lose') one.isReachable = false
    if (event.type === 'give up' && !one.isReachable) givenUp.add(one.name)
    if (event.type === 'return') {
      one.isReachable = true
      givenUp.delete(one.name)
    }
    const head = chain.filter(({ isGivenUp }) => !isGivenUp).at(-1)
    if (event.type === 'target' && head) {
      const targetStep = event.step % head.steps.length
      chain = chain.map((other) => (other === head ? { ...other, targetStep } : other))
    }
    if (event.type === 'edit') edit(event)
    if (event.type === 'abort') {
      const isAborted = (other: ReleaseState, i: number) =>
        i === chain.length - 1 && !other.complete && chain.slice(0, -1).some((older) => older.complete)
      chain = chain.map((other, i) => (isAborted(other, i) ? { ...other, isGivenUp: true } : other))
    }
    if (event.type === 'clean up') cleanUp()
  }

  function edit(event: Extract<Event, { type: 'edit' }>): void {
    const name = `r${made++}`
    if (event.isSick) sick.add(name)
    const own = names.filter((_, i) => (event.clusters >> i) % 2 === 1)
    const totalReplicas = new Map(own.map((cluster, i) => [cluster, event.total + 3 * i]))
    chain = [...chain, release(name, { steps, clusters: own, totalReplicas })]
    const given = new Set(overtaken(chain))
    chain = chain.map((other) => (given.has(other.name) ? { ...other, isGivenUp: true } : other))
  }

  function cleanUp(): void {
    for (const name of deletable(chain, 1, names)) {
      for (const one of clusters.filter(({ isReachable }) => isReachable)) {
        assert.equal(one.running.get(name)?.labelled ?? 0, 0, `${name} is deleted with its traffic in ${one.name}`)
      }
      chain = chain.filter((other) => other.name !== name)
    }
  }

  /** Nothing serves less than the least that was promised; where all is achieved, that is what is in force. */
  function checkPromises(): void {
    // Under a limit there are steps in between, each with its own rounding up to whole pods.
    if (names.some((name) => options.surge(name) !== undefined)) return
    for (const one of clusters) {
      const own = promises.get(one.name) ?? new Set()
      const least = Math.min(...own)
      assert.ok(
        serving(one) >= least,
        `${one.name} serves ${serving(one)} of ${[...own]}\n${log.slice(-40).join('\n')}`,
      )
    }
  }

  /** Gives everything its time: clusters come back, what was sick gets well, and nothing is asked for any more. */
  function rest(): void {
    for (const one of clusters) one.isReachable = true
    givenUp.clear()
    sick.clear()
    for (let turn = 0, quiet = 0; quiet < 3; turn++) {
      assert.ok(turn < 500, `it never comes to rest\n${log.slice(-40).join('\n')}`)
      for (const one of clusters) settle(one)
      const before = chain
      const patches = render()
      cleanUp()
      quiet = patches.length === 0 && chain.length === before.length ? quiet + 1 : 0
    }
  }

  return { happen, checkPromises, rest, chain: () => chain }
}

describe('whatever happens to a rollout', () => {
  it('no cluster serves less than the steps in play promise, and nothing that carries traffic is deleted', () => {
    fc.assert(
      fc.property(strategies, fc.boolean(), totals, events, (steps, isFirst, total, all) => {
        const world = createWorld(steps, isFirst, safe)
        world.happen({ type: 'edit', total, clusters: 7, isSick: false })
        for (const event of all) {
          world.happen(event)
          world.checkPromises()
        }
      }),
      { numRuns: 300 },
    )
  })

  it('it comes to rest at its target step in all clusters once they are back and well', () => {
    fc.assert(
      fc.property(strategies, fc.boolean(), totals, surges, events, (steps, isFirst, total, surge, all) => {
        const world = createWorld(steps, isFirst, { ...safe, surge: () => surge })
        world.happen({ type: 'edit', total, clusters: 7, isSick: false })
        for (const event of all) world.happen(event)
        world.rest()
        const head = world.chain().at(-1)
        const at = head?.steps[head.targetStep]
        assert.ok(head && at)
        assert.ok(!world.chain().some(({ isGivenUp }) => isGivenUp), 'what was given up is gone')
        assert.equal(head.achievedStep, head.targetStep)
        assert.ok(!head.clusters.some((name) => head.achievedIn.has(name)), 'all have its step')
        for (const name of head.clusters) {
          assert.equal(percentIn(head, name), at.capacity.contender)
          assert.equal(weightIn(head, name), at.traffic.contender)
        }
      }),
      { numRuns: 150 },
    )
  })
})
