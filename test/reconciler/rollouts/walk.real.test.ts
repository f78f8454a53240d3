import assert from 'node:assert/strict'
import { describeReal } from '../../testbed/binaries.ts'
import { describeSandbox } from '../../testbed/members.ts'
import { application, command, replicas, vanguard } from './application.ts'
import { needs, type Probe, probeEndpoints, type RolloutWorld, readyEndpoints, rolloutWorld } from './world.ts'

const clusters = ['c1', 'c2', 'c3']
/** A cluster counts as lost, and as back, soon. */
const spec = { failover: { after: '1s', back: '1s', maxLostClusters: '50%' } }

describeSandbox('a second version on three clusters (sandbox)', function () {
  walk.call(this, [0, 2], [0])
})

describeReal('a second version on three clusters', needs, function () {
  walk.call(this, [1], [1])
})

/** The suite, with the steps before which a cluster is lost, and those at which the version is given up. */
function walk(this: Mocha.Suite, lostBefore: readonly number[], givenUpAt: readonly number[]): void {
  this.timeout(240_000)
  let world: RolloutWorld
  let probe: Probe
  let first: string

  beforeEach(async () => {
    world = await rolloutWorld({ clusters, spec })
    await world.push('One', { 'web.yaml': application(world.fleet.ns, '0.0.1', 3) })
    first = (await world.until(({ waitsFor }) => waitsFor === 'command', 'the first one is installed')).release
    await go(first, 2)
    probe = probeEndpoints(world.fleet.members, world.fleet.ns, 'nginx')
  })
  afterEach(async () => {
    await probe.stop()
    await world.stop()
  })

  const go = async (release: string, step: number) => {
    await world.push(`Step ${step}`, { 'web.release.yaml': command(world.fleet.ns, release, step) })
    await world.until((one) => one.release === release && one.achievedStep === step, `step ${step} is achieved`)
  }
  const begin = async () => {
    await world.push('Two', { 'web.yaml': application(world.fleet.ns, '0.0.2', 3) })
    const { release } = await world.until(
      (one) => one.release !== first && one.achievedStep === 0,
      'the second one is at step 0',
    )
    return release
  }
  /** Says how many were ready at least since the last call, and fails where that is less than what a step promises. */
  const promised = (when: string) => {
    const lowest = probe.lowest()
    console.log(`    ${when}: at least ${JSON.stringify(lowest)} of ${replicas} endpoints`)
    for (const [cluster, count] of Object.entries(lowest)) assert.ok(count >= replicas, `${cluster}: ${count} ${when}`)
  }

  it('never has fewer ready endpoints than promised, through a daemon that ends at each step', async () => {
    const second = await begin()
    promised('at staging')
    await world.restart()
    await go(second, 1)
    promised('at 50/50')
    await world.restart()
    await go(second, 2)
    promised('at full on')
    assert.equal(await readyEndpoints(world.fleet.member('c2').live, world.fleet.ns, 'nginx'), replicas)
  })

  for (const step of lostBefore) {
    const name = vanguard[step]?.name ?? ''
    it(`goes on without a cluster that is lost before "${name}", which walks the same steps when it is back`, async () => {
      const second = step === 0 ? '' : await begin()
      if (step === 2) await go(second, 1)
      world.fleet.member('c2').gate.setOpen(false)
      await world
        .daemon()
        .until(
          (status) => status.clusters.some(({ cluster, sync }) => cluster === 'c2' && sync === 'unreachable'),
          'c2 is gone',
        )
      const contender = step === 0 ? await begin() : second
      if (step > 0) await go(contender, step)
      promised(`at ${name} without c2`)
      world.fleet.member('c2').gate.setOpen(true)
      await world.until(
        (one) => one.clusters.every(({ achievedStep }) => achievedStep === step),
        'c2 has caught up',
        90_000,
      )
      promised(`when c2 is at ${name} too`)
    })
  }

  for (const step of givenUpAt) {
    it(`is given up at "${vanguard[step]?.name}" by a revert of the template, and the first one has all of it back before`, async () => {
      const second = await begin()
      if (step > 0) await go(second, step)
      promised(`at ${vanguard[step]?.name}`)
      await world.push('Back to one', { 'web.yaml': application(world.fleet.ns, '0.0.1', 3) })
      await world.until((one) => one.release === first && one.waitsFor === 'nothing', 'the first one is alone')
      promised('while it was given up')
      await world.daemon().synced()
      assert.equal(await readyEndpoints(world.fleet.member('c1').live, world.fleet.ns, 'nginx'), replicas)
    })
  }

  it('goes back from 50/50 to staging by a revert of the command', async () => {
    const second = await begin()
    await go(second, 1)
    await go(second, 0)
    promised('on the way back')
    assert.equal(await readyEndpoints(world.fleet.member('c3').live, world.fleet.ns, 'nginx'), replicas)
  })
}
