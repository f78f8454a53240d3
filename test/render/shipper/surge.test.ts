import assert from 'node:assert/strict'
import fc from 'fast-check'
import { advance } from '../../../render/shipper/advance.ts'
import type { Step } from '../../../render/shipper/environment.ts'
import { holds, percentIn, type ReleaseState } from '../../../render/shipper/state.ts'
import { origin, surgePercent, virtualSteps } from '../../../render/shipper/surge.ts'
import cases from '../../cases/shipper-virtual-strategy.json' with { type: 'json' }
import { allDone, complete, release, safe, step, vanguard } from './chain.ts'
import { apply, emptyCluster, movePods, observe, shiftTraffic } from './model.ts'

describe("surge, by the cases of Shipper's gradual rollout", () => {
  for (const { source, surgePercent: surge, steps, expected } of cases.virtualStrategy) {
    it(source, () => {
      const own = steps.map(([name, ...of]) => {
        const [down = 0, up = 0, away = 0, towards = 0] = of.map(Number)
        return step(String(name), [down, up], [away, towards])
      })
      const virtual = own.map((to, i) => ({ virtualSteps: virtualSteps(own[i - 1] ?? origin, to, surge) }))
      assert.deepEqual(virtual, expected)
    })
  }

  for (const { rollingUpdate, replicaCount, expectedPercent, error } of cases.maxSurge) {
    // What is neither a number nor a percentage is an error of the Application.
    if (error !== null) continue
    it(`maxSurge of ${JSON.stringify(rollingUpdate)} with ${replicaCount} replicas`, () => {
      assert.equal(surgePercent(rollingUpdate?.maxSurge, replicaCount), expectedPercent)
    })
  }

  it('is no limit for a release without replicas', () => {
    assert.equal(surgePercent('25%', 0), 100)
  })
})

/** The percentages of incumbent and contender after each move, of clusters that do all at once. */
function loads(start: readonly ReleaseState[], surge: number): string[] {
  const seen: string[] = []
  let chain = start
  for (let turn = 0; turn < 100; turn++) {
    const next = advance(chain, ['c1'], allDone(chain), { ...safe, surge: () => surge })
    const text = next.chain.map((one) => `${percentIn(one, 'c1')}/${one.weight.get('c1') ?? 0}`).join(' ')
    if (next.patches.length > 0) seen.push(text)
    chain = next.chain
  }
  return seen
}

function at(percent: number, weight: number, more: Partial<ReleaseState> = {}): Partial<ReleaseState> {
  return { percent: new Map([['c1', percent]]), weight: new Map([['c1', weight]]), ...more }
}

describe('a rollout with a limit of surge', () => {
  it('goes forward through steps of its own, and never has more than the limit', () => {
    const half = [complete('old', at(100, 100)), release('new', at(1, 0, { targetStep: 1, achievedStep: 0 }))]
    assert.deepEqual(loads(half, 30), [
      '100/100 30/0',
      '100/100 30/25',
      '70/100 30/25',
      '70/100 31/25',
      '70/75 31/25',
      '70/75 50/25',
      '70/75 50/50',
      '70/50 50/50',
      '50/50 50/50',
    ])
  })

  it('goes back and gives up within the limit too', () => {
    const half = at(50, 50, { targetStep: 0, achievedStep: 1 })
    const back = loads([complete('old', at(50, 50)), release('new', half)], 30)
    assert.deepEqual([back[0], back.at(-1)], ['80/50 50/50', '100/100 1/0'])
    const given = loads([complete('old', at(50, 50)), release('new', { ...half, isGivenUp: true })], 30)
    assert.deepEqual(given, [
      '80/50 50/50',
      '80/100 50/50',
      '80/100 20/50',
      '100/100 20/50',
      '100/100 20/0',
      '100/100 0/0',
    ])
  })

  it('holds the limit but for what a step itself asks for', () => {
    const steps = [step('both', [100, 100], [50, 50]), ...vanguard.slice(2)]
    const seen = loads([complete('old', at(100, 100)), release('new', { steps })], 10)
    assert.equal(seen.at(-1), '100/50 100/50')
  })

  /** Steps whose capacities make 101 together, with columns that only rise or only fall. */
  const strategies = fc
    .tuple(
      ...Array.from({ length: 3 }, () => fc.tuple(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 100 }))),
    )
    .map((columns): readonly Step[] => {
      const sorted = columns.map((column) => [...column].sort((a, b) => a - b))
      const steps = [0, 1].map((i) => {
        const [up = 1, away = 1, towards = 1] = [sorted[0]?.[i], sorted[1]?.[1 - i], sorted[2]?.[i]]
        return step(`s${i}`, [101 - up, up], [away, towards])
      })
      return [...steps, step('full on', [0, 100], [0, 100])]
    })
  const commands = fc.array(fc.record({ turns: fc.nat(6), step: fc.nat(2) }), { maxLength: 6 })
  const surges = fc.integer({ min: 5, max: 60 })

  it('whatever is asked for meanwhile, no cluster has more than the limit, and it gets there', () => {
    fc.assert(
      fc.property(strategies, surges, commands, fc.boolean(), fc.nat(30), (steps, surge, all, isAborted, speed) => {
        const clusters = ['c1', 'c2'].map(emptyCluster)
        const names = clusters.map(({ name }) => name)
        const common = { clusters: names, replicas: 100, steps }
        const limitOf = (cluster: string) => (cluster === 'c1' ? surge : 65 - surge)
        let chain: readonly ReleaseState[] = [complete('old', common), release('new', common)]
        const turn = (pods: number) => {
          for (const one of clusters) {
            apply(one, chain)
            movePods(one, pods, new Set())
            shiftTraffic(one, 1)
            const running = [...one.running.values()]
            const percent = running.reduce((sum, { percent: own }) => sum + own, 0)
            const available = running.reduce((sum, { available: own }) => sum + own, 0)
            const limit = limitOf(one.name)
            assert.ok(percent <= 100 + limit, `${percent} % are wanted in ${one.name} with a surge of ${limit}`)
            assert.ok(available <= 100 + limit, `${available} pods are in ${one.name} with a surge of ${limit}`)
          }
          chain = advance(chain, names, observe(clusters, chain), { ...safe, surge: limitOf }).chain
        }
        for (const { turns, step: targetStep } of all) {
          chain = chain.map((one) => (one.name === 'new' ? { ...one, targetStep } : one))
          for (let i = 0; i < turns; i++) turn(speed)
        }
        const isGivenUp = isAborted && chain[1]?.complete === false
        chain = chain.map((one) => (one.name === 'new' ? { ...one, isGivenUp } : one))
        const wanted = isGivenUp ? 0 : steps[chain[1]?.targetStep ?? 0]?.capacity.contender
        // A step that is taken back before it was achieved has to be walked back too.
        const isThere = () =>
          isGivenUp
            ? !chain.some((one) => one.isGivenUp && names.some((name) => holds(one, name)))
            : chain[1]?.achievedStep === chain[1]?.targetStep &&
              chain.every((one) => names.every((name) => percentIn(one, name) === percentAt(one, name)))
        const percentAt = (one: ReleaseState, name: string) => {
          const step = steps[chain[1]?.targetStep ?? 0]
          return (one.name === 'new' ? step?.capacity.contender : step?.capacity.incumbent) ?? percentIn(one, name)
        }
        for (let i = 0; i < 600 && !isThere(); i++) turn(100)
        const [, contender] = chain
        assert.ok(contender)
        assert.deepEqual(
          names.map((name) => percentIn(contender, name)),
          [wanted, wanted],
        )
        if (!isGivenUp) assert.equal(contender.achievedStep, contender.targetStep)
      }),
      { numRuns: 60 },
    )
  })
})
