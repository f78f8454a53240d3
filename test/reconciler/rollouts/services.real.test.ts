import assert from 'node:assert/strict'
import { describeMembers } from '../../testbed/members.ts'
import { replicas, rollOutFirst } from './application.ts'
import { needs, probeEndpoints, type RolloutWorld, readyEndpoints, rolloutWorld } from './world.ts'

describeMembers('a version whose chart', needs, function () {
  this.timeout(240_000)
  let world: RolloutWorld
  afterEach(() => world.stop())

  for (const [what, name] of [
    ['calls its Service by another name', 'web'],
    ['leaves its Service out', undefined],
  ] as const) {
    it(`${what} takes over whoever calls the one that is there, never with fewer endpoints`, async () => {
      world = await rolloutWorld({ clusters: ['c1'], service: (version) => (version === '0.0.1' ? 'nginx' : name) })
      const { ns } = world.fleet
      const c1 = world.fleet.member('c1')
      const { first, push } = await rollOutFirst(world)
      const probe = probeEndpoints([c1], ns, 'nginx')
      try {
        await push('0.0.2', first, 2)
        const { release: second } = await world.until(
          (one) => one.release !== first && one.achievedStep === 0,
          'staging',
        )
        await push('0.0.2', second, 1)
        await world.until((one) => one.achievedStep === 1, '50/50')
        await push('0.0.2', second, 2)
        await world.until((one) => one.achievedStep === 2 && one.waitsFor === 'nothing', 'all of the second one')
        await world.daemon().synced()
        const { c1: lowest = 0 } = probe.lowest()
        console.log(`    at least ${lowest} of ${replicas} endpoints`)
        assert.ok(lowest >= replicas)
        for (const service of ['nginx', ...(name === undefined ? [] : [name])])
          assert.equal(await readyEndpoints(c1.live, ns, service), replicas)
        const path = `/api/v1/namespaces/${ns}/services/nginx`
        assert.equal(await c1.value(path, ['spec', 'selector', 'shipper-release']), second)
      } finally {
        await probe.stop()
      }
    })
  }
})
