import assert from 'node:assert/strict'
import type { RolloutInCluster, RolloutStatus } from '../../../reconciler/server/types.ts'
import { fleetStatusView } from '../../../reconciler/views/fleet-status.ts'
import { rolloutView } from '../../../reconciler/views/rollout.ts'
import { plainScreen } from '../../../reconciler/views/screen.ts'
import { getIn, isJsonArray, type JsonObject } from '../../../repo-layout/json.ts'
import type { ApiRequest } from '../../testbed/api-client.ts'
import { describeMembers } from '../../testbed/members.ts'
import { eventually } from '../daemon/harness.ts'
import { createMemoryForge } from '../pulls/memory-forge.ts'
import { application, type More, replicas } from './application.ts'
import { needs, type Probe, probeEndpoints, type RolloutWorld, readyEndpoints, rolloutWorld } from './world.ts'

const clusters = ['c1', 'c2']
const failsWith = 'sandbox.flotilla.dev/fails-with'
const byItself = { 'flotilla.dev/promote': 'Automatic' }

/** Values of a version whose pods fail, and why they do in words. */
const failures: readonly { readonly name: string; readonly values: JsonObject; readonly why: RegExp }[] = [
  {
    name: 'have an image that cannot be pulled',
    values: { podAnnotations: { [failsWith]: 'ImagePullBackOff' } },
    why: /1 of 1 pods not ready: \S+ ImagePullBackOff: \S*nginx:\S+/,
  },
  {
    name: 'crash again and again',
    values: { podAnnotations: { [failsWith]: 'CrashLoopBackOff' } },
    why: /1 of 1 pods not ready: \S+ CrashLoopBackOff: nginx ends with exit code 1/,
  },
  {
    name: 'find no room',
    values: { resources: { requests: { cpu: '1000' } } },
    why: /1 of 1 pods not ready: \S+ Unschedulable: 0\/1 nodes are available: .*Insufficient cpu/,
  },
]

describeMembers('a version whose pods do not get ready', needs, function () {
  this.timeout(240_000)
  let memory = createMemoryForge()
  let world: RolloutWorld
  let probe: Probe
  let first: string

  before(async () => {
    memory = createMemoryForge()
    const forge = () => ({ ...memory.forge, statusesSince: async () => [] })
    world = await rolloutWorld({ clusters, forge })
    await push('One', '0.0.1', byItself)
    first = (await world.until(({ complete }) => complete, 'the first version is rolled out', 120_000)).release
    probe = probeEndpoints(world.fleet.members, world.fleet.ns, 'nginx')
  })
  after(async () => {
    await probe?.stop()
    await world.stop()
  })
  afterEach(() => {
    const lowest = probe.lowest()
    console.log(`    at least ${JSON.stringify(lowest)} of ${replicas} endpoints`)
    for (const [cluster, count] of Object.entries(lowest)) assert.ok(count >= replicas, `${cluster}: ${count}`)
  })

  const push = (
    message: string,
    version: string,
    annotations: JsonObject,
    more: Pick<More, 'values' | 'overrides'> = {},
  ) =>
    world.push(message, { 'web.yaml': application(world.fleet.ns, version, clusters.length, { annotations, ...more }) })
  const isBack = (one: RolloutStatus) => one.release === first && one.waitsFor === 'nothing'
  const begun = () => world.fleet.generatedLog().filter((message) => message.startsWith('Begin web-')).length
  const reported = async (commit: string, context: string, wanted: RegExp) => {
    const text = () => {
      const status = memory.status(commit, context)
      return `${status?.state} ${status?.description}`
    }
    await eventually(() => wanted.test(text()), String(wanted), { limit: 60_000, explain: text })
  }

  /** Fails unless all of the fleet is as before a release began. */
  async function back(release: string): Promise<void> {
    const { ns, members } = world.fleet
    await world.daemon().synced()
    for (const { name, live } of members) {
      const deployment = (of: string) => live(`/apis/apps/v1/namespaces/${ns}/deployments/${of}-nginx`)
      assert.equal(getIn(await deployment(first), ['status', 'availableReplicas']), replicas, name)
      assert.equal(await deployment(release), undefined, name)
      assert.equal(await readyEndpoints(live, ns, 'nginx'), replicas, name)
    }
  }

  for (const { name, values, why } of failures)
    it(`stops at its step, says which pods in which cluster and why, and is given up by itself, where they ${name}`, async () => {
      const commit = await push('Two', '0.0.2', byItself, { values })
      const stuck = await world.until(
        (one) => one.release !== first && one.clusters.every(({ contender }) => why.test(contender?.message ?? '')),
        'it says why',
        90_000,
      )
      const { release } = stuck
      assert.deepEqual([stuck.waitsFor, stuck.targetStep, stuck.achievedStep], ['capacity', 0, undefined])
      for (const { cluster, contender, incumbent } of stuck.clusters) {
        assert.deepEqual([contender?.replicas, contender?.weight], [1, 0], cluster)
        assert.deepEqual([incumbent?.availableReplicas, incumbent?.weight], [replicas, 100], cluster)
      }
      const { body, closing } = rolloutView(stuck, plainScreen())
      for (const cluster of clusters) assert.match(body, new RegExp(`^  ${cluster}: ${why.source}`, 'm'))
      const status = fleetStatusView(world.daemon().status(), { now: Date.now() }, plainScreen()).body
      assert.match(
        status,
        new RegExp(`Needs you: ${world.fleet.ns}/web: ${release} is kept back in c1 .*: 1 of 1 pods not ready`),
      )
      assert.equal(closing, `${world.fleet.ns}/web waits for capacity in c1, c2, on the way to step 0 (staging).`)
      await reported(
        commit,
        'flotilla',
        new RegExp(`^pending ${release} in c[12]( \\(and 1 more\\))?: 1 of 1 pods not ready: …-nginx-`),
      )
      await reported(commit, 'flotilla/c2', new RegExp(`^pending .*${release}: 1 of 1 pods not ready: …-nginx-`))

      const count = begun()
      const deadline = { ...byItself, 'flotilla.dev/step-deadline': '1s' }
      const next = await push('Give it a second', '0.0.2', deadline, { values })
      const { failed } = await world.until(isBack, 'it is given up', 90_000)
      assert.deepEqual([failed?.release, failed?.commit], [release, commit])
      assert.match(
        failed?.reason ?? '',
        new RegExp(`^c1: ${why.source}.*; c2: ${why.source}.*; step 0 \\(staging\\) does not stand within 1s$`),
      )
      await back(release)
      const gave = new RegExp(`^failure release ${release} failed: c1: 1 of 1 pods not ready: …-nginx-`)
      for (const one of [commit, next]) await reported(one, 'flotilla', gave)
      const told = fleetStatusView(world.daemon().status(), { now: Date.now() }, plainScreen()).body
      assert.match(told, new RegExp(`Needs you: ${world.fleet.ns}/web: ${release} has failed: c1: `))

      await world.restart()
      await push('Something else', '0.0.2', { ...deadline, 'flotilla.dev/soak': '1m' }, { values })
      await world.daemon().synced()
      assert.equal((await world.until(isBack, 'nothing is under way')).failed?.release, release)
      assert.equal(begun(), count, 'it is not begun again')
    })

  it('keeps all clusters at the step where they fail in one of them alone, and is given up in all', async () => {
    const overrides = [{ clusterName: 'c2', values: { podAnnotations: { [failsWith]: 'ImagePullBackOff' } } }]
    await push('Two, with another image in c2', '0.0.2', byItself, { overrides })
    const isThere = ({ contender }: RolloutInCluster) => contender?.availableReplicas === 1
    const { release, clusters: seen } = await world.until(
      (one) =>
        one.clusters.some(isThere) && one.clusters.some(({ contender }) => /ImagePull/.test(contender?.message ?? '')),
      'one is there, and the other fails',
      90_000,
    )
    assert.deepEqual(
      seen.map((one) => [one.cluster, isThere(one), one.contender?.percent, one.achievedStep]),
      [
        ['c1', true, 1, undefined],
        ['c2', false, 1, undefined],
      ],
    )
    await push('Give it a second', '0.0.2', { ...byItself, 'flotilla.dev/step-deadline': '1s' }, { overrides })
    const { failed } = await world.until(isBack, 'it is given up', 90_000)
    assert.match(
      failed?.reason ?? '',
      /^c2: 1 of 1 pods not ready: \S+ ImagePullBackOff: [^;]*; step 0 \(staging\) does/,
    )
    await back(release)
  })

  it('is given up by itself, in every cluster, when they crash in one while it soaks', async () => {
    const annotations = { ...byItself, 'flotilla.dev/soak': '1h', 'flotilla.dev/step-deadline': '10m' }
    await push('Two, that runs at first', '0.0.2', annotations)
    const { release, soaksUntil } = await world.until(({ waitsFor }) => waitsFor === 'soak', 'it soaks', 90_000)
    assert.notEqual(release, first)
    assert.ok(Date.parse(soaksUntil ?? '') > Date.now())
    const commits = world.fleet.generatedLog().length
    await crash(world.fleet.member('c2').plane.request, world.fleet.ns, release)
    await world.until(({ waitsFor }) => waitsFor === 'readiness', 'it is seen', 30_000)
    assert.equal(world.fleet.generatedLog().length, commits, 'pods that come and go are no commits')

    await push('Wait a moment only', '0.0.2', { ...annotations, 'flotilla.dev/step-deadline': '3s' })
    const { failed } = await world.until(isBack, 'it is given up', 90_000)
    assert.equal(failed?.release, release)
    assert.match(
      failed.reason,
      /^c2: .* CrashLoopBackOff: nginx ends with exit code 1; step 0 \(staging\) has not stood for 3s$/,
    )
    await back(release)
  })
})

/** Has the pods of a release that run crash from now on. */
async function crash(request: ApiRequest, namespace: string, release: string): Promise<void> {
  const pods = `/api/v1/namespaces/${namespace}/pods`
  const { body } = await request('GET', `${pods}?labelSelector=shipper-release%3D${release}`)
  const items = getIn(body, ['items'])
  const names = (isJsonArray(items) ? items : []).map((pod) => String(getIn(pod, ['metadata', 'name'])))
  assert.ok(names.length > 0, 'it has pods')
  const patch = { metadata: { annotations: { [failsWith]: 'CrashLoopBackOff' } } }
  const headers = { 'content-type': 'application/merge-patch+json' }
  for (const name of names) assert.equal((await request('PATCH', `${pods}/${name}`, patch, headers)).status, 200)
}
