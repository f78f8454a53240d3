import assert from 'node:assert/strict'
import { applicationObjects, rebuildApplications } from '../../../reconciler/recover/applications.ts'
import { blobOid } from '../../../repo-layout/generated/oid.ts'
import { getIn, type JsonObject, type KubeObject } from '../../../repo-layout/json.ts'
import { createFleetReader } from '../../../repo-layout/read/reader.ts'
import { fleet, memoryTree } from '../../render/helper.ts'
import { nginxCharts } from '../../render/shipper/fixtures.ts'
import { type Rehearsal, rehearse } from '../../render/shipper/rehearsal.ts'
import { applicationDocument, clusterDocument, releaseDocument, releasesOf } from '../../render/shipper/written.ts'

const two = { regions: [{ name: 'local', replicas: 2 }] }

/** A route that leads to the Service, alone and beside another one. */
const route: KubeObject = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: 'nginx' },
  spec: {
    rules: [
      { backendRefs: [{ name: 'nginx', port: 80 }] },
      {
        backendRefs: [
          { name: 'nginx', port: 80, weight: 3 },
          { name: 'archive', port: 80, weight: 1 },
        ],
      },
    ],
  },
}

function begin(more: readonly KubeObject[] = []): Rehearsal {
  const sources = {
    'flotilla.yaml': fleet,
    'clusters.yaml': ['c1', 'c2'].map((name) => clusterDocument({ name })).join('---\n'),
    'app.yaml': applicationDocument('web', { clusterRequirements: two }),
  }
  return rehearse(
    sources,
    nginxCharts(() => more),
  )
}

async function change(rehearsal: Rehearsal, sources: Rehearsal['sources']): Promise<void> {
  rehearsal.sources = { ...rehearsal.sources, ...sources }
  await rehearsal.settle()
}

/** Rolls the newest release out to a step. */
async function toStep(rehearsal: Rehearsal, step: number): Promise<void> {
  await change(rehearsal, { 'release.yaml': releaseDocument(releasesOf(rehearsal).at(-1) ?? '', step) })
}

/** A running version, and a second one at a step of its rollout; undefined: there is none. */
async function at(step: number | undefined, more: readonly KubeObject[] = []): Promise<Rehearsal> {
  const rehearsal = begin(more)
  await rehearsal.settle()
  await toStep(rehearsal, 2)
  if (step === undefined) return rehearsal
  await change(rehearsal, { 'app.yaml': applicationDocument('web', { clusterRequirements: two, version: '0.0.2' }) })
  await toStep(rehearsal, step)
  return rehearsal
}

/** Loses all records but some, and has them made again from what clusters run; gives what is told of it. */
async function loseAndRebuild(
  rehearsal: Rehearsal,
  left: readonly (readonly [path: string, text: string])[] = [],
): Promise<ReturnType<typeof rebuildApplications>['told']> {
  const { source } = await createFleetReader().read(memoryTree(rehearsal.sources))
  assert.ok(source)
  const objects = new Map<string, KubeObject[]>()
  for (const [path, text] of rehearsal.texts()) {
    const [, cluster = ''] = /^clusters\/([^/]+)\//.exec(path) ?? []
    if (cluster !== '') objects.set(cluster, [...(objects.get(cluster) ?? []), ...applicationObjects(text)])
  }
  const base = { files: new Map(), decisions: new Map(left), sourceOf: () => undefined }
  const { files, folders, told } = rebuildApplications(source, base, objects)
  const stays = left.filter(([path]) => !folders.some((folder) => path.startsWith(folder)))
  const clusters = [...rehearsal.texts()].filter(([path]) => !path.startsWith('rollouts/'))
  const file = ([path, text]: readonly [string, string]) => [path, { text, oid: blobOid(text) }] as const
  rehearsal.start(new Map([...clusters.map(file), ...stays.map(file), ...files]))
  return told
}

/** Replicas and weight of a release in c1. */
function loadOf(rehearsal: Rehearsal, release: string): readonly [number, number] {
  const web = rehearsal.file(`clusters/c1/default/Deployment.apps/${release}-nginx.yaml`)
  const service = rehearsal.file('clusters/c1/default/Service/nginx.yaml')
  const weights = JSON.parse(String(getIn(service, ['metadata', 'annotations', 'flotilla.dev/traffic'])))
  return [Number(getIn(web, ['spec', 'replicas'])), weights[release]]
}

/** Renders until a release is given up and gone; gives what another one had after each render. */
async function untilGone(rehearsal: Rehearsal, release: string, other: string): Promise<(readonly [number, number])[]> {
  const loads = [loadOf(rehearsal, other)]
  for (let i = 0; i < 60; i++) {
    const { steps } = await rehearsal.turn()
    loads.push(loadOf(rehearsal, other))
    if (steps.some((step) => step.startsWith(`Begin ${release} `))) return loads
  }
  throw new Error('it never goes')
}

function clustersOf(rehearsal: Rehearsal): ReadonlyMap<string, string> {
  return new Map([...rehearsal.texts()].filter(([path]) => path.startsWith('clusters/')))
}

describe('records of rollouts that are made again from what clusters run', () => {
  it('are those of a release at rest: nothing changes in any cluster, and nothing is begun', async () => {
    const rehearsal = await at(2)
    const before = clustersOf(rehearsal)
    const releases = releasesOf(rehearsal)
    assert.deepEqual(await loseAndRebuild(rehearsal), [{ application: 'default/web', givenUp: [], problem: undefined }])
    await rehearsal.settle()
    assert.deepEqual(releasesOf(rehearsal), releases)
    assert.deepEqual(clustersOf(rehearsal), before)
    assert.deepEqual(rehearsal.said(), [])
  })

  it('have for each cluster the replicas and the objects that overrides gave it', async () => {
    const rehearsal = begin()
    const priority = { op: 'add', path: '/spec/template/spec/priorityClassName', value: 'high' }
    const overrides = [
      { clusterName: 'c2', values: { replicaCount: 4 } },
      { clusterName: 'c2', target: { kind: 'Deployment', name: 'web-nginx' }, clusterOverrides: [priority] },
    ]
    const given = { clusterRequirements: two, overrides }
    await change(rehearsal, { 'app.yaml': applicationDocument('web', given) })
    await toStep(rehearsal, 2)
    const [first = ''] = releasesOf(rehearsal)
    const before = clustersOf(rehearsal)
    await loseAndRebuild(rehearsal)
    await rehearsal.settle()
    assert.deepEqual(clustersOf(rehearsal), before)
    await change(rehearsal, { 'app.yaml': applicationDocument('web', { ...given, version: '0.0.2' }) })
    await toStep(rehearsal, 1)
    const half = rehearsal.file(`clusters/c2/default/Deployment.apps/${first}-nginx.yaml`)
    assert.equal(getIn(half, ['spec', 'replicas']), 2)
    assert.equal(getIn(half, ['spec', 'template', 'spec', 'priorityClassName']), 'high')
    assert.deepEqual(loadOf(rehearsal, first), [5, 50])
  })

  for (const [step, share] of [
    [0, [10, 100]],
    [1, [5, 50]],
  ] as const)
    it(`give up what was at step ${step}: the running version gets all back, and the new one begins anew`, async () => {
      const rehearsal = await at(step)
      const [first = '', second = ''] = releasesOf(rehearsal)
      assert.deepEqual(loadOf(rehearsal, first), share)
      const [told] = await loseAndRebuild(rehearsal)
      assert.deepEqual(told, { application: 'default/web', givenUp: [second], problem: undefined })
      const loads = await untilGone(rehearsal, second, first)
      assert.ok(loads.every(([replicas, weight]) => replicas >= share[0] && weight >= share[1]))
      assert.deepEqual(loads.at(-1), [10, 100])
      assert.deepEqual(loadOf(rehearsal, second), [0, 0])
      await rehearsal.settle()
      assert.deepEqual(loadOf(rehearsal, first), share, 'it goes to the step that the source still commands')
    })

  it('stay those of the branch where they say what runs, and are made again where it lacks a release that runs', async () => {
    const rehearsal = await at(2)
    const old = [...rehearsal.texts()].filter(([path]) => path.startsWith('rollouts/'))
    const again = { 'app.yaml': applicationDocument('web', { clusterRequirements: two, version: '0.0.3' }) }
    assert.deepEqual((await loseAndRebuild(rehearsal, old)).length, 0)
    await change(rehearsal, again)
    await toStep(rehearsal, 2)
    const releases = releasesOf(rehearsal)
    const before = clustersOf(rehearsal)
    assert.equal((await loseAndRebuild(rehearsal, old)).length, 1)
    await rehearsal.settle()
    assert.deepEqual(releasesOf(rehearsal), releases)
    assert.deepEqual(clustersOf(rehearsal), before)
  })

  it('have routes lead to the Service, so that they follow the next rollout as they did', async () => {
    const path = 'clusters/c1/default/HTTPRoute.gateway.networking.k8s.io/nginx.yaml'
    const rule = (rehearsal: Rehearsal, at: number) => getIn(rehearsal.file(path), ['spec', 'rules', at, 'backendRefs'])
    for (const step of [1, 2]) {
      const rehearsal = await at(step, [route])
      const [first = '', second = ''] = releasesOf(rehearsal)
      assert.equal((await loseAndRebuild(rehearsal))[0]?.problem, undefined)
      const { steps } = await rehearsal.turn()
      if (step === 1) {
        await untilGone(rehearsal, second, first)
        assert.deepEqual(rule(rehearsal, 0), [{ name: first, port: 80, weight: 100 }])
        await rehearsal.settle()
      } else assert.deepEqual(steps, [])
      const weights =
        step === 1
          ? [
              [first, 50],
              [second, 50],
            ]
          : [[second, 100]]
      assert.deepEqual(
        rule(rehearsal, 0),
        weights.map(([name, weight]) => ({ name, port: 80, weight })),
      )
      const [archive] = (rule(rehearsal, 1) as JsonObject[]).slice(-1)
      const own = (rule(rehearsal, 1) as JsonObject[]).slice(0, -1)
      const sum = own.reduce((all, { weight }) => all + Number(weight), 0)
      assert.equal(sum / Number(archive?.weight), 3)
    }
  })

  it('have a first release that never had traffic begin anew beside it', async () => {
    const rehearsal = begin()
    await rehearsal.settle()
    const [first = ''] = releasesOf(rehearsal)
    assert.deepEqual((await loseAndRebuild(rehearsal))[0]?.givenUp, [])
    await rehearsal.settle()
    assert.deepEqual(releasesOf(rehearsal), [first, first.replace(/-0$/, '-1')])
    await toStep(rehearsal, 2)
    assert.deepEqual(loadOf(rehearsal, releasesOf(rehearsal).at(-1) ?? ''), [10, 100])
  })
})
