import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { ProductionService } from '../../../../reconciler/member/traffic/application.ts'
import { planTraffic, type TrafficFacts } from '../../../../reconciler/member/traffic/plan.ts'
import type { Pod } from '../../../../reconciler/member/traffic/pod.ts'
import { podTargets } from '../../../../render/shipper/traffic-targets.ts'
import { pod } from './support.ts'

const service = (weights: Readonly<Record<string, number>>, holder?: string): ProductionService => ({
  subject: 'Service/shop/web',
  name: 'web',
  weights: new Map(Object.entries(weights)),
  holder,
})

const uids = (pods: readonly Pod[]) => new Set(pods.map(({ uid }) => uid))
const enabled = (pods: readonly Pod[]) => pods.filter(({ status }) => status === 'enabled')

/** A plan for pods that are all there are to be. */
const planOf = (of: ProductionService, pods: readonly Pod[], serving: TrafficFacts['serving']) =>
  planTraffic(of, { pods, serving, replicas: new Map() })

/** The pods after the labels of one plan were written. */
function relabelled(pods: readonly Pod[], { labels }: ReturnType<typeof planTraffic>): readonly Pod[] {
  return pods.map((one) => ({ ...one, status: labels.find(({ pod }) => pod === one)?.status ?? one.status }))
}

const anyPods = fc
  .array(
    fc.record({
      release: fc.constantFrom('r0', 'r1', 'r2'),
      status: fc.constantFrom('enabled', 'disabled', undefined),
      isReady: fc.boolean(),
    }),
    { maxLength: 15 },
  )
  .map((list) => list.map(({ release, ...more }, i) => pod(`${release}-${i}`, release, more)))
const weight = fc.constantFrom(0, 1, 50, 100)
const weights = fc.record({ r0: weight, r1: weight })
const services = fc.oneof(
  weights.map((one) => service(one)),
  weights.map((one) => service(one, 'r1')),
)

describe('a plan of traffic', () => {
  it('comes to rest with exactly as many pods enabled as the weights ask for, once endpoints have followed', () => {
    fc.assert(
      fc.property(
        anyPods.map((list) => list.map((one) => ({ ...one, isReady: true }))),
        services,
        (list, of) => {
          let pods: readonly Pod[] = list
          for (let turn = 0; turn < 3; turn++) pods = relabelled(pods, planOf(of, pods, uids(enabled(pods))))
          const plan = planOf(of, pods, uids(enabled(pods)))
          assert.deepEqual(plan.labels, [])
          const sizes = ['r0', 'r1', 'r2'].map((name) => ({
            name,
            pods: pods.filter(({ release }) => release === name).length,
            weight: of.holder === undefined ? (of.weights.get(name) ?? 0) : name === of.holder ? 1 : 0,
          }))
          const targets = podTargets(sizes)
          for (const { name } of sizes) {
            assert.equal(enabled(pods).filter(({ release }) => release === name).length, targets.get(name))
            assert.ok(plan.releases.get(name)?.isReady ?? true, name)
          }
          assert.ok(pods.every(({ status }) => status !== undefined))
        },
      ),
    )
  })

  it('never takes traffic from a pod that serves while fewer serve than all releases are to have', () => {
    fc.assert(
      fc.property(anyPods, services, fc.infiniteStream(fc.boolean()), (pods, of, late) => {
        // Endpoints follow the labels some time later: some of those that are enabled are no endpoints yet.
        const serving = uids(enabled(pods).filter(() => late.next().value))
        const isServing = (one: Pod) => one.isReady && one.status === 'enabled' && serving.has(one.uid)
        const replicas = new Map([['r1', 5]])
        const plan = planTraffic(of, { pods, serving, replicas })
        const before = pods.filter(isServing).length
        const left = relabelled(pods, plan).filter(isServing).length
        const sizes = ['r0', 'r1', 'r2'].map((name) => ({
          name,
          pods: Math.max(pods.filter(({ release }) => release === name).length, replicas.get(name) ?? 0),
          weight: of.holder === undefined ? (of.weights.get(name) ?? 0) : name === of.holder ? 1 : 0,
        }))
        const promised = [...podTargets(sizes).values()].reduce((sum, target) => sum + target, 0)
        assert.ok(left >= Math.min(before, promised), `${left} of ${before}, ${promised} promised`)
      }),
    )
  })

  it('gives those traffic that take over before it takes it from those that have it', () => {
    const [old, next] = [pod('r0-a', 'r0', { status: 'enabled' }), pod('r1-a', 'r1')]
    const of = service({ r0: 0, r1: 100 })
    const first = planOf(of, [old, next], uids([old]))
    assert.deepEqual(
      first.labels.map(({ pod, status }) => [pod.name, status]),
      [['r1-a', 'enabled']],
    )
    assert.deepEqual(
      first.releases.get('r0')?.kept.map(({ name }) => name),
      ['r0-a'],
    )
    const second = planOf(of, relabelled([old, next], first), uids([old, next]))
    assert.deepEqual(
      second.labels.map(({ pod, status }) => [pod.name, status]),
      [['r0-a', 'disabled']],
    )
  })

  it('leaves those that serve alone where those that are to take over do not get ready', () => {
    const old = pod('r0-a', 'r0', { status: 'enabled' })
    const next = pod('r1-a', 'r1', { status: 'enabled', isReady: false })
    const plan = planOf(service({ r0: 0, r1: 100 }), [old, next], uids([old]))
    assert.deepEqual(plan.labels, [])
    assert.equal(plan.releases.get('r0')?.isReady, false)
    assert.equal(plan.releases.get('r1')?.isReady, false)
  })

  it('leaves those that serve alone where those that are to take over are not even there', () => {
    const pods = [pod('r0-a', 'r0', { status: 'enabled' }), pod('r0-b', 'r0', { status: 'enabled' })]
    const plan = (replicas: number) =>
      planTraffic(service({ r0: 0, r1: 1 }), { pods, serving: uids(pods), replicas: new Map([['r1', replicas]]) })
    assert.equal(plan(2).labels.length, 0)
    assert.equal(plan(1).labels.length, 1)
    assert.equal(plan(0).labels.length, 2, 'where nobody is to have any, nobody is waited for')
  })

  it('takes traffic from all at once where no release is to have any', () => {
    const serving = [pod('r0-0', 'r0', { status: 'enabled', isReady: true }), pod('r1-0', 'r1', { status: 'disabled' })]
    const { labels } = planOf(service({ r0: 0, r1: 0 }), serving, uids(enabled(serving)))
    assert.deepEqual(
      labels.map(({ pod: { name }, status }) => [name, status]),
      [['r0-0', 'disabled']],
    )
  })

  it('takes traffic from nobody while endpoints are unknown', () => {
    const pods = [pod('r0-a', 'r0', { status: 'enabled' }), pod('r0-b', 'r0', { status: 'enabled' })]
    assert.deepEqual(planOf(service({ r0: 0, r1: 1 }), pods, undefined).labels, [])
  })

  it('counts pods of a release that has no weight, and gives them none', () => {
    const pods = [pod('r0-a', 'r0'), pod('r2-a', 'r2', { status: 'enabled' })]
    const plan = planOf(service({ r0: 1 }), pods, new Set())
    assert.equal(plan.releases.get('r0')?.target, 1)
    assert.equal(plan.releases.get('r2')?.target, 0)
  })

  it('gives all pods of the one release that the Service selects by name their label, whatever the weights say', () => {
    const pods = [pod('r0-a', 'r0', { status: 'enabled' }), pod('r1-a', 'r1'), pod('r1-b', 'r1')]
    const plan = planOf(service({ r0: 50, r1: 50 }, 'r1'), pods, uids(pods.slice(1)))
    assert.deepEqual(
      plan.labels.map(({ pod, status }) => [pod.name, status]),
      [
        ['r0-a', 'disabled'],
        ['r1-a', 'enabled'],
        ['r1-b', 'enabled'],
      ],
    )
  })
})
