import assert from 'node:assert/strict'
import type { KubeObject } from '../../../repo-layout/json.ts'
import { describeMembers } from '../../testbed/members.ts'
import { replicas, rollOutFirst } from './application.ts'
import { needs, type Probe, probeEndpoints, type RolloutWorld, readyEndpoints, rolloutWorld } from './world.ts'

/** An object that both versions share; what the second one makes of it no server takes. */
const shared = (version: string): readonly KubeObject[] => [
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'settings' },
    data: { [version === '0.0.1' ? 'colour' : 'no name of a file']: 'blue' },
  },
]

describeMembers('a version whose shared object is refused', needs, function () {
  this.timeout(240_000)
  let world: RolloutWorld
  let probe: Probe | undefined

  beforeEach(async () => {
    world = await rolloutWorld({ clusters: ['c1'], more: shared })
  })
  afterEach(async () => {
    await probe?.stop()
    await world.stop()
  })

  it('stops at its first traffic, says why, and is given up by a revert while the first one serves', async () => {
    const { ns } = world.fleet
    const c1 = world.fleet.member('c1')
    const { first, push } = await rollOutFirst(world)
    probe = probeEndpoints([c1], ns, 'nginx')
    await push('0.0.2', first, 2)
    const { release: second } = await world.until((one) => one.release !== first && one.achievedStep === 0, 'staging')
    await push('0.0.2', second, 2)
    const { clusters } = await world.until(
      (one) => one.clusters.some(({ contender }) => contender?.message.includes('settings')),
      'the refusal is told',
    )
    assert.match(clusters[0]?.contender?.message ?? '', /^ConfigMap\/\S+\/settings: .*no name of a file/)
    await push('0.0.1', first, 2)
    await world.until((one) => one.release === first && one.waitsFor === 'nothing', 'the first one is alone')
    await world.daemon().synced()
    assert.ok((probe.lowest().c1 ?? 0) >= replicas)
    assert.equal(await readyEndpoints(c1.live, ns, 'nginx'), replicas)
  })
})
