import type { ChartRequest, Charts } from '../../../render/charts.ts'
import { getIn, type Json, type JsonObject, type KubeObject } from '../../../repo-layout/json.ts'
import { stringifyYaml } from '../../../repo-layout/yaml/stringify.ts'
import { fleet } from '../helper.ts'
import { type Rehearsal, rehearse, testCharts } from './rehearsal.ts'
import { applicationDocument, releasesOf } from './written.ts'

/** The clusters of `world` by name, with their labels. */
export const labelsOf: Readonly<Record<string, JsonObject>> = {
  c1: { tier: 'edge' },
  c2: { tier: 'core', zone: 'a' },
  c3: {},
}
/** Their names. */
export const names = Object.keys(labelsOf)
/** Their documents. */
export const inventory = inventoryOf(labelsOf)

/** Documents of clusters in region `local`. */
export function inventoryOf(labels: Readonly<Record<string, JsonObject>>): string {
  return Object.entries(labels)
    .map(([name, own]) =>
      stringifyYaml({
        apiVersion: 'flotilla.dev/v1alpha1',
        kind: 'Cluster',
        metadata: { name, labels: own },
        spec: { region: 'local' },
      }),
    )
    .join('---\n')
}

/** A chart that tells all values it was rendered with, and has some objects only where they say so. */
export function telling({
  release,
  values,
}: {
  readonly release: string
  readonly values: JsonObject
}): readonly KubeObject[] {
  const stateful = values.stateful === true
  const all: readonly (KubeObject | false)[] = [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: values.service ?? 'web' } as KubeObject['metadata'],
      spec: { ports: [{ port: 80 }], selector: { app: 'web' } },
    },
    values.ingress === true && {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: `${release}-public` },
      spec: {},
    },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'same' }, data: { text: 'the same everywhere' } },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'values' }, data: { values: JSON.stringify(values) } },
    {
      apiVersion: 'apps/v1',
      kind: stateful ? 'StatefulSet' : 'Deployment',
      metadata: { name: `${release}-web` },
      spec: {
        replicas: Number(values.replicaCount ?? 1),
        selector: { matchLabels: { app: 'web' } },
        template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'web:1' }] } },
      },
    },
  ]
  return all.filter((object) => object !== false)
}

/** What of the Application differs from 4 replicas of version 0.0.1, without overrides. */
export interface Given {
  readonly overrides?: Json
  readonly values?: JsonObject
  readonly version?: string
}

const requirements = { regions: [{ name: 'local', replicas: names.length }] }

/** The Application `web`, in all of them. */
export function document({ overrides, values = { replicaCount: 4 }, version = '0.0.1' }: Given): string {
  return applicationDocument('web', {
    values,
    version,
    clusterRequirements: requirements,
    ...(overrides === undefined ? {} : { overrides }),
  })
}

/** A fleet of three clusters with an application in all of them, and what its chart was rendered with. */
export function world(given: Given): { readonly rehearsal: Rehearsal; readonly rendered: ChartRequest[] } {
  const rendered: ChartRequest[] = []
  const charts = testCharts(telling)
  const noting: Charts = {
    ...charts,
    render(request) {
      rendered.push(request)
      return charts.render(request)
    },
  }
  const sources = { 'flotilla.yaml': fleet, 'clusters.yaml': inventory, 'app.yaml': document(given) }
  return { rehearsal: rehearse(sources, noting), rendered }
}

/** The objects of a cluster by path below its folder, with names that do not vary with the hash of the template. */
export function objectsOf(rehearsal: Rehearsal, cluster: string): Readonly<Record<string, JsonObject>> {
  const release = releasesOf(rehearsal).at(-1) ?? ''
  const hash = release.split('-').at(-2) ?? ''
  const quoted = new RegExp(`"${hash}(\\\\?)"`, 'g')
  const plain = (text: string) => text.replaceAll(release, 'RELEASE').replace(quoted, '"HASH$1"')
  const folder = `clusters/${cluster}/`
  const paths = rehearsal.paths().filter((path) => path.startsWith(folder))
  return Object.fromEntries(
    paths.map((path) => [
      plain(path.slice(folder.length)),
      JSON.parse(plain(JSON.stringify(rehearsal.file(path)))) as JsonObject,
    ]),
  )
}

/** One of them. */
export function objectIn(rehearsal: Rehearsal, cluster: string, path: string): JsonObject | undefined {
  return objectsOf(rehearsal, cluster)[`default/${path}.yaml`]
}

/** The values that the chart was rendered with, by cluster. */
export function valuesIn(rehearsal: Rehearsal): Readonly<Record<string, Json>> {
  return Object.fromEntries(
    names.map((name) => [
      name,
      JSON.parse(String(getIn(objectIn(rehearsal, name, 'ConfigMap/values'), ['data', 'values']) ?? 'null')) as Json,
    ]),
  )
}

/** The paths of the records of releases. */
export function records(rehearsal: Rehearsal): readonly string[] {
  return rehearsal.paths().filter((path) => path.startsWith('rollouts/'))
}

/** The clusters at the edge: `c1`. */
export const edge = { clusterSelector: { matchLabels: { tier: 'edge' } } }
/** The target that is the Deployment of the chart. */
export const workload = { group: 'apps', kind: 'Deployment' }
/** A change of it. */
export const priority = [{ op: 'add', path: '/spec/template/spec/priorityClassName', value: 'high' }]
