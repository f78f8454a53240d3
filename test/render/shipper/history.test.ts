import assert from 'node:assert/strict'
import {
  isSteppingBackwards,
  nextGeneration,
  nextIteration,
  rollingOut,
  siblings,
} from '../../../render/shipper/chain.ts'
import { deletable, historyLimit, outlived, overtaken } from '../../../render/shipper/history.ts'
import cases from '../../cases/shipper-release.json' with { type: 'json' }
import { complete, release } from './chain.ts'

describe("the chain of releases, by Shipper's own cases", () => {
  for (const { source, generations, generation, predecessor, successor } of cases.siblings) {
    it(`${source}: neighbours of ${generation}`, () => {
      const releases = generations.map((one) => ({ generation: one })).reverse()
      const found = siblings(releases, generation)
      assert.equal(found.predecessor?.generation ?? null, predecessor)
      assert.equal(found.successor?.generation ?? null, successor)
    })
  }

  for (const { name, achievedStep, targetStep, expected } of cases.steppingBackwards) {
    it(name, () => {
      assert.equal(isSteppingBackwards({ achievedStep: achievedStep ?? undefined, targetStep }), expected)
    })
  }

  for (const one of cases.releaseCreation) {
    const { expectedCreate, existing, app, rollingOut: expected } = one
    if (!expectedCreate || !existing) continue
    it(one.source, () => {
      const before = existing.map(({ generation, iteration = 0, complete: isComplete = false, hash = '' }) => {
        return { name: `<${hash}-${iteration}>`, generation, iteration, complete: isComplete, hash }
      })
      const hash = one.templateHash ?? 'new'
      const created = { generation: nextGeneration(before), iteration: nextIteration(before, hash) }
      assert.equal(created.generation, expectedCreate.generation)
      assert.equal(created.iteration, expectedCreate.iteration)
      const name = expectedCreate.nameTemplate.replace(`${app}-`, '')
      const message = expected?.message.replace('<name>', name).replace(`<${hash}-0>`, name)
      assert.deepEqual(rollingOut([...before, { name, complete: false }]), { status: expected?.status, message })
    })
  }

  it('counts iterations by hash', () => {
    const releases = ['a', 'a', 'b'].map((hash, iteration) => ({ hash, iteration }))
    assert.deepEqual(
      ['a', 'b', 'c'].map((hash) => nextIteration(releases, hash)),
      [2, 3, 0],
    )
  })

  it('is active with a complete newest release, and says nothing without any', () => {
    assert.deepEqual(rollingOut([complete('web-a-0')]), { status: 'False', message: 'Release "web-a-0" is active' })
    assert.equal(rollingOut([]), undefined)
  })
})

describe('the history of releases', () => {
  for (const { revisionHistoryLimit, releases, expectedDeleted, ...one } of cases.historyCleanup) {
    it(`is cleaned up as Shipper does (${'source' in one ? one.source : one.note})`, () => {
      assert.deepEqual(outlived(releases, revisionHistoryLimit), expectedDeleted)
    })
  }

  it('has a limit from 1 to 1000, 20 if not given', () => {
    assert.deepEqual([undefined, 0, -5, 1, 7, 5000].map(historyLimit), [20, 1, 1, 1, 7, 1000])
  })

  const nothing = { percent: new Map(), weight: new Map() }

  it('keeps what has capacity or traffic in a member, reachable or not, where Shipper deletes it', () => {
    const half = { percent: new Map([['c1', 50]]), weight: new Map() }
    const chain = [complete('a', nothing), release('b', half), complete('c', nothing), complete('d'), release('e')]
    assert.deepEqual(outlived(chain, 1), ['a', 'b', 'c'])
    assert.deepEqual(deletable(chain, 1, ['c1']), ['a', 'c'])
    assert.deepEqual(deletable(chain, 1, []), ['a', 'b', 'c'])
  })

  it('keeps the only older release while it serves, complete or not', () => {
    const first = release('a', { percent: new Map([['c1', 50]]), weight: new Map([['c1', 50]]) })
    assert.deepEqual(overtaken([first, release('b')]), [])
    assert.deepEqual(deletable([first, release('b')], 1, ['c1']), [])
    assert.deepEqual(deletable([release('a'), release('b')], 1, ['c1']), ['a'])
  })

  it('lets a given-up release go once it has nothing left, even the newest, but never the last', () => {
    const up = { percent: new Map([['c1', 1]]), weight: new Map() }
    assert.deepEqual(overtaken([complete('a'), release('b', up), release('c')]), ['b'])
    assert.deepEqual(deletable([complete('a'), release('b', { isGivenUp: true, ...up })], 5, ['c1']), [])
    assert.deepEqual(deletable([complete('a'), release('b', { isGivenUp: true })], 5, ['c1']), ['b'])
    assert.deepEqual(deletable([release('b', { isGivenUp: true })], 5, ['c1']), [])
  })
})
