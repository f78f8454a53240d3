import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { getIn, isJsonObject, type JsonObject, type KubeObject } from '../../../repo-layout/json.ts'
import { subjectOf } from '../../../repo-layout/subject.ts'
import { kubectl } from '../../deploy/kubectl.ts'
import { requireBinary } from '../../testbed/binaries.ts'
import type { ControlPlane } from '../../testbed/control-plane.ts'
import { configMap, namespace } from '../member/support.ts'

/** Where everything of these clusters is. */
export const shop = 'shop'

/** How an object came into the cluster, before Flotilla. */
type Maker = 'kubectl apply' | 'kubectl create' | 'helm install' | 'Argo CD' | 'Flux' | 'kubefed'

/** One object of a filled cluster. */
export interface Filled {
  readonly maker: Maker
  /** As Git says it; undefined for what is not in Git. */
  readonly wanted: KubeObject | undefined
  /** As it is in the cluster. */
  readonly live: KubeObject
  /** The marks of the tool that manages it. */
  readonly tool?: string
}

function web(name: string): KubeObject {
  const labels = { app: name }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: shop, labels: { ...labels, team: 'web' } },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'web', image: 'nginx:1', ports: [{ containerPort: 80 }] }] },
      },
    },
  }
}

function service(name: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: shop },
    spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 80 }] },
  }
}

function marked(object: KubeObject, map: 'labels' | 'annotations', key: string, value: string): KubeObject {
  return { ...object, metadata: { ...object.metadata, [map]: { ...object.metadata[map], [key]: value } } }
}

const same = (maker: Maker, object: KubeObject): Filled => ({ maker, wanted: object, live: object })

function managed(maker: Maker, object: KubeObject, map: 'labels' | 'annotations', key: string, value: string): Filled {
  return { maker, wanted: object, live: marked(object, map, key, value), tool: maker }
}

/** What the clusters are filled with. */
export const filled: readonly Filled[] = [
  same('kubectl apply', web('applied')),
  same('kubectl apply', service('applied')),
  same('kubectl apply', configMap(shop, 'applied', { k: '1' })),
  same('kubectl create', web('created')),
  {
    maker: 'kubectl create',
    wanted: configMap(shop, 'differs', { k: 'git' }),
    live: configMap(shop, 'differs', { k: 'live' }),
  },
  { maker: 'kubectl create', wanted: undefined, live: configMap(shop, 'bystander', { k: '1' }) },
  { maker: 'helm install', wanted: web('helmed'), live: web('helmed'), tool: 'Helm' },
  managed('Argo CD', web('argo'), 'annotations', 'argocd.argoproj.io/tracking-id', 'shop:apps/Deployment:shop/argo'),
  managed('Argo CD', configMap(shop, 'argo', { k: '1' }), 'labels', 'app.kubernetes.io/instance', 'shop'),
  managed('Flux', web('flux'), 'labels', 'kustomize.toolkit.fluxcd.io/name', 'apps'),
  managed('kubefed', web('kubefed'), 'labels', 'kubefed.io/managed', 'true'),
]

/** The arguments by which kubectl does what each tool does: in its name, by apply or by update. */
const ways: Readonly<Record<Exclude<Maker, 'helm install'>, readonly string[]>> = {
  'kubectl apply': ['apply'],
  'kubectl create': ['create'],
  'Argo CD': ['apply', '--server-side', '--field-manager=argocd-controller'],
  Flux: ['apply', '--server-side', '--field-manager=kustomize-controller'],
  kubefed: ['create', '--field-manager=controller-manager'],
}

/** Fills a cluster, and resolves when all of its Deployments are rolled out. */
export async function fill(plane: ControlPlane, folder: string): Promise<void> {
  const file = (name: string, objects: readonly KubeObject[]) => {
    const path = join(folder, `${name}.json`)
    writeFileSync(path, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }))
    return path
  }
  await kubectl(plane, 'create', '-f', file('namespace', [namespace(shop)]))
  for (const [maker, args] of Object.entries(ways)) {
    const objects = filled.filter((one) => one.maker === maker).map(({ live }) => live)
    await kubectl(plane, ...args, '-f', file(maker.replace(' ', '-'), objects))
  }
  await helmInstall(plane, folder)
  await kubectl(plane, 'rollout', 'status', '--namespace', shop, 'deployment', '--timeout=90s')
}

/** Installs the objects of Helm as a release of a chart. */
async function helmInstall(plane: ControlPlane, folder: string): Promise<void> {
  const chart = join(folder, 'chart')
  mkdirSync(join(chart, 'templates'), { recursive: true })
  writeFileSync(join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: helmed\nversion: 0.1.0\n')
  const objects = filled.filter((one) => one.maker === 'helm install').map(({ live }) => JSON.stringify(live))
  writeFileSync(join(chart, 'templates/all.yaml'), objects.join('\n---\n'))
  const home = join(folder, 'helm')
  const env = { ...process.env, KUBECONFIG: plane.kubeconfigPath, HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home }
  await promisify(execFile)(requireBinary('helm'), ['install', 'helmed', chart, '--namespace', shop], { env })
}

/** A workload of kubefed for every cluster, of an object as Git says it. */
export function federate({ apiVersion: _version, kind, metadata, ...rest }: KubeObject, adopt: Adopt): JsonObject {
  const { name, namespace: ns, ...more } = metadata
  const word = { 'flotilla.dev/adopt': 'Always' }
  const inTemplate = adopt === 'object' ? { ...more, annotations: { ...more.annotations, ...word } } : more
  return {
    apiVersion: 'types.kubefed.io/v1beta1',
    kind: `Federated${kind}`,
    metadata: { name, namespace: ns ?? shop, ...(adopt === 'workload' ? { annotations: word } : {}) },
    spec: { template: { metadata: inTemplate, ...rest }, placement: { clusterSelector: {} } },
  }
}

/** Where it is said that an object is to be taken; undefined where the Fleet's word counts. */
export type Adopt = 'workload' | 'object' | undefined

const kinds = {
  Deployment: `/apis/apps/v1/namespaces/${shop}/deployments`,
  ReplicaSet: `/apis/apps/v1/namespaces/${shop}/replicasets`,
  Pod: `/api/v1/namespaces/${shop}/pods`,
  Service: `/api/v1/namespaces/${shop}/services`,
  ConfigMap: `/api/v1/namespaces/${shop}/configmaps`,
} as const

/** What all objects of the shop are, by Subject. */
export async function liveObjects(plane: ControlPlane): Promise<ReadonlyMap<string, KubeObject>> {
  const found = new Map<string, KubeObject>()
  for (const [kind, path] of Object.entries(kinds)) {
    const apiVersion = path.startsWith('/apis/apps/v1') ? 'apps/v1' : 'v1'
    const { body } = await plane.request('GET', path)
    const items = getIn(body, ['items'])
    for (const item of Array.isArray(items) ? items.filter(isJsonObject) : []) {
      const object = { ...item, apiVersion, kind } as KubeObject
      found.set(subjectOf(object), object)
    }
  }
  return found
}

/** What must not change when an object is taken or let go: who it is, its generation and every byte of its content. */
export function substance(objects: ReadonlyMap<string, KubeObject>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...objects].map(([subject, { metadata, spec, data }]) => {
      const { uid, generation, labels } = metadata as JsonObject & KubeObject['metadata']
      const hash = labels?.['pod-template-hash']
      return [subject, JSON.stringify({ uid, generation, hash, spec, data })]
    }),
  )
}
