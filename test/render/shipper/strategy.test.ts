import assert from 'node:assert/strict'
import { patched } from '../../../render/shipper/advance.ts'
import type { ExecuteOptions, FactsOf, ReleaseFacts, ReleaseState } from '../../../render/shipper/state.ts'
import { execute } from '../../../render/shipper/strategy.ts'
import { allDone, complete, release, safe, vanguard } from './chain.ts'

/** Moves of a rollout whose clusters do everything at once, until nothing moves: `capacity new 50` and so on. */
function walk(start: readonly ReleaseState[], options: ExecuteOptions = safe, facts = allDone): string[] {
  let chain = start
  const moves: string[] = []
  for (;;) {
    const clusters = [...new Set(chain.flatMap((one) => one.clusters))]
    const { patches, progress } = execute(chain, clusters, facts(chain), options)
    if (patches.length === 0) {
      const { state, isAchieved, waiting } = progress.at(-1) ?? {}
      if (state?.waitingForCommand === 'True') return [...moves, 'command']
      return [...moves, isAchieved ? 'achieved' : `waits for ${waiting?.type} of ${waiting?.release}`]
    }
    moves.push(...patches.map(({ type, release: name, value }) => `${type} ${name} ${value}`))
    assert.ok(moves.length < 50, 'the rollout runs in circles')
    chain = patched(chain, patches)
  }
}

/** Facts in which some are worse than done. */
function except(bad: Readonly<Record<string, Partial<ReleaseFacts> | undefined>>) {
  return (chain: readonly ReleaseState[]): FactsOf =>
    (name, cluster) => {
      const key = Object.hasOwn(bad, `${name}/${cluster}`) ? `${name}/${cluster}` : name
      if (Object.hasOwn(bad, key) && bad[key] === undefined) return undefined
      const facts = allDone(chain)(name, cluster)
      return facts && { ...facts, ...bad[key] }
    }
}

function load(percent: number, weight: number, clusters: readonly string[] = ['c1']) {
  return {
    percent: new Map(clusters.map((cluster) => [cluster, percent])),
    weight: new Map(clusters.map((cluster) => [cluster, weight])),
  }
}

const half = { ...load(50, 50), targetStep: 1, achievedStep: 1 }
const forward = ['capacity new 50', 'traffic new 50', 'traffic old 50', 'capacity old 50', 'command']

describe('a step of a rollout, safe', () => {
  it('goes forward in the order of Shipper: contender up, then incumbent down', () => {
    assert.deepEqual(walk([complete('old'), release('new')]), ['capacity new 1', 'command'])
    assert.deepEqual(
      walk([complete('old'), release('new', { ...load(1, 0), targetStep: 1, achievedStep: 0 })]),
      forward,
    )
  })

  it('goes back in the order of Shipper: incumbent up, then contender down', () => {
    const chain = [complete('old', load(50, 50)), release('new', { ...half, targetStep: 0 })]
    const back = ['capacity old 100', 'traffic old 100', 'traffic new 0', 'capacity new 1', 'command']
    assert.deepEqual(walk(chain), back)
  })

  it('jumps over a step, and a first version walks alone', () => {
    const jump = ['capacity new 100', 'traffic new 100', 'traffic old 0', 'capacity old 0', 'achieved']
    assert.deepEqual(walk([complete('old'), release('new', { targetStep: 2 })]), jump)
    const first = release('new', { targetStep: 1 })
    assert.deepEqual(walk([first]), ['capacity new 50', 'traffic new 50', 'command'])
    assert.deepEqual(walk([release('new', { ...half, targetStep: 0 })]), ['traffic new 0', 'capacity new 1', 'command'])
  })

  it('taken back half-way restores the incumbent before the contender is cut, where Shipper cuts first', () => {
    // From 50/50 to full on: the contender has all traffic, the incumbent none and is to lose its capacity next.
    const chain = [complete('old', load(50, 0)), release('new', { ...load(100, 100), targetStep: 0, achievedStep: 1 })]
    const back = ['capacity old 100', 'traffic old 100', 'traffic new 0', 'capacity new 1', 'command']
    assert.deepEqual(walk(chain), back)

    const standing = chain.map((one) => (one.name === 'new' ? { ...one, targetStep: 1 } : one))
    assert.deepEqual(walk(standing).slice(0, 2), ['traffic old 50', 'traffic new 50'])
    assert.deepEqual(walk(standing, { ...safe, letter: true }).slice(0, 2), ['capacity new 50', 'traffic new 50'])
  })

  it('patches all clusters of an item, and waits for all of them', () => {
    const clusters = ['c1', 'c2']
    const chain = [
      complete('old', { clusters }),
      release('new', { clusters, ...load(50, 0, clusters), targetStep: 1, achievedStep: 0 }),
    ]
    const both = execute(chain, clusters, allDone(chain), safe)
    assert.deepEqual(both.patches, [{ type: 'traffic', release: 'new', value: 50, clusters }])
    const late = execute(chain, clusters, except({ 'new/c2': { availableReplicas: 4 } })(chain), safe)
    assert.deepEqual(late.patches, [])
    assert.deepEqual(late.progress[1]?.waiting, { type: 'capacity', release: 'new', clusters: ['c2'] })
    const alone = execute(chain, ['c1'], allDone(chain), safe)
    assert.deepEqual(alone.patches, [{ type: 'traffic', release: 'new', value: 50, clusters: ['c1'] }])
  })

  it('lowers nothing of the incumbent until the contender is seen to serve', () => {
    const chain = [complete('old'), release('new', { ...load(1, 0), targetStep: 1, achievedStep: 0 })]
    const sick = walk(chain, safe, except({ new: { availableReplicas: 3 } }))
    assert.deepEqual(sick, ['capacity new 50', 'waits for capacity of new'])
    const cutOff = walk(chain, safe, except({ new: { trafficReady: false } }))
    assert.deepEqual(cutOff, ['capacity new 50', 'traffic new 50', 'waits for traffic of new'])
    const unknown = walk(chain, safe, except({ new: undefined }))
    assert.deepEqual(unknown, ['waits for installation of new'])
  })

  it('does not let a sick incumbent hold the contender back, but the step is not achieved with it', () => {
    const chain = [complete('old'), release('new', { ...load(1, 0), targetStep: 1, achievedStep: 0 })]
    const moves = walk(chain, safe, except({ old: { availableReplicas: 2 } }))
    assert.deepEqual(moves, [...forward.slice(0, -1), 'waits for capacity of old'])
    const on = walk([complete('old', load(50, 50)), release('new', { ...half, targetStep: 2 })], safe, (now) =>
      except({ old: { availableReplicas: now[0]?.percent.get('c1') === 0 ? 0 : 2 } })(now),
    )
    assert.equal(on.at(-1), 'achieved')
  })

  it('brings the incumbent back though the contender cannot be installed', () => {
    const chain = [complete('old', load(50, 50)), release('new', { ...half, targetStep: 0 })]
    const moves = walk(chain, safe, except({ new: { installed: false } }))
    assert.deepEqual(moves.slice(0, 4), ['capacity old 100', 'traffic old 100', 'traffic new 0', 'capacity new 1'])
  })

  it('lets a version that repairs a first one that never worked go all the way', () => {
    const broken = except({ old: { availableReplicas: 0 } })
    const old = release('old', load(1, 0))
    assert.deepEqual(walk([old, release('new')], safe, broken), ['capacity new 1', 'command'])
    const on = walk([old, release('new', { ...load(1, 0), targetStep: 2, achievedStep: 0 })], safe, broken)
    assert.deepEqual(on, ['capacity new 100', 'traffic new 100', 'capacity old 0', 'achieved'])
  })

  it('moves capacity alone where there is no Service', () => {
    const chain = [complete('old'), release('new', { ...load(1, 0), targetStep: 2, achievedStep: 0 })]
    const facts = except({ old: { trafficReady: undefined }, new: { trafficReady: undefined } })
    const moves = walk(chain, { ...safe, hasTraffic: false }, facts)
    assert.deepEqual(moves, ['capacity new 100', 'capacity old 0', 'achieved'])
    const letter = walk(chain, { ...safe, hasTraffic: false, letter: true }, facts)
    assert.deepEqual(letter, moves)
  })

  it('takes from releases before the incumbent what its last step leaves them, once newer ones serve', () => {
    const chain = [complete('oldest', load(30, 20)), complete('old'), release('new', { ...load(1, 0) })]
    assert.deepEqual(walk(chain), ['traffic oldest 0', 'capacity oldest 0', 'command'])
    assert.deepEqual(walk(chain, { ...safe, letter: true }), walk(chain))
    assert.deepEqual(walk(chain, safe, except({ old: { trafficReady: false } })), ['waits for traffic of old'])
  })

  it('leaves releases before the incumbent their share while the incumbent stands at a step that it was taken back to', () => {
    const shared = complete('old', { targetStep: 1, achievedStep: 1 })
    const chain = [complete('oldest', load(50, 50)), shared, release('new', load(1, 0))]
    assert.deepEqual(walk(chain), ['command'])
    const on = [
      chain[0],
      chain[1],
      release('new', { ...load(100, 100), complete: true, targetStep: 2, achievedStep: 2 }),
    ]
    const moves = walk(on.filter((one) => one !== undefined))
    assert.deepEqual(moves, ['traffic old 0', 'capacity old 0', 'traffic oldest 0', 'capacity oldest 0', 'achieved'])
  })

  it('says what it waits for, in which cluster and why', () => {
    const chain = [complete('old'), release('new', { ...load(50, 0), targetStep: 1, achievedStep: 0 })]
    const message = 'ImagePullBackOff of new-1-abc'
    const { progress } = execute(chain, ['c1'], except({ new: { availableReplicas: 3, message } })(chain), safe)
    const head = progress[1]
    assert.deepEqual(head?.conditions, [
      {
        type: 'ContenderAchievedCapacity',
        status: 'False',
        step: 1,
        reason: 'ClustersNotReady',
        message: `release new has not its capacity in c1 (3 of 5 available: ${message})`,
      },
      { type: 'ContenderAchievedInstallation', status: 'True', step: 1, reason: '', message: '' },
    ])
    assert.equal(head?.state?.waitingForCapacity, 'True')
    assert.equal(head?.state?.waitingForTraffic, 'False')
  })

  it('moves nothing to a step that the strategy does not have', () => {
    const chain = [complete('old'), release('new', { targetStep: 3 })]
    const { patches, progress } = execute(chain, ['c1'], allDone(chain), safe)
    assert.deepEqual(patches, [])
    assert.deepEqual(progress[1]?.problem, {
      reason: 'StrategyExecutionFailed',
      message: `targetStep 3 of release new is none of the ${vanguard.length} steps of its strategy; write 0 to 2`,
    })
  })
})
