import assert from 'node:assert/strict'
import fc from 'fast-check'
import { podTarget, podTargets } from '../../../render/shipper/traffic-targets.ts'
import cases from '../../cases/shipper-traffic.json' with { type: 'json' }

describe("weights become pods as Shipper's own traffic cases say", () => {
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)

  for (const { source, releases, expected, extraAppPodsOfNoRelease = 0 } of cases.shiftingStatus) {
    it(source, () => {
      const totalPods = sum(releases.map((one) => one.withTraffic + one.withoutTraffic)) + extraAppPodsOfNoRelease
      const totalWeight = sum(releases.map(({ weight }) => weight))
      const targets = releases.map(({ weight, withTraffic, withoutTraffic }) => {
        return podTarget({ weight, pods: withTraffic + withoutTraffic, totalPods, totalWeight })
      })
      assert.deepEqual(
        targets,
        expected.map((one) => one.podTarget),
      )
    })
  }

  for (const { source, releases, expected } of cases.converged) {
    it(`${source}: where the labels come to rest`, () => {
      const targets = podTargets(releases.map(({ weight, pods }, i) => ({ name: `r${i}`, weight, pods })))
      assert.deepEqual(
        [...targets.values()],
        expected.map((one) => one.podsWithTraffic),
      )
    })
  }

  for (const one of cases.podTargetDerived) {
    it(`weight ${one.releaseWeight} of ${one.totalWeight} over ${one.totalAppPods} pods: ${one.expected}`, () => {
      const share = { pods: one.releasePods, weight: one.releaseWeight }
      assert.equal(podTarget({ ...share, totalPods: one.totalAppPods, totalWeight: one.totalWeight }), one.expected)
    })
  }
})

describe('traffic targets', () => {
  const share = fc.record({ weight: fc.nat(1000), pods: fc.nat(200) })
  const shares = fc
    .array(share, { minLength: 1, maxLength: 5 })
    .map((list) => list.map((one, i) => ({ name: `r${i}`, ...one })))

  it('reach at least one pod of every release that has pods and weight, and none without weight', () => {
    fc.assert(
      fc.property(shares, (releases) => {
        const targets = podTargets(releases)
        for (const { name, weight, pods } of releases) {
          const target = targets.get(name) ?? -1
          assert.ok(target >= Math.min(pods, weight > 0 ? 1 : 0) && target <= (weight > 0 ? pods : 0))
        }
      }),
    )
  })
})
