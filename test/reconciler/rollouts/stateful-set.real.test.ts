import assert from 'node:assert/strict'
import { getIn, isJsonArray } from '../../../repo-layout/json.ts'
import { stringifyYaml } from '../../../repo-layout/yaml/stringify.ts'
import { testCharts } from '../../render/shipper/rehearsal.ts'
import { describeMembers } from '../../testbed/members.ts'
import { application, command, replicas } from './application.ts'
import { needs, type RolloutWorld, rolloutWorld } from './world.ts'

/** A StatefulSet that nobody calls. */
function statefulSet(release: string, version: string) {
  const container = { name: 'db', image: `example.com/db:${version}` }
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: `${release}-db` },
    spec: {
      replicas,
      serviceName: 'db',
      podManagementPolicy: 'Parallel',
      selector: { matchLabels: { app: 'db' } },
      template: { metadata: { labels: { app: 'db' } }, spec: { containers: [container] } },
    },
  }
}

const chart = {
  files: {
    'templates/deployment.yaml': stringifyYaml(statefulSet('{{ .Release.Name }}', '{{ .Chart.Version }}')),
    'templates/service.yaml': '',
  },
  known: testCharts(({ release, version }) => [statefulSet(release, version)]),
}

describeMembers('a chart with a StatefulSet and no Service', needs, function () {
  this.timeout(240_000)
  let world: RolloutWorld
  before(async () => {
    world = await rolloutWorld({ clusters: ['c1'], chart })
  })
  after(() => world.stop())

  /** Ready pods of all releases together, and of each. */
  async function ready(): Promise<readonly [total: number, byRelease: Readonly<Record<string, number>>]> {
    const { live } = world.fleet.member('c1')
    const list = getIn(await live(`/apis/apps/v1/namespaces/${world.fleet.ns}/statefulsets`), ['items'])
    const counts = (isJsonArray(list) ? list : []).map((one): [string, number] => [
      String(getIn(one, ['metadata', 'labels', 'shipper-release'])),
      Number(getIn(one, ['status', 'readyReplicas']) ?? 0),
    ])
    return [counts.reduce((sum, [, count]) => sum + count, 0), Object.fromEntries(counts)]
  }

  const push = (version: string) =>
    world.push(`Version ${version}`, { 'web.yaml': application(world.fleet.ns, version, 1) })

  async function go(release: string, step: number): Promise<void> {
    await world.push(`Step ${step}`, { 'web.release.yaml': command(world.fleet.ns, release, step) })
    await world.until((one) => one.release === release && one.achievedStep === step, `step ${step} is achieved`)
  }

  it('rolls out by capacity, and is given up with the running version back first', async () => {
    await push('0.0.1')
    const { release: first } = await world.until(
      ({ waitsFor }) => waitsFor === 'command',
      'the first one is at staging',
    )
    assert.deepEqual((await ready())[1], { [first]: 1 })
    await go(first, 2)
    assert.deepEqual((await ready())[1], { [first]: replicas })

    let lowest = Number.POSITIVE_INFINITY
    let isOver = false
    const probe = (async () => {
      while (!isOver) {
        lowest = Math.min(lowest, (await ready())[0])
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    })()
    await push('0.0.2')
    const isStaged = (one: { release: string; achievedStep: number | undefined }) =>
      one.release !== first && one.achievedStep === 0
    const { release: second } = await world.until(isStaged, 'the second one is at staging')
    await go(second, 1)
    assert.deepEqual((await ready())[1], { [first]: replicas / 2, [second]: replicas / 2 })
    await push('0.0.1')
    await world.until((one) => one.release === first && one.waitsFor === 'nothing', 'the first one is alone')
    await world.daemon().synced()
    isOver = true
    await probe
    assert.deepEqual((await ready())[1], { [first]: replicas })
    assert.ok(lowest >= replicas, `${lowest} of ${replicas} pods were ready`)
  })
})
