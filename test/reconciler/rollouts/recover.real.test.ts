import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { RolloutStatus } from '../../../reconciler/server/types.ts'
import { getIn } from '../../../repo-layout/json.ts'
import { describeMembers } from '../../testbed/members.ts'
import { flotilla } from '../commands/cli.ts'
import { application, command, replicas } from './application.ts'
import { needs, type Probe, probeEndpoints, type RolloutWorld, rolloutWorld } from './world.ts'

describeMembers('a rollout whose generated branch nobody has any more', needs, function () {
  this.timeout(400_000)
  const clusters = ['c1', 'c2']
  let world: RolloutWorld
  let probe: Probe

  before(async () => {
    world = await rolloutWorld({ clusters })
  })
  after(async () => {
    await probe?.stop()
    await world.stop()
  })

  /** Ends the daemon, loses the branch and every clone, and has it again from what clusters run; gives what is told. */
  async function recover(): Promise<string> {
    const { fleet } = world
    await world.daemon().stop()
    fleet.git('update-ref', '-d', 'refs/heads/generated')
    const dir = join(fleet.folder, `recovery-${fleet.git('rev-parse', 'main')}`)
    const { code, stdout, stderr } = await flotilla(['recover', '--repo', fleet.url, '--dir', dir, '--yes'])
    assert.equal(code, 0, stdout + stderr)
    await world.restart(true)
    await world.daemon().synced()
    return stdout
  }

  it('goes on from what clusters run: what is at rest stays, what was under way is given up and begins anew', async () => {
    const { fleet } = world
    await world.push('Roll out', { 'web.yaml': application(fleet.ns, '0.0.1', 2) })
    const { release: first } = await world.until(({ waitsFor }) => waitsFor === 'command', 'it waits')
    await world.push('Full on', { 'release.yaml': command(fleet.ns, first, 2) })
    await world.until(({ complete }) => complete, 'it is rolled out')
    await world.daemon().synced()

    const generations = () =>
      Promise.all(
        fleet.members.map(async ({ live }) => {
          const workload = await live(`/apis/apps/v1/namespaces/${fleet.ns}/deployments/${first}-nginx`)
          return getIn(workload, ['metadata', 'generation'])
        }),
      )
    const before = await generations()
    probe = probeEndpoints(fleet.members, fleet.ns, 'nginx')
    assert.match(await recover(), new RegExp(`${fleet.ns}/web: its releases are what runs\\n`))

    const rest = await world.until(({ waitsFor }) => waitsFor === 'nothing', 'nothing is under way')
    assert.deepEqual([rest.release, rest.complete], [first, true])
    assert.deepEqual(await generations(), before, 'no workload was touched')

    await world.push('Another one', { 'web.yaml': application(fleet.ns, '0.0.2', 2), 'release.yaml': undefined })
    const { release: second } = await world.until(({ release }) => release !== first, 'another one begins')
    await world.push('Half', { 'release.yaml': command(fleet.ns, second, 1) })
    const isHalf = ({ waitsFor, achievedStep }: RolloutStatus) => waitsFor === 'command' && achievedStep === 1
    await world.until(isHalf, 'half of it has the traffic')
    assert.match(await recover(), new RegExp(`${fleet.ns}/web: its releases are what runs; ${second} is given up`))
    await world.until(isHalf, 'half of it has the traffic again')
    const begun = fleet.generatedLog().filter((message) => message.includes(`Begin ${second} `))
    assert.equal(begun.length, 1, 'it has begun anew')
    const lowest = probe.lowest()
    for (const cluster of clusters) assert.ok((lowest[cluster] ?? 0) >= replicas, JSON.stringify(lowest))
  })
})
