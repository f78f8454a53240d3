import assert from 'node:assert/strict'
import { getIn, isJsonObject, type JsonObject } from '../../../repo-layout/json.ts'
import { fleet } from '../helper.ts'
import { command, nginxCharts, withServices } from './fixtures.ts'
import { type Rehearsal, rehearse } from './rehearsal.ts'
import { applicationDocument, clusterDocument, releasesOf } from './written.ts'

const pods = 4
const at = 'clusters/c1/default'

function web(version: string): string {
  return applicationDocument('web', { version, values: { replicaCount: pods }, revisionHistoryLimit: 1 })
}

function begin(names: Readonly<Record<string, string | undefined>>): Rehearsal {
  const sources = { 'flotilla.yaml': fleet, 'clusters.yaml': clusterDocument({ name: 'c1' }), 'app.yaml': web('0.0.1') }
  const rehearsal = rehearse(
    sources,
    withServices(nginxCharts(), (version) => names[version]),
  )
  // As in a cluster: of traffic nothing is said where no Service has weights.
  rehearsal.tell = (release) => ({
    installed: true,
    availableReplicas: replicasOf(rehearsal, release),
    ...(servicesWithWeights(rehearsal).length === 1 ? { trafficReady: true } : {}),
  })
  return rehearsal
}

function replicasOf(rehearsal: Rehearsal, release: string): number {
  return Number(getIn(rehearsal.file(`${at}/Deployment.apps/${release}-nginx.yaml`), ['spec', 'replicas']))
}

function servicesWithWeights(rehearsal: Rehearsal): readonly string[] {
  const names = rehearsal.paths().flatMap((path) => /\/Service\/([^/]+)\.yaml$/.exec(path)?.[1] ?? [])
  const weights = ['metadata', 'annotations', 'flotilla.dev/traffic']
  return names.filter((name) => getIn(rehearsal.file(`${at}/Service/${name}.yaml`), weights) !== undefined)
}

/** How many pods a Service selects, where all pods of a release with a weight carry the label of traffic. */
function selected(rehearsal: Rehearsal, service: string): number {
  const selector = getIn(rehearsal.file(`${at}/Service/${service}.yaml`), ['spec', 'selector'])
  return releasesOf(rehearsal).reduce((sum, release) => {
    const deployment = rehearsal.file(`${at}/Deployment.apps/${release}-nginx.yaml`)
    const target = rehearsal.file(`rollouts/default/web/${release}/TrafficTarget.yaml`)
    const hasTraffic = Number(getIn(target, ['spec', 'clusters', 0, 'weight'])) > 0
    const labels = getIn(deployment, ['spec', 'template', 'metadata', 'labels']) as JsonObject
    const all: JsonObject = { ...labels, ...(hasTraffic ? { 'shipper-traffic-status': 'enabled' } : {}) }
    const fits = isJsonObject(selector) && Object.entries(selector).every(([key, value]) => all[key] === value)
    return sum + (fits ? replicasOf(rehearsal, release) : 0)
  }, 0)
}

/** Rolls the newest release out to its last step, and looks at every turn. */
async function rollOut(rehearsal: Rehearsal, look: () => void = () => {}): Promise<void> {
  for (const step of [0, 1, 2]) {
    const newest = releasesOf(rehearsal).at(-1)
    if (newest !== undefined && step > 0)
      rehearsal.sources = { ...rehearsal.sources, 'release.yaml': command(step, newest) }
    for (let turn = 0, before = ''; ; turn++) {
      assert.ok(turn < 40, 'it never settles')
      await rehearsal.turn()
      look()
      const now = JSON.stringify([...rehearsal.texts()])
      if (now === before) break
      before = now
    }
  }
}

/** The newest release, and the step that it has achieved. */
function newest(rehearsal: Rehearsal): readonly [string, unknown] {
  const name = releasesOf(rehearsal).at(-1) ?? ''
  const record = rehearsal.file(`rollouts/default/web/${name}/Release.yaml`)
  return [name, getIn(record, ['status', 'achievedStep', 'name'])]
}

describe('a version whose chart', () => {
  const cases = [
    { what: 'leaves its Service out', names: { '0.0.1': 'nginx' }, called: 'nginx' },
    { what: 'calls its Service by another name', names: { '0.0.1': 'nginx', '0.0.2': 'web' }, called: 'nginx' },
    { what: 'keeps its Service', names: { '0.0.1': 'nginx', '0.0.2': 'nginx' }, called: 'nginx' },
  ]
  for (const { what, names, called } of cases) {
    it(`${what} takes over whoever calls the one that is there, never with fewer pods`, async () => {
      const rehearsal = begin(names)
      await rollOut(rehearsal)
      assert.equal(selected(rehearsal, called), pods)
      rehearsal.sources = { ...rehearsal.sources, 'app.yaml': web('0.0.2') }
      const seen: number[] = []
      await rollOut(rehearsal, () => seen.push(selected(rehearsal, called)))
      assert.ok(Math.min(...seen) >= pods, `the fewest were ${Math.min(...seen)}`)
      const [second, step] = newest(rehearsal)
      assert.equal(step, 'full on')
      assert.equal(replicasOf(rehearsal, second), pods)
      assert.deepEqual(
        getIn(rehearsal.file(`${at}/Service/${called}.yaml`), ['spec', 'selector', 'shipper-release']),
        second,
      )
    })

    it(`${what} has no traffic and takes none away while it does not serve behind the one that is there`, async () => {
      const rehearsal = begin(names)
      await rollOut(rehearsal)
      const [first] = newest(rehearsal)
      const { tell } = rehearsal
      rehearsal.tell = (release, cluster) => ({
        ...tell(release, cluster),
        ...(release === first ? {} : { trafficReady: false }),
      })
      rehearsal.sources = { ...rehearsal.sources, 'app.yaml': web('0.0.2') }
      await rollOut(rehearsal)
      assert.equal(replicasOf(rehearsal, first), pods)
      assert.ok(selected(rehearsal, called) >= pods)
      assert.notEqual(newest(rehearsal)[1], 'full on')
    })
  }

  it('calls its Service by another name has both of them lead to it in the end, until the older version is forgotten', async () => {
    const rehearsal = begin({ '0.0.1': 'nginx', '0.0.2': 'web', '0.0.3': 'web' })
    await rollOut(rehearsal)
    rehearsal.sources = { ...rehearsal.sources, 'app.yaml': web('0.0.2') }
    await rollOut(rehearsal)
    assert.deepEqual([selected(rehearsal, 'nginx'), selected(rehearsal, 'web')], [pods, pods])
    assert.deepEqual(servicesWithWeights(rehearsal), ['web'])
    rehearsal.sources = { ...rehearsal.sources, 'app.yaml': web('0.0.3') }
    await rollOut(rehearsal)
    assert.equal(rehearsal.file(`${at}/Service/nginx.yaml`), undefined)
    assert.equal(selected(rehearsal, 'web'), pods)
  })

  it('leaves its Service out goes on without any once the older version is forgotten', async () => {
    const rehearsal = begin({ '0.0.1': 'nginx' })
    await rollOut(rehearsal)
    for (const version of ['0.0.2', '0.0.3']) {
      rehearsal.sources = { ...rehearsal.sources, 'app.yaml': web(version) }
      await rollOut(rehearsal)
      assert.equal(newest(rehearsal)[1], 'full on')
    }
    assert.deepEqual(
      rehearsal.paths().filter((path) => path.includes('/Service/')),
      [],
    )
  })

  it('has a Service where there was none leads it to the version that runs, until it has proved itself', async () => {
    const rehearsal = begin({ '0.0.2': 'nginx' })
    await rollOut(rehearsal)
    const [first, step] = newest(rehearsal)
    assert.equal(step, 'full on')
    rehearsal.sources = { ...rehearsal.sources, 'app.yaml': web('0.0.2'), 'release.yaml': command(0, 'none') }
    await rehearsal.settle()
    const [second, staging] = newest(rehearsal)
    assert.equal(staging, 'staging')
    const weights = JSON.stringify(
      Object.fromEntries(
        [
          [first, 100],
          [second, 0],
        ].sort(),
      ),
    )
    assert.equal(
      getIn(rehearsal.file(`${at}/Service/nginx.yaml`), ['metadata', 'annotations', 'flotilla.dev/traffic']),
      weights,
    )
    assert.equal(selected(rehearsal, 'nginx'), pods)
    const seen: number[] = []
    await rollOut(rehearsal, () => seen.push(selected(rehearsal, 'nginx')))
    assert.ok(Math.min(...seen) >= pods)
    assert.equal(newest(rehearsal)[1], 'full on')
    assert.equal(replicasOf(rehearsal, first), 0)
  })

  it('has no Service is not waited for in a cluster where nobody has one', async () => {
    const rehearsal = begin({ '0.0.1': 'nginx' })
    await rollOut(rehearsal)
    // The next version runs elsewhere: there no Service is left to wait for.
    rehearsal.sources = {
      ...rehearsal.sources,
      'clusters.yaml': `${clusterDocument({ name: 'c1', unschedulable: true })}---\n${clusterDocument({ name: 'c2' })}`,
      'app.yaml': web('0.0.2'),
    }
    rehearsal.tell = (release, cluster) => ({
      installed: true,
      availableReplicas: Number(
        getIn(rehearsal.file(`clusters/${cluster}/default/Deployment.apps/${release}-nginx.yaml`), [
          'spec',
          'replicas',
        ]),
      ),
      ...(cluster === 'c1' ? { trafficReady: true } : {}),
    })
    await rollOut(rehearsal)
    assert.equal(newest(rehearsal)[1], 'full on')
  })
})
