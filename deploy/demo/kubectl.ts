import { Agent, request } from 'undici'
import { getIn, isJsonArray, isJsonObject, type Json, type JsonObject } from '../../repo-layout/json.ts'
import type { SandboxCluster } from '../sandbox/types.ts'

/** What a kubeconfig says of a cluster. */
export type Entry = Pick<SandboxCluster, 'name' | 'server' | 'caData' | 'token'>

/** How many replicas a Deployment should have and how many are ready. */
export interface Replicas {
  readonly wanted: number
  readonly ready: number
}

/** The Deployments of one cluster by `<namespace>/<name>`. */
export type Running = ReadonlyMap<string, Replicas>

/** What a person does with `kubectl` and the demo's kubeconfig: the clusters themselves, past the daemon. */
export interface Kubectl {
  deployments(cluster: string): Promise<Running>
  /** How many endpoints of a Service named `<namespace>/<name>` are ready. Rejects where there is no such Service. */
  endpoints(cluster: string, service: string): Promise<number>
  /** One object by its path below the API server. Rejects where it is not there. */
  get(cluster: string, path: string): Promise<JsonObject>
  /** `kubectl scale deployment`; gives the number that the cluster took. */
  scale(cluster: string, deployment: string, replicas: number): Promise<number>
  close(): Promise<void>
}

/** Path of all Deployments of a cluster. */
export const deploymentsPath = '/apis/apps/v1/deployments'

/** Connects to each cluster as its entry in the kubeconfig says; nothing is sent before the first request. */
export function createKubectl(clusters: readonly Entry[]): Kubectl {
  const agents = new Map(
    clusters.map((entry) => [entry.name, { entry, agent: new Agent({ connect: { ca: caOf(entry), timeout: 5000 } }) }]),
  )
  const send = async (
    cluster: string,
    method: 'GET' | 'PATCH',
    path: string,
    body?: JsonObject,
  ): Promise<JsonObject> => {
    const found = agents.get(cluster)
    if (!found) throw new Error(`there is no cluster ${cluster}`)
    const { entry, agent } = found
    const answer = await request(`${entry.server}${path}`, {
      dispatcher: agent,
      method,
      headers: {
        authorization: `Bearer ${entry.token}`,
        accept: 'application/json',
        'content-type': 'application/merge-patch+json',
      },
      body: body === undefined ? null : JSON.stringify(body),
      headersTimeout: 10_000,
      bodyTimeout: 10_000,
    })
    const json: unknown = await answer.body.json()
    if (!isJsonObject(json)) throw new Error(`${cluster} answered ${path} with no object`)
    if (answer.statusCode >= 300) throw new Error(`${cluster} answered ${answer.statusCode}: ${String(json.message)}`)
    return json
  }
  return {
    deployments: async (cluster) => runningOf(await send(cluster, 'GET', deploymentsPath)),
    async endpoints(cluster, service) {
      const [namespace = '', name = ''] = service.split('/')
      await send(cluster, 'GET', `/api/v1/namespaces/${namespace}/services/${name}`)
      const slices = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`
      return readyIn(await send(cluster, 'GET', `${slices}?labelSelector=kubernetes.io%2Fservice-name%3D${name}`))
    },
    get: (cluster, path) => send(cluster, 'GET', path),
    async scale(cluster, deployment, replicas) {
      const path = `${deploymentPath(deployment)}/scale?fieldManager=kubectl`
      return numberAt(await send(cluster, 'PATCH', path, { spec: { replicas } }), ['spec', 'replicas'])
    },
    close: async () => {
      for (const { agent } of agents.values()) await agent.destroy()
    },
  }
}

function caOf({ caData }: Entry): string {
  return Buffer.from(caData, 'base64').toString('utf8')
}

/** The path of a Deployment that is named `<namespace>/<name>`. */
export function deploymentPath(deployment: string): string {
  const [namespace = '', name = ''] = deployment.split('/')
  return `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`
}

/** The replicas in a list of Deployments, as the API server answers it. */
export function runningOf(list: Json): Running {
  const items = isJsonObject(list) ? list.items : undefined
  const running = new Map<string, Replicas>()
  for (const item of isJsonArray(items) ? items : []) {
    const name = `${String(getIn(item, ['metadata', 'namespace']))}/${String(getIn(item, ['metadata', 'name']))}`
    const wanted = numberAt(item, ['spec', 'replicas'])
    running.set(name, { wanted, ready: numberAt(item, ['status', 'readyReplicas']) })
  }
  return running
}

/** How many endpoints are ready in a list of EndpointSlices. */
function readyIn(list: JsonObject): number {
  const endpoints = listAt(list, ['items']).flatMap((slice) => listAt(slice, ['endpoints']))
  return endpoints.filter((endpoint) => getIn(endpoint, ['conditions', 'ready']) === true).length
}

function listAt(value: Json, path: readonly string[]): readonly Json[] {
  const found = getIn(value, path)
  return isJsonArray(found) ? found : []
}

function numberAt(value: Json, path: readonly string[]): number {
  const found = getIn(value, path)
  return typeof found === 'number' ? found : 0
}
