import assert from 'node:assert/strict'
import fc from 'fast-check'
import { fnv1 } from '../../render/fnv.ts'
import { type ClusterPreference, type PlanInput, planReplicas } from '../../render/kubefed/planner.ts'
import cases from '../cases/kubefed-planner.json' with { type: 'json' }

type Counts = Readonly<Record<string, number | undefined>>

function counts(of: Counts): Map<string, number> {
  return new Map(Object.entries(of).filter((entry): entry is [string, number] => entry[1] !== undefined))
}

describe('planner: replicas are divided as kubefed divides them', () => {
  for (const { name, preference, clusters, existing, capacity, replicaSetKey, expected, expectedOverflow } of cases) {
    it(name, () => {
      const preferences: Record<string, ClusterPreference> = {}
      for (const [cluster, { weight, min, max }] of Object.entries(preference.clusters)) {
        preferences[cluster] = { weight, minReplicas: min, maxReplicas: max ?? undefined }
      }

      const plan = planReplicas({
        ...preference,
        preferences,
        clusters,
        current: counts(existing),
        capacity: counts(capacity),
        key: replicaSetKey,
      })

      assert.deepEqual(Object.fromEntries(plan.replicas), expected)
      assert.deepEqual(Object.fromEntries(plan.overflow), expectedOverflow)
    })
  }

  it('gives 3 and 6 of 9 replicas to weights 1 and 2', () => {
    const one = { minReplicas: 0, maxReplicas: undefined }
    const preferences = { A: { ...one, weight: 1 }, B: { ...one, weight: 2 } }
    const none = new Map<string, number>()
    const plan = planReplicas({
      totalReplicas: 9,
      rebalance: false,
      preferences,
      clusters: ['A', 'B'],
      current: none,
      capacity: none,
      key: 'test-ns/test-deployment',
    })
    assert.deepEqual(Object.fromEntries(plan.replicas), { A: 3, B: 6 })
  })

  it('breaks ties by FNV-1, whose published values it has', () => {
    assert.equal(fnv1(''), 0x811c9dc5)
    assert.equal(fnv1('foobar'), 0x31f0b262)
  })
})

describe('planner: rules that hold for every preference', () => {
  const name = fc.constantFrom('A', 'B', 'C', 'D', 'E')
  const count = fc.nat({ max: 50 })
  const preference = fc.record({
    weight: fc.nat({ max: 10 }),
    minReplicas: fc.nat({ max: 10 }),
    maxReplicas: fc.option(fc.nat({ max: 40 }), { nil: undefined }),
  })
  const input: fc.Arbitrary<PlanInput> = fc.record({
    totalReplicas: fc.nat({ max: 200 }),
    rebalance: fc.boolean(),
    preferences: fc.dictionary(fc.oneof(name, fc.constant('*')), preference),
    clusters: fc.uniqueArray(name),
    current: fc.array(fc.tuple(name, count)).map((pairs) => new Map(pairs)),
    capacity: fc.array(fc.tuple(name, count)).map((pairs) => new Map(pairs)),
    key: fc.constantFrom('', 'shop/web', 'test-ns/test-deployment'),
  })
  const sum = (map: ReadonlyMap<string, number>) => [...map.values()].reduce((a, b) => a + b, 0)

  it('the planned replicas never exceed the total, nor a capacity, and are never negative', () => {
    fc.assert(
      fc.property(input, (any) => {
        const { replicas } = planReplicas(any)
        assert.ok(sum(replicas) <= any.totalReplicas)
        for (const [cluster, planned] of replicas) {
          assert.ok(planned >= 0 && planned <= (any.capacity.get(cluster) ?? Number.POSITIVE_INFINITY))
        }
      }),
    )
  })

  it('a maximum is kept wherever the minimum does not exceed it', () => {
    fc.assert(
      fc.property(input, (any) => {
        for (const [cluster, planned] of planReplicas(any).replicas) {
          const own = any.preferences[cluster] ?? any.preferences['*']
          if (own?.maxReplicas === undefined || own.minReplicas > own.maxReplicas) continue
          assert.ok(planned <= own.maxReplicas)
        }
      }),
    )
  })

  it('everything is placed while a cluster with weight has room', () => {
    fc.assert(
      fc.property(input, (any) => {
        const { replicas } = planReplicas({ ...any, rebalance: true })
        const roomy = any.clusters.some((cluster) => {
          const own = any.preferences[cluster] ?? any.preferences['*']
          return own && own.weight > 0 && own.maxReplicas === undefined && !any.capacity.has(cluster)
        })
        if (roomy) assert.equal(sum(replicas), any.totalReplicas)
      }),
    )
  })

  it('overflow without rebalance never lifts the sum above the total', () => {
    fc.assert(
      fc.property(input, (any) => {
        const { overflow } = planReplicas({ ...any, rebalance: false })
        for (const above of overflow.values()) assert.ok(above > 0 && above <= any.totalReplicas)
      }),
    )
  })

  it('the order in which clusters are listed changes nothing', () => {
    fc.assert(
      fc.property(input, (any) => {
        const turned = planReplicas({ ...any, clusters: [...any.clusters].reverse() })
        const plan = planReplicas(any)
        assert.deepEqual(new Map([...turned.replicas].sort()), new Map([...plan.replicas].sort()))
        assert.deepEqual(new Map([...turned.overflow].sort()), new Map([...plan.overflow].sort()))
      }),
    )
  })
})
