import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createMemo } from '../../../render/memo.ts'
import { indexPrevious } from '../../../render/previous.ts'
import { type Course, coursesOf } from '../../../render/shipper/course.ts'
import { readRecorded } from '../../../render/shipper/recorded.ts'
import type { Rollout } from '../../../render/shipper/rollout.ts'
import { stepwisePaths } from '../../../render/shipper/stepwise.ts'
import type { JsonObject, KubeObject } from '../../../repo-layout/json.ts'
import { createFleetReader } from '../../../repo-layout/read/reader.ts'
import { fleet, memoryTree, type Sources } from '../helper.ts'
import { command, shipperCluster } from './fixtures.ts'
import { type Rehearsal, rehearse, testCharts } from './rehearsal.ts'

const article = readFileSync('test/fixtures/article/application.yaml', 'utf8')
const first = 'super-server-71fd5980-0'
const second = 'super-server-3acd4093-0'
const edited = article.replace('version: 0.0.1', 'version: 0.0.2')
const workload = (release: string) => `Deployment.apps/default/${release}-web`

/** Of each version: what its chart has beside the Deployment and the Service. */
type More = (version: string, release: string) => readonly KubeObject[]

function charts(more: More, options: { readonly service?: boolean; readonly pod?: JsonObject } = {}) {
  return testCharts(({ release, version }) => [
    ...(options.service === false
      ? []
      : [{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { ports: [{ port: 80 }] } }]),
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: `${release}-web` },
      spec: {
        replicas: 3,
        selector: { matchLabels: { app: 'web' } },
        template: { metadata: { labels: { app: 'web' } }, spec: options.pod ?? mounting },
      },
    },
    ...more(version, release),
  ])
}

const mounting: JsonObject = {
  containers: [{ name: 'web', image: 'web', volumeMounts: [{ name: 'settings', mountPath: '/etc/web' }] }],
  volumes: [{ name: 'settings', configMap: { name: 'settings' } }],
}

function configMap(name: string, data: Readonly<Record<string, string>>): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data }
}

const greeting: More = (version) => [configMap('settings', { greeting: version, kept: 'x' })]

async function rolledOut(
  more: More,
  {
    names = ['local-1'],
    application = article,
    ...options
  }: Parameters<typeof charts>[1] & {
    readonly names?: readonly string[]
    readonly application?: string
  } = {},
): Promise<Rehearsal> {
  const placed =
    names.length === 1
      ? application
      : application.replace('- name: local', `- name: local\n          replicas: ${names.length}`)
  const rehearsal = rehearse(
    { 'flotilla.yaml': fleet, 'clusters.yaml': names.map(shipperCluster).join('---\n'), 'app.yaml': placed },
    charts(more, options),
  )
  await rehearsal.settle()
  const [[{ name, environment }]] = (await releasesOf(rehearsal)) as [[Rollout]]
  const last = (environment.strategy?.steps ?? []).length - 1
  rehearsal.sources = { ...rehearsal.sources, 'release.yaml': command(last, name) }
  await rehearsal.settle()
  return rehearsal
}

async function releasesOf(rehearsal: Rehearsal): Promise<readonly (readonly Rollout[])[]> {
  const decisions = new Map([...rehearsal.texts()].filter(([path]) => !path.startsWith('clusters/')))
  const previous = indexPrevious({ files: decisions, decisions, sourceOf: () => undefined })
  return [...readRecorded(previous, createMemo()).values()].map(({ rollouts }) => rollouts)
}

/** What a change of the source has the only application do, as a plan tells it: in one turn in which no cluster says anything. */
async function courseAfter(rehearsal: Rehearsal, change: Sources): Promise<Course | undefined> {
  const before = await releasesOf(rehearsal)
  rehearsal.sources = { ...rehearsal.sources, ...change }
  rehearsal.silent = true
  await rehearsal.turn()
  rehearsal.silent = false
  const { source } = await createFleetReader().read(memoryTree(rehearsal.sources))
  assert(source)
  const [course, ...others] = coursesOf(before, await releasesOf(rehearsal), source)
  assert.equal(others.length, 0)
  return course
}

/** What goes over, a line each: `to by what at step N: Kind/name at fields (who uses it how) in clusters`. */
function takenOver(course: Course | undefined): readonly string[] {
  return (course?.takeovers ?? []).flatMap(({ to, when, step, changes, stays }) =>
    [...changes, ...stays].map(({ subject, fields, usedBy, clusters }) => {
      const users = usedBy.map(({ workload: name, uses }) => `${nick(name)} ${uses.join('+')}`).join(', ')
      const what = fields.length > 0 ? `at ${fields.join(' ')}` : 'stays'
      return `${nick(to)}, ${when}, step ${step}: ${subject} ${what} (${users}) in ${clusters.join(' ')}`
    }),
  )
}

/** Moves, a line each. */
function moved(course: Course | undefined): readonly string[] {
  return (course?.moves ?? []).map(
    ({ type, release, from, to, clusters, moves }) =>
      `${type} of ${nick(release)} ${from} → ${to} in ${clusters.join(' ')}${moves > 1 ? ` in ${moves} moves` : ''}`,
  )
}

function nick(name: string): string {
  return name.includes(first) ? 'one' : name.includes(second) ? 'two' : name
}

const settings = 'ConfigMap/default/settings'

describe('what a changed template changes under running pods', () => {
  type Case = readonly [what: string, more: More, lines: readonly string[], options?: Parameters<typeof rolledOut>[1]]
  const pod = (fields: JsonObject): JsonObject => ({ containers: [{ name: 'web', image: 'web', ...fields }] })
  const cases: readonly Case[] = [
    ['a mounted ConfigMap', greeting, [`two, traffic, step 1: ${settings} at /data/greeting (one mount) in local-1`]],
    ['one that stays the same: nothing', () => [configMap('settings', { a: '1' })], []],
    ['a name that is new: nothing', (version) => (version === '0.0.1' ? [] : [configMap('settings', { a: '1' })]), []],
    [
      'one that the new version has no more stays as it is',
      (version) => (version === '0.0.1' ? [configMap('settings', { a: '1' })] : []),
      [`two, traffic, step 1: ${settings} stays (one mount) in local-1`],
    ],
    [
      'one that is gone and that no pod uses: nothing',
      (version) => (version === '0.0.1' ? [configMap('others', { a: '1' })] : []),
      [],
    ],
    [
      'one that is named after its release: nothing',
      (version, release) => [configMap(`${release}-settings`, { greeting: version })],
      [],
      { pod: pod({ envFrom: [{ configMapRef: { name: `${first}-settings` } }] }) },
    ],
    [
      'the environment',
      greeting,
      [`two, traffic, step 1: ${settings} at /data/greeting (one start) in local-1`],
      { pod: pod({ envFrom: [{ configMapRef: { name: 'settings' } }] }) },
    ],
    [
      'what no pod uses, all the same',
      greeting,
      [`two, traffic, step 1: ${settings} at /data/greeting () in local-1`],
      { pod: pod({}) },
    ],
    [
      'a Secret, by its keys alone',
      (version) => [
        { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'token' }, stringData: { token: `hidden-${version}` } },
      ],
      ['two, traffic, step 1: Secret/default/token at /stringData/token (one imagePull) in local-1'],
      { pod: { ...pod({}), imagePullSecrets: [{ name: 'token' }] } },
    ],
    [
      'an autoscaler that goes over with the release',
      (_, release) => [
        {
          ...{ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name: 'web' } },
          spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: `${release}-web` } },
        },
      ],
      [
        'two, traffic, step 1: HorizontalPodAutoscaler.autoscaling/default/web at /spec/scaleTargetRef/name (one scaling) in local-1',
      ],
    ],
    [
      'a route, by the names in its lists',
      (version) => [
        {
          ...{ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', metadata: { name: 'web' } },
          spec: { rules: [{ name: 'all', timeouts: { request: version }, backendRefs: [{ name: 'web' }] }] },
        },
      ],
      [
        'two, traffic, step 1: HTTPRoute.gateway.networking.k8s.io/default/web at /spec/rules[name=all]/timeouts/request (one traffic) in local-1',
      ],
    ],
    [
      'labels that only say which version it is: nothing',
      (version, release) => [
        {
          ...configMap('settings', { a: '1' }),
          metadata: {
            name: 'settings',
            labels: { 'helm.sh/chart': `web-${version}`, 'app.kubernetes.io/instance': release },
          },
        },
      ],
      [],
    ],
    [
      'in all clusters alike, told once',
      greeting,
      [`two, traffic, step 1: ${settings} at /data/greeting (one mount) in local-1 local-2`],
      { names: ['local-1', 'local-2'] },
    ],
    [
      'without a Service: once the last step is achieved, under the pods that then run',
      greeting,
      [`two, complete, step 1: ${settings} at /data/greeting (two mount) in local-1`],
      { service: false },
    ],
  ]
  for (const [what, more, lines, options] of cases)
    it(what, async () => {
      const rehearsal = await rolledOut(more, options)
      const course = await courseAfter(rehearsal, { 'app.yaml': next(rehearsal) })
      assert.equal(course?.change, 'begins')
      assert.deepEqual(takenOver(course).map(named(await releasesOf(rehearsal))), lines)
      assert.doesNotMatch(JSON.stringify(course), /hidden/)
    })

  it('only in clusters in which the content differs', async () => {
    const fixed = `overrides:
      - clusterName: local-2
        target: {kind: ConfigMap, name: settings}
        clusterOverrides: [{op: replace, path: /data/greeting, value: the same}]
`
    const application = article.replace('    values:\n', `    ${fixed}    values:\n`)
    const names = ['local-1', 'local-2', 'local-3']
    const rehearsal = await rolledOut(greeting, { names, application })
    const course = await courseAfter(rehearsal, { 'app.yaml': next(rehearsal) })
    assert.deepEqual(takenOver(course).map(named(await releasesOf(rehearsal))), [
      `two, traffic, step 1: ${settings} at /data/greeting (one mount) in local-1 local-3`,
    ])
  })

  it('of a Service that gets another name: the old one stays for those who call it', async () => {
    const services: More = (version) => [
      { apiVersion: 'v1', kind: 'Service', metadata: { name: `web-${version[4]}` }, spec: { ports: [{ port: 80 }] } },
    ]
    const rehearsal = await rolledOut(services, { service: false })
    const course = await courseAfter(rehearsal, { 'app.yaml': next(rehearsal) })
    assert.deepEqual(takenOver(course).map(named(await releasesOf(rehearsal))), [
      'two, traffic, step 1: Service/default/web-1 stays (one traffic) in local-1',
    ])
  })

  it('of a first version: nothing, for there is none before it', async () => {
    const sources = { 'flotilla.yaml': fleet, 'clusters.yaml': shipperCluster('local-1') }
    const course = await courseAfter(rehearse(sources, charts(greeting)), { 'app.yaml': article })
    assert.deepEqual([course?.change, course?.incumbent, takenOver(course)], ['begins', undefined, []])
  })

  it('happens exactly when the rollout gets there', async () => {
    const rehearsal = await rolledOut(greeting)
    const content = () => rehearsal.file(`clusters/local-1/default/ConfigMap/settings.yaml`)?.data
    rehearsal.sources = { ...rehearsal.sources, 'app.yaml': edited }
    await rehearsal.settle()
    assert.deepEqual(content(), { greeting: '0.0.1', kept: 'x' })
    rehearsal.sources = { ...rehearsal.sources, 'release.yaml': command(1, second) }
    for (let weight = false; !weight; ) {
      assert.deepEqual(content(), { greeting: '0.0.1', kept: 'x' })
      const { steps } = await rehearsal.turn()
      weight = steps.includes(`Move traffic of ${second} to weight 100 in local-1`)
    }
    assert.deepEqual(content(), { greeting: '0.0.2', kept: 'x' })
  })
})

const three = article.replace(
  /steps:\n/,
  `steps:
        - {name: a look, capacity: {incumbent: 100, contender: 1}, traffic: {incumbent: 100, contender: 0}}
        - {name: half, capacity: {incumbent: 50, contender: 50}, traffic: {incumbent: 50, contender: 50}}
`,
)

describe('the way of a command', () => {
  async function atStaging(application = article, more = greeting) {
    const rehearsal = await rolledOut(more, { application })
    rehearsal.sources = { ...rehearsal.sources, 'app.yaml': next(rehearsal) }
    await rehearsal.settle()
    const [releases = []] = await releasesOf(rehearsal)
    return { rehearsal, name: releases.at(-1)?.name ?? '' }
  }

  it('says all moves in their order, though a plan renders the first of them alone', async () => {
    const { rehearsal } = await atStaging()
    const course = await courseAfter(rehearsal, { 'release.yaml': command('full on', second) })
    assert.deepEqual(
      [course?.change, course?.from?.name, course?.to.name, course?.afterwards],
      ['moves', 'staging', 'full on', 'end'],
    )
    assert.deepEqual(moved(course), [
      'capacity of two 1 → 100 in local-1',
      'traffic of two 0 → 100 in local-1',
      'traffic of one 100 → 0 in local-1',
      'capacity of one 100 → 0 in local-1',
    ])
    assert.deepEqual(takenOver(course), [`two, traffic, step 1: ${settings} at /data/greeting (one mount) in local-1`])
  })

  it('tells clusters that stand elsewhere by themselves, and the others once', async () => {
    const rehearsal = await rolledOut(greeting, { names: ['local-1', 'local-2', 'local-3'] })
    rehearsal.lost = new Set(['local-2'])
    rehearsal.sources = { ...rehearsal.sources, 'app.yaml': next(rehearsal) }
    await rehearsal.settle()
    rehearsal.lost = new Set()
    const [releases = []] = await releasesOf(rehearsal)
    const course = await courseAfter(rehearsal, { 'release.yaml': command(1, releases.at(-1)?.name ?? '') })
    const lines = moved(course).map(named(await releasesOf(rehearsal)))
    assert.deepEqual(lines.slice(0, 2), [
      'capacity of two 1 → 100 in local-1 local-3',
      'capacity of two 0 → 100 in local-2 in 2 moves',
    ])
  })

  it('joins the small moves of a limited surge', async () => {
    const limited = article.replace('strategy:\n', 'strategy:\n      rollingUpdate: {maxSurge: 34%}\n')
    const { rehearsal, name } = await atStaging(limited)
    const course = await courseAfter(rehearsal, { 'release.yaml': command(1, name) })
    const [up] = course?.moves ?? []
    assert.deepEqual([up?.type, up?.from, up?.to], ['capacity', 1, 100])
    assert.ok((up?.moves ?? 0) > 1, moved(course).join('\n'))
  })

  it('of a step back gives the content back as well', async () => {
    const { rehearsal, name } = await atStaging(three)
    rehearsal.sources = { ...rehearsal.sources, 'release.yaml': command('half', name) }
    await rehearsal.settle()
    const course = await courseAfter(rehearsal, { 'release.yaml': command('a look', name) })
    const [gives] = course?.takeovers ?? []
    assert.deepEqual([gives?.from, gives?.when, gives?.changes.length], [name, 'noTraffic', 1])
    assert.equal(course?.afterwards, 'command')
  })

  it('of one that is given up by a revert is the way back, after which nothing comes', async () => {
    const { rehearsal, name } = await atStaging(three)
    rehearsal.sources = { ...rehearsal.sources, 'release.yaml': command('half', name) }
    const before = String(rehearsal.sources['app.yaml'])
    await rehearsal.settle()
    const course = await courseAfter(rehearsal, { 'app.yaml': before.replace('0.0.2', '0.0.1') })
    assert.deepEqual([course?.change, course?.afterwards, course?.next], ['givenUp', 'end', undefined])
    assert.deepEqual(
      course?.moves.map(({ type, release, to }) => `${type} ${release === name ? 'new' : 'old'} ${to}`),
      ['capacity old 100', 'traffic old 100', 'traffic new 0', 'capacity new 0'],
    )
    assert.deepEqual(course?.takeovers[0]?.changes[0]?.usedBy.length, 1)
  })

  it('of one that is given up by another template: a release of that comes then', async () => {
    const { rehearsal, name } = await atStaging(three)
    const another = String(rehearsal.sources['app.yaml']).replace('0.0.2', '0.0.3')
    const course = await courseAfter(rehearsal, { 'app.yaml': another })
    assert.deepEqual([course?.release, course?.change, course?.afterwards], [name, 'givenUp', 'release'])
  })

  it('lets it change its own objects at any time while it is under way, and none at rest', async () => {
    const { rehearsal } = await atStaging()
    assert.equal(stepwisePaths(await releasesOf(rehearsal)).size, 0)
    rehearsal.sources = { ...rehearsal.sources, 'release.yaml': command(1, second) }
    await rehearsal.turn()
    const paths = stepwisePaths(await releasesOf(rehearsal))
    assert.deepEqual(
      [...paths].sort(),
      rehearsal.paths().filter((path) => path.startsWith('clusters/local-1/default/')),
    )
  })

  it('is none where nothing new is told, also while a release is under way', async () => {
    const { rehearsal } = await atStaging()
    assert.equal(await courseAfter(rehearsal, {}), undefined)
    rehearsal.sources = { ...rehearsal.sources, 'release.yaml': command(1, second) }
    await rehearsal.turn()
    assert.equal(await courseAfter(rehearsal, { 'other.yaml': '' }), undefined)
  })

  it('of an Application that goes on by itself ends with the next step', async () => {
    const automatic = article.replace('metadata:\n', 'metadata:\n  annotations: {flotilla.dev/promote: Automatic}\n')
    const rehearsal = await rolledOut(greeting, { application: automatic })
    const course = await courseAfter(rehearsal, { 'app.yaml': next(rehearsal) })
    assert.deepEqual([course?.afterwards, course?.next?.name], ['automatic', 'full on'])
  })
})

/** The Application with another version of the chart. */
function next({ sources }: Rehearsal): string {
  return String(sources['app.yaml']).replace('version: 0.0.1', 'version: 0.0.2')
}

/** Names releases in the order of their making, whatever their hash. */
function named([releases = []]: readonly (readonly Rollout[])[]): (line: string) => string {
  const [one, two] = releases
  return (line) => line.replaceAll(workload(one?.name ?? '?'), 'one').replaceAll(two?.name ?? '?', 'two')
}
