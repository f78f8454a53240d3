import assert from 'node:assert/strict'
import fc from 'fast-check'
import { podTarget, podTargets, shiftingStatus } from '../../../render/shipper/traffic-targets.ts'
import cases from '../../cases/shipper-traffic.json' with { type: 'json' }

describe("weights become pods as Shipper's own traffic cases say", () => {
  for (const { source, releases, expected, extraAppPodsOfNoRelease } of cases.shiftingStatus) {
    it(source, () => {
      const shares = releases.map(({ weight, withTraffic, withoutTraffic }, i) => ({
        name: `r${i}`,
        weight,
        pods: withTraffic + withoutTraffic,
        labelled: withTraffic,
        ready: withTraffic,
      }))
      const status = shiftingStatus(shares, extraAppPodsOfNoRelease)
      assert.deepEqual(
        status.map((one, i) => ({
          podTarget: one.podTarget,
          ready: one.isReady,
          achievedTrafficWeight: one.achievedWeight,
          podsReady: shares[i]?.ready,
          podsLabeled: shares[i]?.labelled,
          podsToEnable: one.toEnable,
          podsToDisable: one.toDisable,
        })),
        expected,
      )
    })
  }

  for (const { source, releases, expected } of cases.converged) {
    it(`${source}: where the labels come to rest`, () => {
      const shares = releases.map(({ weight, pods }, i) => ({ name: `r${i}`, weight, pods }))
      const targets = podTargets(shares)
      const rested = shares.map((share) => {
        const labelled = targets.get(share.name) ?? 0
        return { ...share, labelled, ready: labelled }
      })
      assert.deepEqual(
        shiftingStatus(rested).map((one, i) => ({
          podsWithTraffic: one.podTarget,
          podsWithoutTraffic: (shares[i]?.pods ?? 0) - one.podTarget,
          achievedTraffic: one.achievedWeight,
        })),
        expected,
      )
      assert.ok(shiftingStatus(rested).every(({ isReady, toEnable, toDisable }) => isReady && !toEnable && !toDisable))
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
      fc.property(shares, fc.nat(50), (releases, extra) => {
        const targets = podTargets(releases, extra)
        for (const { name, weight, pods } of releases) {
          const target = targets.get(name) ?? -1
          assert.ok(target >= Math.min(pods, weight > 0 ? 1 : 0) && target <= (weight > 0 ? pods : 0))
        }
      }),
    )
  })

  it('are reached by labelling what they say, whatever was labelled before', () => {
    fc.assert(
      fc.property(shares, fc.array(fc.nat(200), { minLength: 5, maxLength: 5 }), (releases, labels) => {
        const before = releases.map((one, i) => {
          const labelled = Math.min(one.pods, labels[i] ?? 0)
          return { ...one, labelled, ready: labelled }
        })
        const status = shiftingStatus(before)
        const after = before.map((one, i) => {
          const labelled = one.labelled + (status[i]?.toEnable ?? 0) - (status[i]?.toDisable ?? 0)
          return { ...one, labelled, ready: labelled }
        })
        assert.ok(shiftingStatus(after).every(({ isReady }) => isReady))
      }),
    )
  })
})
