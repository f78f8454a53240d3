import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { getIn, type Json } from '../../../repo-layout/json.ts'
import { parseYaml } from '../../../repo-layout/yaml/parse.ts'
import { stringifyYaml } from '../../../repo-layout/yaml/stringify.ts'
import release from '../../cases/shipper-release.json' with { type: 'json' }
import { nginxFolder, type PackedChart, packChart, packFiles } from '../../charts/pack.ts'
import { writeRepository } from '../../charts/repository.ts'
import { fleet } from '../../render/helper.ts'
import { applicationDocument, clusterDocument, releaseDocument } from '../../render/shipper/written.ts'
import { describeReal, requireBinary } from '../../testbed/binaries.ts'
import { type Ended, start } from './cli.ts'

const deployment = (name: string, more = '') => `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}}
spec:
  replicas: {{ .Values.replicaCount }}
  selector: {matchLabels: {app: reviews}}
  template:
    metadata: {labels: {app: reviews}}
    spec: {containers: [{name: reviews, image: "reviews:1"}]}
${more}`
const service = (name: string, labels = '{}', selector = '{app: reviews}') => `apiVersion: v1
kind: Service
metadata: {name: ${name}, labels: ${labels}}
spec: {ports: [{port: 80}], selector: ${selector}}
`
const own = '{{ .Release.Name }}-reviews'
const production = '{shipper-lb: production}'

/** The charts of Shipper's own cases: what their archives hold, and what is said of them; nothing where they are installed. */
const charts: readonly (readonly [name: string, files: Readonly<Record<string, string>>, said?: RegExp])[] = [
  ['reviews-api', { 'd.yaml': deployment(own), 's.yaml': service('reviews', production) }],
  [
    'reviews-api-invalid-deployment-name',
    { 'd.yaml': deployment('reviews-api'), 's.yaml': service('reviews', production) },
    /Deployment "reviews-api" has invalid name\. The name of the Deployment should be templated with \{\{\.Release\.Name\}\}\./,
  ],
  ['reviews-api-single-service-no-lb', { 'd.yaml': deployment(own), 's.yaml': service('single') }],
  [
    'reviews-api-multi-service-no-lb',
    { 'd.yaml': deployment(own), 's.yaml': service('multi-a'), 't.yaml': service('multi-b') },
    /one and only one v1\.Service object with label "shipper-lb" is required, but 0 found instead/,
  ],
  [
    'reviews-api-multi-service-with-lb',
    { 'd.yaml': deployment(own), 's.yaml': service('lb', production), 't.yaml': service('no-lb') },
  ],
  [
    'two-deployments',
    { 'd.yaml': deployment(own), 'e.yaml': deployment(`${own}-2`), 's.yaml': service('two') },
    /chart two-deployments 0\.0\.1.* should have exactly 1 Deployment object, but it has 2/,
  ],
  ['no-deployment', { 's.yaml': service('none') }, /should have exactly 1 Deployment object, but it has 0/],
  [
    'selects-release',
    { 'd.yaml': deployment(own), 's.yaml': service('sel', '{}', '{app: reviews, release: "{{ .Release.Name }}"}') },
    /selects the label "release"/,
  ],
  ['broken-template', { 'd.yaml': '{{ include "no-such" . }}\n' }, /no-such/],
  ['broken-k8s-objects', { 'd.yaml': 'this is garbage\n' }, /broken-k8s-objects/],
]

async function packed(name: string, files: Readonly<Record<string, string>>): Promise<PackedChart> {
  const templates = Object.entries(files).map(([path, text]) => [`templates/${path}`, text])
  return packFiles({
    'Chart.yaml': `apiVersion: v1\nname: ${name}\nversion: 0.0.1\n`,
    'values.yaml': 'replicaCount: 1\n',
    ...Object.fromEntries(templates),
  })
}

describeReal('flotilla render with a Helm repository on disk', ['helm'], function () {
  this.timeout(180_000)
  const root = mkdtempSync(join(tmpdir(), 'flotilla-render-charts-'))
  after(() => rmSync(root, { recursive: true }))
  const at = (path: string) => join(root, path)

  function write(files: Readonly<Record<string, string>>): void {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(at(path)), { recursive: true })
      writeFileSync(at(path), text)
    }
  }

  async function render(...more: readonly string[]): Promise<Ended> {
    const args = ['render', '--source', at('source'), '--out', at('out'), '--charts', at('charts'), ...more]
    return start(args, { FLOTILLA_HELM: requireBinary('helm'), XDG_CACHE_HOME: at('cache') }).ended
  }

  function read(path: string): Json {
    const parsed = parseYaml(readFileSync(at(path), 'utf8'))
    return parsed.type === 'documents' ? (parsed.documents[0]?.value ?? null) : null
  }

  const paths = () =>
    readdirSync(at('out'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(at('out').length + 1))
      .sort()

  it('takes and refuses the charts that Shipper takes and refuses, each with its reason, and exits 1', async () => {
    writeRepository(at('charts'), await Promise.all(charts.map(([name, files]) => packed(name, files))))
    const applications = charts.map(([name]) => {
      const text = applicationDocument(name.slice(0, 40), { namespace: `ns-${name}` })
      return [`source/${name}.yaml`, text.replace('name: nginx', `name: ${name}`)]
    })
    const inventory = clusterDocument({ name: 'c1' })
    write({ 'source/flotilla.yaml': fleet, 'source/c.yaml': inventory, ...Object.fromEntries(applications) })
    const { code, stderr } = await render()
    const lines = stderr.split('\n')
    for (const [name, , said] of charts) {
      const own = lines.filter((line) => line.startsWith(`${name}.yaml:`)).join('\n')
      const installed = paths().filter((path) => path.startsWith(`clusters/c1/ns-${name}/Deployment.apps/`)).length
      assert.equal(installed, said ? 0 : 1, `${name}: ${own}`)
      if (said) assert.match(own, said, name)
      else assert.equal(own, '', name)
    }
    assert.equal(code, 1)
  })

  it('renders a chart of the source itself, with the helpers that only Helm reads', async () => {
    for (const folder of ['source', 'charts', 'out']) rmSync(at(folder), { recursive: true, force: true })
    const chart = {
      'Chart.yaml': 'apiVersion: v2\nname: own\nversion: 0.1.0\n',
      'values.yaml': 'replicaCount: 1\n',
      'templates/_helpers.tpl': '{{ define "own.name" }}{{ .Release.Name }}-own{{ end }}\n',
      'templates/d.yaml': deployment('{{ include "own.name" . }}'),
    }
    const text = applicationDocument('app', { namespace: 'shop', version: '0.1.0' })
    write({
      'source/flotilla.yaml': fleet,
      'source/c.yaml': clusterDocument({ name: 'c1' }),
      'source/app.yaml': text.replace('name: nginx', 'name: own').replace(/repoUrl: .*/, 'repoUrl: ./charts'),
      ...Object.fromEntries(Object.entries(chart).map(([path, content]) => [`source/charts/own/${path}`, content])),
    })
    const args = ['render', '--source', at('source'), '--out', at('out')]
    const env = { FLOTILLA_HELM: requireBinary('helm'), XDG_CACHE_HOME: at('cache') }
    const { code, stderr } = await start(args, env).ended
    assert.equal(code, 0, stderr)
    const names = paths().filter((path) => path.startsWith('clusters/c1/shop/Deployment.apps/'))
    assert.match(names.join(), /^clusters\/c1\/shop\/Deployment\.apps\/app-[0-9a-f]+-0-own\.yaml$/)
  })

  it('resolves versions as Shipper does, and says which there is none of', async () => {
    for (const folder of ['source', 'charts', 'out']) rmSync(at(folder), { recursive: true, force: true })
    const { index, cases } = release.chartVersionResolve
    const entries = Object.entries(index as Readonly<Record<string, readonly string[]>>)
    const archives = entries.flatMap(([name, versions]) =>
      versions.map(async (version) => {
        const content = { version, files: { 'templates/x.yaml': `# ${name}\n` } }
        const chart = await packChart(nginxFolder, content)
        return name === 'nginx' ? chart : packFiles(await renamed(name, version))
      }),
    )
    writeRepository(at('charts'), await Promise.all(archives))
    const documents = cases.map(({ chart, version }, i) => {
      const text = applicationDocument(`app-${i}`, { namespace: `ns-${i}`, version })
      return [`source/app-${i}.yaml`, text.replace('name: nginx', `name: ${chart}`)]
    })
    const inventory = clusterDocument({ name: 'c1' })
    write({ 'source/flotilla.yaml': fleet, 'source/c.yaml': inventory, ...Object.fromEntries(documents) })
    const { stderr } = await render()
    for (const [i, { name, expected }] of cases.entries()) {
      const record = paths().find((path) => path.startsWith(`rollouts/ns-${i}/`) && path.endsWith('/Release.yaml'))
      const version = record && getIn(read(`out/${record}`), ['spec', 'environment', 'chart', 'version'])
      assert.equal(version ?? null, expected, `${name}: ${stderr}`)
      if (expected === null) assert.match(stderr, new RegExp(`app-${i}\\.yaml:.*no chart (version|name) found`))
    }
  })

  it('walks from turn to turn upon --previous with --observations, and stays the same bytes without news', async () => {
    for (const folder of ['source', 'charts', 'out']) rmSync(at(folder), { recursive: true, force: true })
    writeRepository(at('charts'), [await packChart(nginxFolder)])
    const application = applicationDocument('web', { values: { replicaCount: 3 } })
    write({
      'source/flotilla.yaml': fleet,
      'source/c.yaml': clusterDocument({ name: 'c1' }),
      'source/a.yaml': application,
    })
    assert.equal((await render()).code, 0)
    const [record = ''] = paths().filter((path) => path.endsWith('/Release.yaml'))
    const name = record.split('/')[3] ?? ''
    write({ 'source/r.yaml': releaseDocument(name, 2) })
    const replicas: unknown[] = []
    for (const availableReplicas of [0, 3, 3]) {
      const facts = { installed: true, availableReplicas, trafficReady: true }
      const observations = { clusters: { c1: { reachable: true, releases: { [`default/${name}`]: facts } } } }
      write({ 'observations.json': JSON.stringify(observations) })
      const { code, stderr } = await render('--previous', at('out'), '--observations', at('observations.json'))
      assert.equal(code, 0, stderr)
      replicas.push(getIn(read(`out/clusters/c1/default/Deployment.apps/${name}-nginx.yaml`), ['spec', 'replicas']))
    }
    assert.deepEqual(replicas, [3, 3, 3])
    assert.deepEqual(getIn(read(`out/${record}`), ['status', 'achievedStep']), { step: 2, name: 'full on' })
    const before = paths().map((path) => readFileSync(at(`out/${path}`), 'utf8'))
    assert.equal((await render('--previous', at('out'))).code, 0)
    assert.deepEqual(
      paths().map((path) => readFileSync(at(`out/${path}`), 'utf8')),
      before,
    )
  })
})

async function renamed(name: string, version: string): Promise<Readonly<Record<string, string>>> {
  const chart = { apiVersion: 'v1', name, version }
  return {
    'Chart.yaml': stringifyYaml(chart),
    'values.yaml': 'replicaCount: 1\n',
    'templates/d.yaml': deployment(own),
    'templates/s.yaml': service('reviews', production),
  }
}
