import assert from 'node:assert/strict'
import { type Advance, advance } from '../../../render/shipper/advance.ts'
import { deletable } from '../../../render/shipper/history.ts'
import type { FactsOf, ReleaseState } from '../../../render/shipper/state.ts'
import { walks } from '../../../render/shipper/walks.ts'
import { allDone, complete, release, safe, vanguard } from './chain.ts'

const clusters = ['c1', 'c2', 'c3']

function load(percent: number, weight: number, of: readonly string[] = clusters) {
  return {
    percent: new Map(of.map((cluster) => [cluster, percent])),
    weight: new Map(of.map((cluster) => [cluster, weight])),
  }
}

/** Turns over clusters that do all at once, until nothing moves any more; each turn as `cluster: type release value`. */
function run(
  start: readonly ReleaseState[],
  alive: readonly string[],
  facts: (chain: readonly ReleaseState[]) => FactsOf = allDone,
) {
  const moves: string[] = []
  let last: Advance = advance(start, alive, facts(start), safe)
  for (let turn = 0; turn < 60; turn++) {
    for (const { type, release: name, value, clusters: at } of last.patches) {
      moves.push(`${at.join()}: ${type} ${name} ${value}`)
    }
    const next = advance(last.chain, alive, facts(last.chain), safe)
    if (next.patches.length === 0 && JSON.stringify(flat(next.chain)) === JSON.stringify(flat(last.chain))) break
    last = next
  }
  return { moves, chain: last.chain, last, byName: (name: string) => last.chain.find((one) => one.name === name) }
}

function flat(chain: readonly ReleaseState[]) {
  return chain.map((one) => [
    one.name,
    one.achievedStep,
    one.complete,
    [...one.achievedIn],
    [...one.percent],
    [...one.weight],
  ])
}

function to(chain: readonly ReleaseState[], targetStep: number): readonly ReleaseState[] {
  return chain.map((one, i) => (i === chain.length - 1 ? { ...one, targetStep } : one))
}

describe('a rollout while a cluster is away', () => {
  const start = [complete('old', { clusters }), release('new', { clusters })]

  it('goes on without it, and leaves it as it is', () => {
    const staging = run(start, clusters)
    const on = run(to(staging.chain, 2), ['c1', 'c2'])
    assert.equal(on.byName('new')?.achievedStep, 2)
    assert.equal(on.byName('new')?.complete, true)
    assert.deepEqual([...(on.byName('new')?.achievedIn ?? [])], [['c3', 0]])
    assert.equal(on.byName('new')?.percent.get('c3'), 1)
    assert.equal(on.byName('old')?.percent.get('c3'), 100)
    assert.ok(on.moves.every((move) => move.startsWith('c1,c2:')))
  })

  it('lets it walk every step when it is back, by itself', () => {
    const away = run(to(run(start, clusters).chain, 2), ['c1', 'c2'])
    const back = run(away.chain, clusters)
    assert.deepEqual(back.moves, [
      'c3: capacity new 50',
      'c3: traffic new 50',
      'c3: traffic old 50',
      'c3: capacity old 50',
      'c3: capacity new 100',
      'c3: traffic new 100',
      'c3: traffic old 0',
      'c3: capacity old 0',
    ])
    assert.deepEqual([...(back.byName('new')?.achievedIn ?? [])], [])
  })

  it('does not let it past the step of the others, nor hold them', () => {
    const half = run(to(run(start, clusters).chain, 1), ['c1', 'c2'])
    const sickInC3 = (chain: readonly ReleaseState[]): FactsOf => {
      return (name, cluster) =>
        cluster === 'c3' && name === 'new' ? { installed: true } : allDone(chain)(name, cluster)
    }
    const on = run(to(half.chain, 2), clusters, sickInC3)
    assert.equal(on.byName('new')?.achievedStep, 2)
    assert.deepEqual([...(on.byName('new')?.achievedIn ?? [])], [['c3', 0]])
    assert.deepEqual([on.byName('new')?.percent.get('c3'), on.byName('new')?.weight.get('c3')], [50, undefined])
  })

  it('takes it back with the others where the step was taken back', () => {
    const half = run(to(run(start, clusters).chain, 1), clusters)
    const back = run(to(half.chain, 0), ['c1', 'c2'])
    assert.deepEqual([...(back.byName('new')?.achievedIn ?? [])], [['c3', 1]])
    assert.deepEqual(run(back.chain, clusters).moves, [
      'c3: capacity old 100',
      'c3: traffic old 100',
      'c3: traffic new 0',
      'c3: capacity new 1',
    ])
  })

  it('finishes an older rollout there before it begins a newer one', () => {
    const away = run(to(run(start, clusters).chain, 2), ['c1', 'c2'])
    const newer = run([...away.chain, release('newer', { clusters })], ['c1', 'c2'])
    assert.deepEqual(deletable(newer.chain, 1, clusters), [])
    const back = run(newer.chain, clusters)
    const names = back.moves.map((move) => move.split(' ').slice(1).join(' '))
    assert.deepEqual(names.slice(-2), ['capacity old 0', 'capacity newer 1'])
    assert.ok(back.moves.every((move) => move.startsWith('c3:')))
  })

  it('does not wait for it where all members count as alive, for that is lock-step: then it stands still', () => {
    const lost = (chain: readonly ReleaseState[]): FactsOf => {
      return (name, cluster) => (cluster === 'c3' ? undefined : allDone(chain)(name, cluster))
    }
    const on = run(start, clusters, lost)
    assert.equal(on.byName('new')?.achievedStep, undefined)
    assert.deepEqual(on.last.progress.at(-1)?.waiting, { type: 'installation', release: 'new', clusters: ['c3'] })
  })

  it('has nobody walk where no cluster of the newest release is alive', () => {
    const moved = [complete('old', { clusters: ['c1'] }), release('new', { clusters: ['c2'] })]
    assert.deepEqual(walks(moved, ['c1']), [])
    assert.deepEqual(advance(moved, ['c1'], allDone(moved), safe).patches, [])
  })
})

describe('a release that is given up', () => {
  const half = run(to(run([complete('old', { clusters }), release('new', { clusters })], clusters).chain, 1), clusters)
  const givenUp = half.chain.map((one) => (one.name === 'new' ? { ...one, isGivenUp: true } : one))
  const back = (at: string) => [
    `${at}: capacity old 100`,
    `${at}: traffic old 100`,
    `${at}: traffic new 0`,
    `${at}: capacity new 0`,
  ]

  it('gives its traffic back before it goes, and may then be deleted', () => {
    assert.deepEqual(deletable(givenUp, 20, clusters), [])
    const gone = run(givenUp, ['c1'])
    assert.deepEqual(gone.moves, back('c1'))
    assert.deepEqual(deletable(gone.chain, 20, ['c1']), ['new'])
  })

  it('keeps its traffic where the older one does not come up, and no cluster waits for another', () => {
    const sick = (chain: readonly ReleaseState[]): FactsOf => {
      return (name, cluster) =>
        cluster === 'c2' && name === 'old' ? { installed: true, availableReplicas: 7 } : allDone(chain)(name, cluster)
    }
    const gone = run(givenUp, clusters, sick)
    assert.equal(gone.byName('new')?.weight.get('c2'), 50)
    assert.deepEqual(
      clusters.map((cluster) => gone.byName('new')?.percent.get(cluster)),
      [0, 50, 0],
    )
    assert.deepEqual([gone.byName('old')?.percent.get('c2'), gone.byName('old')?.weight.get('c2')], [100, 50])
  })

  it('holds a newer one until it is gone, except where a cluster is away', () => {
    const edited = [...givenUp, release('newer', { clusters })]
    const first = advance(edited, clusters, allDone(edited), safe)
    assert.ok(first.patches.every((patch) => patch.release === 'old'))
    const on = run(edited, ['c1', 'c2'])
    assert.equal(on.byName('newer')?.achievedStep, 0)
    assert.equal(on.byName('new')?.weight.get('c3'), 50)
    assert.deepEqual(deletable(on.chain, 20, clusters), [])
    const all = run(on.chain, clusters)
    assert.deepEqual(all.moves, [...back('c3'), 'c3: capacity newer 1'])
  })

  it('is not touched where there is nothing to go back to', () => {
    const alone = [release('new', { ...load(50, 50, ['c1']), isGivenUp: true })]
    assert.deepEqual(advance(alone, ['c1'], allDone(alone), safe).patches, [])
    assert.deepEqual(deletable(alone, 20, ['c1']), [])
  })

  it('with the letter of Shipper is not given up at all', () => {
    const { patches } = advance(givenUp, clusters, allDone(givenUp), { ...safe, letter: true })
    assert.deepEqual(patches, [])
  })
})

describe('a turn of a rollout', () => {
  it('moves one thing, and the same again until it is seen', () => {
    const chain = to(run([complete('old'), release('new')], ['c1']).chain, 1)
    const first = advance(chain, ['c1'], allDone(chain), safe)
    assert.equal(first.patches.length, 1)
    const again = advance(first.chain, ['c1'], () => undefined, safe)
    assert.deepEqual([again.patches, flat(again.chain)], [[], flat(first.chain)])
  })

  it('ends complete at the last step, and stays complete when it is taken back', () => {
    const on = run(to([complete('old'), release('new')], vanguard.length - 1), ['c1'])
    assert.equal(on.byName('new')?.complete, true)
    const back = run(to(on.chain, 0), ['c1'])
    assert.deepEqual([back.byName('new')?.complete, back.byName('new')?.achievedStep], [true, 0])
  })
})
