import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { ChartRendering, ChartRequest } from '../../../render/charts.ts'
import { getIn } from '../../../repo-layout/json.ts'
import { subjectOf } from '../../../repo-layout/subject.ts'
import { nginxFolder, packChart, packFiles, readFolder } from '../../charts/pack.ts'
import { writeRepository } from '../../charts/repository.ts'
import { memoryTree } from '../../repo-layout/memory-tree.ts'
import { describeReal, requireBinary } from '../../testbed/binaries.ts'
import { chartWorld, render, resolve, resolveAndRender } from './world.ts'

const chartYaml = 'apiVersion: v2\nname: web\nversion: 1.0.0\n'

function subjectsOf(rendering: ChartRendering | undefined): readonly string[] {
  if (rendering?.type !== 'rendered') assert.fail(rendering?.problem)
  return rendering.objects.map(subjectOf)
}

function problemOf(rendering: ChartRendering | undefined): string {
  return rendering?.type === 'failed' ? rendering.problem : `none, but ${JSON.stringify(rendering)}`
}

describeReal('rendering charts by Helm', ['helm'], () => {
  const world = chartWorld()
  after(() => world.clean())
  let count = 0

  /** Renders a chart that consists of these files and a Chart.yaml. */
  async function renderFiles(
    files: Readonly<Record<string, string>>,
    request: Partial<ChartRequest> = {},
  ): Promise<ChartRendering | undefined> {
    const folder = join(world.folder, `repository-${++count}`)
    writeRepository(folder, [await packFiles({ 'Chart.yaml': chartYaml, ...files })])
    const ref = { name: 'web', version: '1.0.0', repoUrl: 'https://charts.example.com' }
    return resolveAndRender(world.engine({ folder }), ref, request)
  }

  it('gives the objects in the order in which Helm installs them, with the values that were asked for', async () => {
    const folder = join(world.folder, 'nginx')
    writeRepository(folder, [await packChart(nginxFolder)])
    const ref = { name: 'nginx', version: '0.0.1', repoUrl: 'https://storage.googleapis.com/shipper-demo' }
    const engine = world.engine({ folder })
    const rendering = await resolveAndRender(engine, ref, {
      releaseName: 'web-71fd5980-0',
      values: { replicaCount: 3 },
    })
    assert.deepEqual(subjectsOf(rendering), ['Service/nginx', 'Deployment.apps/web-71fd5980-0-nginx'])
    assert.ok(rendering?.type === 'rendered')
    assert.match(rendering.engine, /^helm v[34]\.\d+\.\d+/)
    assert.equal(getIn(rendering.objects[1], ['spec', 'replicas']), 3)
  })

  it('has custom resources and hooks as objects like others, takes lists apart, leaves tests and notes out', async () => {
    const object = (kind: string, name: string, annotations = '') =>
      `apiVersion: v1\nkind: ${kind}\nmetadata: {name: ${name}${annotations}}\n`
    const rendering = await renderFiles({
      'crds/queue.yaml':
        'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: queues.example.com}\n',
      'templates/queue.yaml': 'apiVersion: example.com/v1\nkind: Queue\nmetadata: {name: q}\n',
      'templates/hook.yaml': object('Secret', 'migrate', ', annotations: {helm.sh/hook: pre-install}'),
      'templates/test.yaml': object('Pod', 'probe', ', annotations: {helm.sh/hook: test}'),
      'templates/old-test.yaml': object('Pod', 'old-probe', ', annotations: {helm.sh/hook: "test-success"}'),
      'templates/many.yaml': `${object('Service', 'b')}---\n# nothing here\n---\n${object('Service', 'a')}`,
      'templates/list.yaml': `apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ServiceAccount, metadata: {name: x}}\n`,
      'templates/configs.yaml': `apiVersion: v1\nkind: ConfigMapList\nitems:\n- {metadata: {name: config}}\n`,
      'templates/empty.yaml': '{{- if .Values.never }}x{{ end }}\n',
      'templates/NOTES.txt': 'Thank you',
    })
    assert.deepEqual(subjectsOf(rendering), [
      'ServiceAccount/x',
      'Secret/migrate',
      'ConfigMap/config',
      'CustomResourceDefinition.apiextensions.k8s.io/queues.example.com',
      'Service/b',
      'Service/a',
      'Queue.example.com/q',
    ])
  })

  it('renders what a chart holds of other charts, and names what it lacks', async () => {
    const dependencies = 'dependencies:\n- {name: common, version: 1.x.x, repository: "https://example.com"}\n'
    const common = {
      'charts/common/Chart.yaml': 'apiVersion: v2\nname: common\nversion: 1.2.3\n',
      'charts/common/templates/a.yaml':
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "{{ .Release.Name }}-{{ .Values.suffix }}"}\n',
    }
    const values = { common: { suffix: 'base' } }
    const whole = await renderFiles({ 'Chart.yaml': chartYaml + dependencies, ...common }, { values })
    assert.deepEqual(subjectsOf(whole), ['ConfigMap/web-1-base'])
    const lacking = await renderFiles({ 'Chart.yaml': chartYaml + dependencies })
    assert.match(problemOf(lacking), /^chart web 1\.0\.0, it depends on common, which it does not hold in charts\//)
  })

  const configMap = (data: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: ${data}\n`
  const wrong: readonly {
    readonly what: string
    readonly files: Readonly<Record<string, string>>
    readonly request?: Partial<ChartRequest>
    readonly problem: RegExp
  }[] = [
    {
      what: 'a value that is missing',
      files: { 'templates/x.yaml': configMap('{a: {{ .Values.a.b }}}') },
      problem: /^chart web 1\.0\.0, templates\/x\.yaml:4:\d+: .*nil pointer evaluating/,
    },
    {
      what: 'a value that the chart demands',
      files: { 'templates/x.yaml': '{{ required "give .Values.host" .Values.host }}' },
      problem: /^chart web 1\.0\.0, templates\/x\.yaml:1:3: give \.Values\.host$/,
    },
    {
      what: 'a template that is broken',
      files: { 'templates/x.yaml': 'a: b\n{{ end }}' },
      problem: /^chart web 1\.0\.0, templates\/x\.yaml:2: unexpected \{\{end\}\}$/,
    },
    {
      what: 'a template that is used and not there',
      files: { 'templates/x.yaml': '{{ include "no.such" . }}' },
      problem: /^chart web 1\.0\.0, templates\/x\.yaml:1:3: .*no template "no\.such"/,
    },
    {
      what: 'output that is no YAML',
      files: { 'templates/x.yaml': 'apiVersion: v1\nkind: ConfigMap\n  metadata: {name: x}\n' },
      problem: /^chart web 1\.0\.0, templates\/x\.yaml: what it renders to is no YAML: line 3: /,
    },
    {
      what: 'values that its schema refuses',
      files: { 'values.schema.json': '{"required": ["host"]}' },
      problem:
        /^chart web 1\.0\.0, the values do not fit its values\.schema\.json: .*(missing property 'host'|host is required)/,
    },
    {
      what: 'a key that is there twice',
      files: { 'templates/x.yaml': configMap('{a: b, a: c}') },
      problem: /^chart web 1\.0\.0, templates\/x\.yaml: line 4 of what it renders to: .*there twice/,
    },
    {
      what: 'an object without a name',
      files: { 'templates/x.yaml': 'apiVersion: v1\nkind: ConfigMap\n' },
      problem: /templates\/x\.yaml: .*no Kubernetes object: the ConfigMap has no metadata\.name/,
    },
    {
      what: 'an object without a kind',
      files: { 'templates/x.yaml': 'apiVersion: v1\nmetadata: {name: x}\n' },
      problem: /templates\/x\.yaml: .*it has no kind/,
    },
    {
      what: 'a label that is no text',
      files: { 'templates/x.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, labels: {version: 1.2}}\n' },
      problem: /metadata\.labels\.version of ConfigMap x is no text; quote it/,
    },
    {
      what: 'a cluster that is too old for it',
      files: { 'Chart.yaml': `${chartYaml}kubeVersion: ">=9"\n` },
      problem: /chart requires kubeVersion: >=9/,
    },
    {
      what: 'a release name that is too long for Helm',
      files: { 'templates/x.yaml': configMap('{}') },
      request: { releaseName: 'a'.repeat(54) },
      problem: /the release name "a{54}" is none that Helm takes: at most 53 .*give the application a shorter name/,
    },
    {
      what: 'output without end',
      files: { 'templates/x.yaml': configMap('{a: {{ repeat 40000000 "x" }}}') },
      problem: /renders to more than 32 MiB/,
    },
  ]
  for (const { what, files, request, problem } of wrong)
    it(`says for good, and where, that it cannot render: ${what}`, async () => {
      const rendering = await renderFiles(files, request)
      assert.match(problemOf(rendering), problem)
      assert.ok(rendering?.type === 'failed' && rendering.isFinal)
    })

  it('refuses a chart whose output differs between two renders, with the fields named and no value told', async () => {
    const rendering = await renderFiles({
      'templates/secret.yaml':
        'apiVersion: v1\nkind: Secret\nmetadata: {name: db, labels: {app: db}}\n' +
        'data: {user: YQ==, password: {{ randAlphaNum 24 | b64enc | quote }}}\n',
      'templates/cert.yaml': configMap('{cert: {{ (genCA "ca" 1).Cert | b64enc }}, same: a}'),
      'templates/name.yaml': 'apiVersion: v1\nkind: Service\nmetadata: {name: "s-{{ randAlpha 20 | lower }}"}\n',
    })
    assert.match(problemOf(rendering), /two renders differ: .*Secret\/db data\.password/)
    assert.match(problemOf(rendering), /ConfigMap\/x data\.cert/)
    assert.match(problemOf(rendering), /Service\/s-[a-z]{20} is there only once/)
    assert.doesNotMatch(problemOf(rendering), /data\.user|data\.same|metadata\.labels/)
    assert.ok(rendering?.type === 'failed' && rendering.isFinal)
  })

  it('reaches no cluster and no network, and sees nothing of the environment', async () => {
    const reached: string[] = []
    const server = createServer((socket) => {
      reached.push('a connection')
      socket.destroy()
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const address = server.address()
    const port = typeof address === 'object' && address ? address.port : 0
    const kubeconfig = join(world.folder, 'kubeconfig')
    writeFileSync(
      kubeconfig,
      `apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "http://127.0.0.1:${port}"}}]
contexts: [{name: c, context: {cluster: c, user: c}}]
users: [{name: c, user: {}}]
current-context: c
`,
    )
    const before = { ...process.env }
    Object.assign(process.env, {
      KUBECONFIG: kubeconfig,
      HELM_KUBEAPISERVER: `http://127.0.0.1:${port}`,
      HELM_NAMESPACE: 'ours',
    })
    try {
      const rendering = await renderFiles({
        'templates/x.yaml': configMap(
          '{found: {{ lookup "v1" "Namespace" "" "kube-system" | toJson | quote }}, ' +
            'host: {{ getHostByName "localhost" | quote }}, namespace: {{ .Release.Namespace }}}',
        ),
      })
      assert.deepEqual(subjectsOf(rendering), ['ConfigMap/x'])
      assert.ok(rendering?.type === 'rendered')
      assert.deepEqual(rendering.objects[0]?.data, { found: '{}', host: '', namespace: 'shop' })
      assert.deepEqual(reached, [])
    } finally {
      for (const name of ['KUBECONFIG', 'HELM_KUBEAPISERVER', 'HELM_NAMESPACE']) {
        const value = before[name]
        if (value === undefined) delete process.env[name]
        else process.env[name] = value
      }
      await new Promise((done) => server.close(done))
    }
  })

  it('refuses a schema of values that would be read from the disk or the network of the daemon', async () => {
    const folder = join(world.folder, 'schemas')
    const ref = { name: 'web', version: '1.0.0', repoUrl: 'https://charts.example.com' }
    for (const outside of ['file:///etc/passwd', 'http://127.0.0.1:8090/api', '/etc/passwd', 'other.json#/a']) {
      const schema = JSON.stringify({ properties: { a: { $ref: outside } }, $defs: { a: { $ref: '#/properties' } } })
      writeRepository(folder, [await packFiles({ 'Chart.yaml': chartYaml, 'values.schema.json': schema })])
      const found = await resolve(world.engine({ folder }), ref)
      assert.match(found?.type === 'failed' ? found.problem : '', /web\/values\.schema\.json refers to .*must be whole/)
    }
  })

  it('leaves nothing on the disk but the chart: no values, and no home of a run that has ended', async () => {
    const folder = join(world.folder, 'values')
    const cacheFolder = join(world.folder, 'values-cache')
    writeRepository(folder, [await packChart(nginxFolder)])
    const ref = { name: 'nginx', version: '0.0.1', repoUrl: 'https://charts.example.com' }
    await resolveAndRender(world.engine({ folder, cacheFolder }), ref, { values: { password: 'a-secret' } })
    assert.deepEqual(readdirSync(join(cacheFolder, 'helm')), [])
    assert.deepEqual(readdirSync(cacheFolder).sort(), ['archives', 'helm'])
  })

  it('renders equal questions once, whatever the order of their values', async () => {
    const folder = join(world.folder, 'once')
    writeRepository(folder, [await packChart(nginxFolder)])
    const calls = join(world.folder, 'calls')
    const helm = join(world.folder, 'counting-helm')
    writeFileSync(helm, `#!/bin/sh\necho "$1" >> ${calls}\nexec ${requireBinary('helm')} "$@"\n`, { mode: 0o755 })
    const engine = world.engine({ folder, helm: { configured: helm } })
    const ref = { name: 'nginx', version: '0.0.1', repoUrl: 'https://charts.example.com' }
    const first = await resolveAndRender(engine, ref, {
      values: { replicaCount: 2, image: { tag: '1', registry: 'a' } },
    })
    const again = await resolveAndRender(engine, ref, {
      values: { image: { registry: 'a', tag: '1' }, replicaCount: 2 },
    })
    assert.equal(first, again)
    const templates = () =>
      readFileSync(calls, 'utf8')
        .split('\n')
        .filter((line) => line === 'template').length
    assert.equal(templates(), 2, 'each rendering is made twice, and compared')
    await resolveAndRender(engine, ref, { values: { replicaCount: 3 } })
    assert.equal(templates(), 4)
    assert.equal(
      await resolveAndRender(
        engine,
        { ...ref, repoUrl: 'https://elsewhere.example.com' },
        { values: { replicaCount: 3 } },
      ),
      await resolveAndRender(engine, ref, { values: { replicaCount: 3 } }),
      'the same content is the same chart',
    )
    assert.equal(templates(), 4)
  })

  it('leaves out of a chart in the source what its .helmignore says, as helm package does', async () => {
    const files = readFolder(nginxFolder)
    const source = memoryTree(
      Object.fromEntries([
        ...Object.entries(files).map(([path, content]) => [`charts/nginx/${path}`, content] as const),
        ['charts/nginx/.helmignore', 'templates/ignored.yaml\n'],
        ['charts/nginx/templates/ignored.yaml', 'no object'],
        ['workloads/web.yaml', 'other'],
      ]),
    )
    const view = world.engine().at({ charts: { mirrors: [], timeout: '30s' }, source })
    const rendering = await resolveAndRender(view, { name: 'nginx', version: '0.0.x', repoUrl: './charts' })
    assert.deepEqual(subjectsOf(rendering), ['Service/nginx', 'Deployment.apps/web-1-nginx'])
  })

  it('renders what was chosen before, after a restart without a network, and not what took its place', async () => {
    const folder = join(world.folder, 'restart')
    const cacheFolder = join(world.folder, 'restart-cache')
    const chart = await packChart(nginxFolder)
    writeRepository(folder, [chart])
    const ref = { name: 'nginx', version: '0.0.1', repoUrl: 'https://charts.example.com' }
    await resolveAndRender(world.engine({ folder, cacheFolder }), ref)
    const request: ChartRequest = {
      chart: { ...ref, digest: chart.digest },
      releaseName: 'web-1',
      namespace: 'shop',
      values: {},
    }
    const offline = world.engine({ folder: join(world.folder, 'gone'), cacheFolder })
    assert.deepEqual(subjectsOf(await render(offline, request)), ['Service/nginx', 'Deployment.apps/web-1-nginx'])

    const changed = await packChart(nginxFolder, { files: { 'values.yaml': 'replicaCount: 7\n' } })
    writeRepository(folder, [changed])
    const other = await render(world.engine({ folder }), request)
    assert.match(
      problemOf(other),
      new RegExp(`has changed: it holds ${changed.digest} now, and ${chart.digest} was chosen; .*needs a new version`),
    )
    assert.equal(other?.type === 'failed' && other.isFinal, false)
  })
})
