import assert from 'node:assert/strict'
import { planTraffic } from '../../../../reconciler/member/traffic/plan.ts'
import type { Pod } from '../../../../reconciler/member/traffic/pod.ts'
import cases from '../../../cases/shipper-traffic.json' with { type: 'json' }
import { pod } from './support.ts'

/** Pods of releases `r0`, `r1` …, by how many of each have traffic and how many do not. */
function podsOf(counts: readonly { readonly withTraffic: number; readonly withoutTraffic: number }[]): readonly Pod[] {
  return counts.flatMap(({ withTraffic, withoutTraffic }, i) =>
    Array.from({ length: withTraffic + withoutTraffic }, (_, k) =>
      pod(`r${i}-${k}`, `r${i}`, { status: k < withTraffic ? 'enabled' : 'disabled', isReady: true }),
    ),
  )
}

function planOf(pods: readonly Pod[], weights: readonly number[]) {
  const service = {
    ...({ subject: 'Service/shop/web', name: 'web', holder: undefined } as const),
    weights: new Map(weights.map((weight, i) => [`r${i}`, weight] as const)),
  }
  const serving = new Set(pods.filter(({ status }) => status === 'enabled').map(({ uid }) => uid))
  return planTraffic(service, { pods, serving, replicas: new Map() })
}

/** Writes labels until nothing is left to be written; gives the pods, and how many of each release were given traffic and lost it. */
function settle(first: readonly Pod[], weights: readonly number[]) {
  let pods = first
  const changes = weights.map(() => ({ enabled: 0, disabled: 0 }))
  for (let turn = 0; turn < 4; turn++) {
    const { labels } = planOf(pods, weights)
    for (const { pod: one, status } of labels) {
      const change = changes[Number(one.release.slice(1))]
      if (change) change[status]++
    }
    pods = pods.map((one) => ({ ...one, status: labels.find((label) => label.pod === one)?.status ?? one.status }))
  }
  return { pods, changes }
}

describe("pods get and lose their traffic as in Shipper's own cases", () => {
  for (const { source, releases, expected, extraAppPodsOfNoRelease = 0 } of cases.shiftingStatus)
    it(source, () => {
      const extra = podsOf([...releases, { withTraffic: 0, withoutTraffic: extraAppPodsOfNoRelease }])
      const weights = releases.map(({ weight }) => weight)
      const { releases: now } = planOf(extra, weights)
      const { changes } = settle(extra, weights)
      const seen = releases.map((_, i) => {
        const one = now.get(`r${i}`)
        const [podsToEnable, podsToDisable] = [changes[i]?.enabled, changes[i]?.disabled]
        return {
          podTarget: one?.target,
          ready: one?.isReady,
          achieved: one?.achievedWeight,
          podsToEnable,
          podsToDisable,
        }
      })
      const wanted = expected.map(
        ({ podTarget, ready, achievedTrafficWeight: achieved, podsToEnable, podsToDisable }) => {
          return { podTarget, ready, achieved, podsToEnable, podsToDisable }
        },
      )
      assert.deepEqual(seen, wanted)
    })

  for (const { source, releases, expected } of cases.converged)
    it(`${source}: where they come to rest`, () => {
      const weights = releases.map(({ weight }) => weight)
      const { pods } = settle(podsOf(releases.map((one) => ({ withTraffic: 0, withoutTraffic: one.pods }))), weights)
      const { releases: rested } = planOf(pods, weights)
      assert.ok([...rested.values()].every(({ isReady }) => isReady))
      assert.deepEqual(
        releases.map((one, i) => {
          const { serving = 0, achievedWeight } = rested.get(`r${i}`) ?? {}
          return { podsWithTraffic: serving, podsWithoutTraffic: one.pods - serving, achievedTraffic: achievedWeight }
        }),
        expected,
      )
    })
})
