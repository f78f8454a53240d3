import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'
import { getIn, type Json, type JsonObject } from '../../../repo-layout/json.ts'
import { stringifyYaml } from '../../../repo-layout/yaml/stringify.ts'
import { nginxFolder, packChart, readFolder } from '../../charts/pack.ts'
import { writeRepository } from '../../charts/repository.ts'
import { fleet } from '../../render/helper.ts'
import { applicationDocument } from '../../render/shipper/written.ts'
import { describeReal, requireBinary } from '../../testbed/binaries.ts'
import { start } from './cli.ts'

/** Tells the values as templates see them, defaults of the chart included. */
const telling = `apiVersion: v1
kind: ConfigMap
metadata: {name: values}
data: {values: {{ .Values | toJson | quote }}}
`
const base: JsonObject = {
  replicaCount: 3,
  image: { tag: '1.19', pullPolicy: null },
  service: { annotations: { team: 'shop' }, own: { pager: 'yes' } },
  list: [{ a: 1 }, { b: 2 }],
}
const overrides: readonly { readonly values: JsonObject }[] = [
  { values: { replicaCount: 10, image: { tag: null, registry: 'eu.example.com' }, list: [{ c: 3 }] } },
  {
    values: { service: { own: { pager: null }, annotations: null }, image: { pullPolicy: 'Always' }, resources: null },
  },
]

describeReal('flotilla render of an Application with overrides', ['helm'], function () {
  this.timeout(60_000)
  let folder: string
  const at = (path: string) => join(folder, path)
  const write = (files: Readonly<Record<string, string>>) => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(at(path)), { recursive: true })
      writeFileSync(at(path), text)
    }
  }
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'flotilla-overrides-'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  /** What Helm itself makes of these values, the later ones over the earlier ones. */
  function valuesByHelm(files: readonly JsonObject[]): Json {
    const chart = { ...readFolder(nginxFolder), 'templates/values.yaml': telling }
    write(Object.fromEntries(Object.entries(chart).map(([path, text]) => [`chart/${path}`, text])))
    const names = files.map((_, i) => at(`values-${i}.yaml`))
    write(Object.fromEntries(files.map((values, i) => [`values-${i}.yaml`, stringifyYaml(values)])))
    const args = ['template', 'web', at('chart'), ...names.flatMap((name) => ['--values', name])]
    const objects = parseAllDocuments(execFileSync(requireBinary('helm'), args, { encoding: 'utf8' }))
    const told = objects
      .map((object) => object.toJS() as Json)
      .find((object) => getIn(object, ['kind']) === 'ConfigMap')
    return JSON.parse(String(getIn(told, ['data', 'values']))) as Json
  }

  function valuesIn(cluster: string): Json {
    const told = parse(readFileSync(at(`out/clusters/${cluster}/default/ConfigMap/values.yaml`), 'utf8')) as Json
    return JSON.parse(String(getIn(told, ['data', 'values']))) as Json
  }

  function deploymentIn(cluster: string): Json {
    const below = `out/clusters/${cluster}/default/Deployment.apps`
    const [name = ''] = readdirSync(at(below))
    return parse(readFileSync(at(`${below}/${name}`), 'utf8')) as Json
  }

  it('gives each cluster the values that Helm makes of its files, and the objects with their changes', async () => {
    writeRepository(at('charts'), [await packChart(nginxFolder, { files: { 'templates/values.yaml': telling } })])
    const names = ['eu-1', 'eu-2', 'us-1']
    const inventory = names.map(
      (name) =>
        `apiVersion: flotilla.dev/v1alpha1\nkind: Cluster\nmetadata: {name: ${name}, labels: {at: ${name.slice(0, 2)}}}\nspec: {region: local}\n`,
    )
    const eu = { clusterSelector: { matchLabels: { at: 'eu' } } }
    const target = { group: 'apps', kind: 'Deployment', name: 'web-nginx' }
    const priority = { op: 'add', path: '/spec/template/spec/priorityClassName', value: 'high' }
    const application = applicationDocument('web', {
      values: base,
      clusterRequirements: { regions: [{ name: 'local', replicas: names.length }] },
      overrides: [
        { ...eu, ...overrides[0] },
        { clusterName: 'eu-1', ...overrides[1] },
        { ...eu, target, clusterOverrides: [priority] },
      ],
    })
    write({
      'source/flotilla.yaml': fleet,
      'source/clusters.yaml': inventory.join('---\n'),
      'source/web.yaml': application,
    })
    const args = ['render', '--source', at('source'), '--out', at('out'), '--charts', at('charts')]
    const env = { FLOTILLA_HELM: requireBinary('helm'), XDG_CACHE_HOME: at('cache') }
    const { code, stderr } = await start(args, env).ended
    assert.match(stderr, /: 0 errors, 0 warnings\n$/)
    assert.equal(code, 0)
    const [first, second] = overrides.map(({ values }) => values)
    assert.ok(first && second)
    assert.deepEqual(valuesIn('us-1'), valuesByHelm([base]))
    assert.deepEqual(valuesIn('eu-2'), valuesByHelm([base, first]))
    assert.deepEqual(valuesIn('eu-1'), valuesByHelm([base, first, second]))
    assert.deepEqual(
      names.map((name) => getIn(deploymentIn(name), ['spec', 'template', 'spec', 'priorityClassName'])),
      ['high', 'high', undefined],
    )
    const releases = readdirSync(at('out/rollouts/default/web'))
    assert.equal(releases.length, 1)
    const record = readFileSync(at(`out/rollouts/default/web/${releases[0]}/CapacityTarget.yaml`), 'utf8')
    const totals = names.map((_, i) => getIn(parse(record) as Json, ['spec', 'clusters', i, 'totalReplicaCount']))
    assert.deepEqual(totals, [10, 10, 3])
  })
})
