import assert from 'node:assert/strict'
import { getIn, isJsonArray, type JsonObject } from '../../../repo-layout/json.ts'
import { describeMembers } from '../../testbed/members.ts'
import { application, command, replicas } from './application.ts'
import { needs, type RolloutWorld, readyEndpoints, rolloutWorld } from './world.ts'

const clusters = ['c1', 'c2'] as const

function overrides(replicaCount: number): readonly JsonObject[] {
  const change = { op: 'add', path: '/spec/template/spec/terminationGracePeriodSeconds', value: 5 }
  const target = { group: 'apps', kind: 'Deployment', name: 'web-nginx' }
  return [
    { clusterName: 'c2', values: { replicaCount } },
    { clusterName: 'c2', target, clusterOverrides: [change] },
  ]
}

describeMembers('a release with overrides for one cluster', needs, function () {
  this.timeout(240_000)
  let world: RolloutWorld

  before(async () => {
    world = await rolloutWorld({ clusters })
  })
  after(() => world.stop())

  /** Ready pods by release, with the seconds that a pod of it has to end. */
  async function running(cluster: string): Promise<Readonly<Record<string, readonly unknown[]>>> {
    const { live } = world.fleet.member(cluster)
    const list = getIn(await live(`/apis/apps/v1/namespaces/${world.fleet.ns}/deployments`), ['items'])
    const deployments = isJsonArray(list) ? list : []
    return Object.fromEntries(
      deployments.map((one) => [
        String(getIn(one, ['metadata', 'labels', 'shipper-release'])),
        [
          getIn(one, ['status', 'readyReplicas']) ?? 0,
          getIn(one, ['spec', 'template', 'spec', 'terminationGracePeriodSeconds']),
        ],
      ]),
    )
  }

  /** Waits until a release is at a step; gives what each cluster runs then, and its ready endpoints. */
  async function at(release: string, step: number) {
    const { clusters: told } = await world.until(
      (one) => one.release === release && one.achievedStep === step && one.waitsFor !== 'traffic',
      `${release} is at step ${step}`,
      90_000,
    )
    return Promise.all(
      clusters.map(async (cluster) => {
        const { contender, incumbent } = told.find((one) => one.cluster === cluster) ?? {}
        const said = [contender, incumbent].map((one) => [one?.replicas, one?.availableReplicas])
        const { live } = world.fleet.member(cluster)
        const endpoints = await readyEndpoints(live, world.fleet.ns, 'nginx')
        return { said, endpoints, running: await running(cluster) }
      }),
    )
  }

  const go = (release: string, step: number) =>
    world.push(`Step ${step}`, { 'web.release.yaml': command(world.fleet.ns, release, step) })
  const none = [undefined, undefined]
  let first: string

  it('has, at each step, the pods and the endpoints that the values of each cluster say', async () => {
    await world.push('One', { 'web.yaml': application(world.fleet.ns, '0.0.1', 2, { overrides: overrides(7) }) })
    const { release } = await world.until(({ waitsFor }) => waitsFor === 'command', 'the first one is installed')
    first = release
    assert.deepEqual(await at(release, 0), [
      { said: [[1, 1], none], endpoints: 0, running: { [release]: [1, 30] } },
      { said: [[1, 1], none], endpoints: 0, running: { [release]: [1, 5] } },
    ])
    await go(release, 1)
    assert.deepEqual(await at(release, 1), [
      { said: [[2, 2], none], endpoints: 2, running: { [release]: [2, 30] } },
      { said: [[4, 4], none], endpoints: 4, running: { [release]: [4, 5] } },
    ])
    await go(release, 2)
    assert.deepEqual(await at(release, 2), [
      { said: [[replicas, replicas], none], endpoints: replicas, running: { [release]: [replicas, 30] } },
      { said: [[7, 7], none], endpoints: 7, running: { [release]: [7, 5] } },
    ])
  })

  it('goes to other values through the same steps, and a revert gives them up', async () => {
    await world.push('Fewer in c2', {
      'web.yaml': application(world.fleet.ns, '0.0.1', 2, { overrides: overrides(3) }),
    })
    const { release } = await world.until(
      (one) => one.release !== first && one.waitsFor === 'command',
      'the second one is installed',
    )
    await go(release, 1)
    const [one, two] = await at(release, 1)
    assert.deepEqual(one?.said, [
      [2, 2],
      [2, 2],
    ])
    assert.deepEqual(two?.said, [
      [2, 2],
      [4, 4],
    ])
    assert.deepEqual(two?.running, { [first]: [4, 5], [release]: [2, 5] })
    await world.push('More again', { 'web.yaml': application(world.fleet.ns, '0.0.1', 2, { overrides: overrides(7) }) })
    await world.until((back) => back.release === first && back.waitsFor === 'nothing', 'the first one is alone')
    await world.daemon().synced()
    const { live } = world.fleet.member('c2')
    assert.equal(await readyEndpoints(live, world.fleet.ns, 'nginx'), 7)
    assert.deepEqual(await running('c2'), { [first]: [7, 5] })
  })
})
