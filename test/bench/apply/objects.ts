import type { JsonObject, KubeObject } from '../../../repo-layout/json.ts'
import { stringifyYaml } from '../../../repo-layout/yaml/stringify.ts'

/** What every object of a contender says at the moment; a change is another version. */
export interface Versions {
  readonly all: number
  /** Counts changes of one object in one cluster, beside those of all. */
  readonly one: number
}

/** The object that changes alone, and the cluster it changes in. */
export const lone = { index: 7, cluster: 'cluster1' } as const

const namespaces = 10
const apps = 'apps/v1'

/** Where the objects of one contender are: nobody else's. */
export function namespacesOf(contender: string, count: number): readonly string[] {
  return Array.from({ length: Math.min(namespaces, count) }, (_, i) => `bench-${contender}-${i}`)
}

/** One object of a fleet; even ones are Deployments, odd ones ConfigMaps, of about a kilobyte each. */
export function objectOf(contender: string, index: number, cluster: string, versions: Versions): KubeObject {
  const name = nameOf(index)
  const namespace = `bench-${contender}-${index % namespaces}`
  const version = versionOf(index, cluster, versions)
  const labels = { app: name, team: `team-${index % namespaces}` }
  return index % 2 === 0
    ? {
        apiVersion: apps,
        kind: 'Deployment',
        metadata: { name, namespace, labels },
        spec: deploymentSpec(name, version),
      }
    : { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, labels }, data: data(version) }
}

function nameOf(index: number): string {
  return `app-${String(index).padStart(5, '0')}`
}

function versionOf(index: number, cluster: string, { all, one }: Versions): string {
  return index === lone.index && cluster === lone.cluster ? `${all}.${one}` : String(all)
}

function deploymentSpec(name: string, version: string): JsonObject {
  return {
    replicas: 2,
    revisionHistoryLimit: 3,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        containers: [
          {
            name: 'main',
            image: `registry.example.com/${name}:v${version}`,
            ports: [{ name: 'http', containerPort: 8080 }],
            env: ['LOG_LEVEL', 'REGION', 'FEATURES', 'CACHE_SIZE'].map((key) => ({ name: key, value: `${key}-value` })),
            resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
            readinessProbe: { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 5 },
          },
        ],
      },
    },
  }
}

function data(version: string): JsonObject {
  const lines = Array.from({ length: 12 }, (_, i) => `setting.${i} = a value of some length, number ${i}`)
  return { version, 'app.conf': `${lines.join('\n')}\n` }
}

/** The same objects as one federated workload of kubefed, for all clusters; the lone change is an override. */
export function federatedFile(contender: string, index: number, versions: Versions): string {
  const { apiVersion: _, kind, metadata, ...rest } = objectOf(contender, index, '', versions)
  const { name, namespace, labels } = metadata
  const overrides =
    index === lone.index
      ? [
          {
            clusterName: lone.cluster,
            clusterOverrides: [{ path: '/data/version', value: `${versions.all}.${versions.one}` }],
          },
        ]
      : []
  return stringifyYaml({
    apiVersion: 'types.kubefed.io/v1beta1',
    kind: `Federated${kind}`,
    metadata: { name, namespace: namespace ?? '' },
    spec: {
      template: { metadata: { labels: labels ?? {} }, ...rest },
      placement: { clusterSelector: {} },
      ...(overrides.length > 0 ? { overrides } : {}),
    },
  })
}

/** The path of an object's collection and name on an API server. */
export function pathOf({ kind, metadata }: KubeObject): string {
  const { namespace, name } = metadata
  return kind === 'Deployment'
    ? `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`
    : `/api/v1/namespaces/${namespace}/configmaps/${name}`
}

/** A change by hand of a field that the fleet owns, as a merge patch. */
export function driftOf({ kind }: KubeObject): JsonObject {
  return kind === 'Deployment' ? { spec: { revisionHistoryLimit: 9 } } : { data: { version: 'by hand' } }
}
