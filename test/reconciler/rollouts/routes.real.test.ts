import assert from 'node:assert/strict'
import { getIn, type KubeObject } from '../../../repo-layout/json.ts'
import { describeMembers } from '../../testbed/members.ts'
import type { TestMember } from '../daemon/members.ts'
import { application, command, replicas, step } from './application.ts'
import { answerRoutes, routePath, routes, routesForNobody, serveRoutes, watchRoute, weightsOf } from './routes.ts'
import { needs, probeEndpoints, type RolloutWorld, readyEndpoints, rolloutWorld } from './world.ts'

/** One pod of four, and one request of a hundred. */
const steps = [step('1 %', 100, 1, [99, 1]), step('half', 50, 50, [50, 50]), step('full on', 0, 100, [0, 100])]

describeMembers('a rollout through routes of a gateway and a mesh', [...needs, 'route-definitions'], function () {
  this.timeout(240_000)
  let world: RolloutWorld
  const undo: (() => Promise<void>)[] = []

  /** Begins with two clusters, of which the first serves routes. */
  async function start(second: readonly KubeObject[] = routes): Promise<void> {
    world = await rolloutWorld({ clusters: ['c1', 'c2'], more: (version) => (version === '0.0.1' ? routes : second) })
    undo.push(await serveRoutes(world.fleet.member('c1').plane))
  }
  afterEach(async () => {
    await world.stop()
    for (const one of undo.splice(0)) await one()
  })

  const push = (version: string, count: number, release?: readonly [string, number]) =>
    world.push(`${version}, ${release?.[1]}`, {
      'web.yaml': application(world.fleet.ns, version, count, { steps: steps }),
      ...(release ? { 'web.release.yaml': command(world.fleet.ns, ...release) } : {}),
    })
  const achieved = (release: string | undefined, at: number) =>
    world.until(
      (one) => (release === undefined || one.release === release) && one.achievedStep === at,
      `step ${at} is achieved`,
      90_000,
    )
  const go = async (version: string, count: number, release: string, at: number) => {
    await push(version, count, [release, at])
    await achieved(release, at)
  }
  /** A first release that has everything, and a second one at its first step. */
  async function beginTwo(count: number): Promise<{ readonly first: string; readonly second: string }> {
    await push('0.0.1', count)
    const { release: first } = await achieved(undefined, 0)
    await go('0.0.1', count, first, 2)
    await push('0.0.2', count)
    const { release: second } = await world.until((one) => one.release !== first && one.achievedStep === 0, 'step 0')
    return { first, second }
  }

  /** When an object was first applied, as the server has recorded it. */
  function appliedAt({ plane }: TestMember, resource: string, name: string): string {
    const entry = plane.auditEntries().find(({ verb, objectRef, responseStatus }) => {
      const is = objectRef?.resource === resource && objectRef.name === name && objectRef.namespace === world.fleet.ns
      return is && verb === 'patch' && (responseStatus?.code ?? 500) < 300
    })
    return entry?.requestReceivedTimestamp ?? assert.fail(`${resource} ${name} was never applied`)
  }

  /** Begins with the cluster that serves routes alone. */
  async function startOne(second?: readonly KubeObject[]): Promise<void> {
    await start(second)
    world.fleet.people.remove('clusters/c2.yaml')
  }

  it('has exactly the weights of its steps, and never a weight for a Service without ready endpoints', async () => {
    await startOne()
    const c1 = world.fleet.member('c1')
    const { ns } = world.fleet
    const probe = probeEndpoints([c1], ns, 'nginx')
    await push('0.0.1', 1)
    const { release: first } = await achieved(undefined, 0)
    const watch = watchRoute(c1, ns, (service) => readyEndpoints(c1.live, ns, service))
    const live = async (rule = 0) => {
      const [http, grpc, mesh] = await Promise.all(
        (['HTTPRoute', 'GRPCRoute', 'VirtualService'] as const).map((kind) => c1.live(routePath[kind](ns))),
      )
      assert.deepEqual(weightsOf(grpc), weightsOf(http))
      assert.deepEqual(weightsOf(mesh), weightsOf(http))
      return weightsOf(http, rule)
    }
    try {
      assert.deepEqual(await live(), { [first]: 1 })
      assert.ok(appliedAt(c1, 'services', first) < appliedAt(c1, 'httproutes', 'nginx'), 'the route comes last')
      await go('0.0.1', 1, first, 2)
      assert.deepEqual(await live(), { [first]: 100 })
      probe.lowest()

      await push('0.0.2', 1)
      const { release: second } = await world.until((one) => one.release !== first && one.achievedStep === 0, 'step 0')
      assert.deepEqual(await live(), { [first]: 99, [second]: 1 })
      assert.equal(await readyEndpoints(c1.live, ns, second), 1)
      assert.equal(await readyEndpoints(c1.live, ns, first), replicas)
      await go('0.0.2', 1, second, 1)
      assert.deepEqual(await live(), { [first]: 50, [second]: 50 })
      await go('0.0.2', 1, second, 2)
      assert.deepEqual(await live(), { [second]: 100 })
      // A target that is not ours keeps a tenth, in numbers that the server takes.
      assert.deepEqual(await live(1), { [second]: 1_000_000, archive: 111_111 })
      assert.equal(await readyEndpoints(c1.live, ns, second), replicas)

      await world.daemon().synced()
      const looked = await watch.stop()
      console.log(
        `    looked at the route ${looked} times, ${watch.seen.map((one) => Object.values(one).join(':')).join(' ')}`,
      )
      assert.deepEqual(watch.bare, [])
      const expected = [
        { [first]: 1 },
        { [first]: 50 },
        { [first]: 100 },
        { [first]: 100, [second]: 1 },
        { [first]: 99, [second]: 1 },
        { [first]: 99, [second]: 50 },
        { [first]: 50, [second]: 50 },
        { [first]: 50, [second]: 100 },
        { [second]: 100 },
      ].map((one) => JSON.stringify(one))
      const order = watch.seen.map((one) => expected.indexOf(JSON.stringify(one)))
      assert.ok(!order.includes(-1) && order.every((at, i) => i === 0 || at > (order[i - 1] ?? 0)), `${order}`)
      assert.ok((probe.lowest().c1 ?? 0) >= replicas, 'whoever calls the Service itself is served as well')
    } finally {
      await watch.stop()
      await probe.stop()
    }
  })

  it('goes on by pods alone in a cluster that serves no routes, and has them once it does', async () => {
    await start()
    const { first, second } = await beginTwo(2)
    const { ns } = world.fleet
    const [c1, c2] = [world.fleet.member('c1'), world.fleet.member('c2')]
    assert.deepEqual(weightsOf(await c1.live(routePath.HTTPRoute(ns))), { [first]: 99, [second]: 1 })
    const status = await world.daemon().synced()
    const cluster = status.clusters.find((one) => one.cluster === 'c2')
    assert.match(cluster?.message ?? '', /3 left out; \d+\/\d+ applied/)
    const route = cluster?.objects.find(({ subject }) => subject.startsWith('HTTPRoute'))
    assert.match(
      route?.message ?? '',
      /^left out: the cluster serves no HTTPRoute\.gateway\.networking\.k8s\.io, so pods/,
    )
    assert.equal(await readyEndpoints(c2.live, ns, 'nginx'), replicas + 1)

    undo.push(await serveRoutes(c2.plane))
    await go('0.0.2', 2, second, 1)
    await world.daemon().synced()
    for (const { live } of [c1, c2])
      assert.deepEqual(weightsOf(await live(routePath.HTTPRoute(ns))), { [first]: 50, [second]: 50 })
  })

  it('takes no traffic away before the gateway has seen the weights', async () => {
    await startOne()
    const { ns } = world.fleet
    const c1 = world.fleet.member('c1')
    const gateway = answerRoutes(c1, ns)
    try {
      const { first, second } = await beginTwo(1)
      gateway.setAway(true)
      await push('0.0.2', 1, [second, 2])
      const { clusters } = await world.until(
        (one) =>
          one.waitsFor === 'traffic' && one.clusters.some(({ contender }) => contender?.message.includes('seen')),
        'the gateway is waited for',
      )
      assert.match(
        clusters[0]?.contender?.message ?? '',
        /HTTPRoute\.gateway\.networking\.k8s\.io\/\S+\/nginx: generation \d+ not yet seen by example\.com\/gateway/,
      )
      assert.deepEqual(weightsOf(await c1.live(routePath.HTTPRoute(ns))), { [first]: 99, [second]: 100 })
      assert.equal(await readyEndpoints(c1.live, ns, first), replicas)
      gateway.setAway(false)
      await achieved(second, 2)
      assert.deepEqual(weightsOf(await c1.live(routePath.HTTPRoute(ns))), { [second]: 100 })
    } finally {
      await gateway.stop()
    }
  })

  it('is given up where a gateway does not take the route of the new version, which then is that of the old one again', async () => {
    await startOne(routesForNobody)
    const { ns } = world.fleet
    const c1 = world.fleet.member('c1')
    const gateway = answerRoutes(c1, ns)
    const probe = probeEndpoints([c1], ns, 'nginx')
    try {
      await push('0.0.1', 1)
      const { release: first } = await achieved(undefined, 0)
      await go('0.0.1', 1, first, 2)
      probe.lowest()
      await push('0.0.2', 1)
      const { clusters } = await world.until(
        (one) => one.clusters.some(({ contender }) => contender?.message.includes('no listener')),
        'the refusal is told',
      )
      assert.match(clusters[0]?.contender?.message ?? '', /nginx: Gateway public: no listener for these hosts/)
      await push('0.0.1', 1, [first, 2])
      await world.until((one) => one.release === first && one.waitsFor === 'nothing', 'the first one is alone')
      await world.daemon().synced()
      const route = await c1.live(routePath.HTTPRoute(ns))
      assert.deepEqual(weightsOf(route), { [first]: 100 })
      assert.deepEqual(getIn(route, ['spec', 'hostnames']), ['nginx.example.com'])
      assert.ok((probe.lowest().c1 ?? 0) >= replicas)
    } finally {
      await gateway.stop()
      await probe.stop()
    }
  })
})
