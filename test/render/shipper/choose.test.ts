import assert from 'node:assert/strict'
import fc from 'fast-check'
import { type Candidate, chooseClusters, preferClusters, score } from '../../../render/shipper/choose.ts'
import { xxhash64 } from '../../../render/shipper/xxhash.ts'
import cases from '../../cases/shipper-cluster-choice.json' with { type: 'json' }

interface Given {
  readonly name: string
  readonly region?: string
  readonly capabilities?: readonly string[]
  readonly weight?: number
  readonly identity?: string
  readonly unschedulable?: boolean
}

function cluster({
  name,
  region,
  capabilities = [],
  weight = 100,
  identity = name,
  unschedulable = false,
}: Given): Candidate {
  return { name, region, capabilities, scheduler: { weight, identity, unschedulable } }
}

describe("the clusters of a release are those of Shipper's own cases", () => {
  for (const one of cases.cases) {
    it(one.name, () => {
      const choice = chooseClusters(one.application, one.clusterRequirements, one.clusters.map(cluster))
      assert.deepEqual(choice.type === 'chosen' ? choice.clusters : null, one.expectedClusters)
      assert.equal(choice.type === 'failed' ? choice.problem.reason : null, one.expectedErrorReason)
    })
  }

  for (const { application, hashes, preferenceOrder } of cases.hashVectors) {
    it(`${application}: hashes, scores and order`, () => {
      for (const { identity, xxhash64: expected, scoreWeight100 } of hashes) {
        assert.equal(xxhash64(application + identity), BigInt(expected))
        // Logarithms of different libraries may differ in the last bit.
        const error = score(application, { identity, weight: 100 }) / scoreWeight100 - 1
        assert.ok(Math.abs(error) <= 2 * Number.EPSILON, `off by ${error}`)
      }
      const clusters = hashes.map(({ identity }) => cluster({ name: identity }))
      assert.deepEqual(
        preferClusters(application, clusters).map(({ name }) => name),
        preferenceOrder,
      )
    })
  }
})

describe('xxhash64', () => {
  const vectors: readonly (readonly [string, bigint])[] = [
    ['', 0xef46db3751d8e999n],
    ['a', 0xd24ec4f1a98c6e5bn],
    ['as', 0x1c330fb2d66be179n],
    ['asd', 0x631c37ce72a97393n],
    ['asdf', 0x415872f599cea71en],
    ['Call me Ishmael. Some years ago--never mind how long precisely-', 0x02a2e85470d6fd96n],
  ]
  for (const [text, expected] of vectors) {
    it(`of ${JSON.stringify(text)} is that of the reference implementation`, () => {
      assert.equal(xxhash64(text), expected)
    })
  }
})

describe('choosing clusters', () => {
  const requirements = { regions: [{ name: 'eu', replicas: 3 }] }
  const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 4, maxLength: 12 })

  it('depends on no order of the inventory, and ties go by name', () => {
    fc.assert(
      fc.property(names, fc.integer(), fc.boolean(), (all, seed, isTied) => {
        const clusters = all.map((name) => cluster({ name, region: 'eu', ...(isTied ? { identity: 'same' } : {}) }))
        const turned = [...clusters].sort((a, b) => xxhashOrder(a.name, seed) - xxhashOrder(b.name, seed))
        const choice = chooseClusters('web', requirements, clusters)
        assert.deepEqual(chooseClusters('web', requirements, turned), choice)
        if (isTied) assert.deepEqual(choice, { type: 'chosen', clusters: [...all].sort().slice(0, 3) })
      }),
    )
  })

  it('moves at most one cluster when one comes or goes', () => {
    fc.assert(
      fc.property(names, (all) => {
        const clusters = all.map((name) => cluster({ name, region: 'eu' }))
        const before = chooseClusters('web', requirements, clusters)
        const after = chooseClusters('web', requirements, clusters.slice(1))
        assert.ok(before.type === 'chosen' && after.type === 'chosen')
        assert.ok(after.clusters.filter((name) => !before.clusters.includes(name)).length <= 1)
      }),
    )
  })

  it('puts weight 0 last, takes the last of two entries for one region, and no cluster where 0 are asked for', () => {
    const clusters = ['a', 'b', 'c'].map((name) => cluster({ name, region: 'eu', weight: name === 'b' ? 0 : 100 }))
    const two = chooseClusters(
      'web',
      {
        regions: [
          { name: 'eu', replicas: 3 },
          { name: 'eu', replicas: 2 },
        ],
      },
      clusters,
    )
    assert.deepEqual(two, { type: 'chosen', clusters: ['a', 'c'] })
    const none = chooseClusters('web', { regions: [{ name: 'eu', replicas: 0 }] }, clusters)
    assert.deepEqual(none, { type: 'chosen', clusters: [] })
  })

  it('says which clusters lack capabilities', () => {
    const clusters = [cluster({ name: 'a', region: 'eu', capabilities: ['gpu'] }), cluster({ name: 'b', region: 'eu' })]
    const failed = chooseClusters('web', { regions: [{ name: 'eu', replicas: 2 }], capabilities: ['gpu'] }, clusters)
    assert.deepEqual(failed, {
      type: 'failed',
      problem: {
        reason: 'NotEnoughCapableClustersInRegion',
        text: 'region "eu" is to have 2 of its clusters used, but only 1 of 2 have all capabilities (a); ask for fewer clusters or capabilities',
      },
    })
  })
})

function xxhashOrder(name: string, seed: number): number {
  return Number(xxhash64(`${seed}${name}`) & 0xffffn)
}
