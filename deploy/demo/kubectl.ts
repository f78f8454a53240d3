import { systemClock } from '../../reconciler/clock.ts'
import { connect } from '../../reconciler/member/connect.ts'
import type { Transport } from '../../reconciler/member/transport.ts'
import { getIn, isJsonArray, isJsonObject, type Json, type JsonObject } from '../../repo-layout/json.ts'

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
  /** One object by its path below the API server. Rejects where it is not there. */
  get(cluster: string, path: string): Promise<JsonObject>
  /** `kubectl scale deployment`; gives the number that the cluster took. */
  scale(cluster: string, deployment: string, replicas: number): Promise<number>
  close(): Promise<void>
}

/** Path of all Deployments of a cluster. */
export const deploymentsPath = '/apis/apps/v1/deployments'

/** Connects to each cluster by the context of its name; nothing is sent before the first request. */
export function createKubectl(kubeconfig: string, clusters: readonly string[]): Kubectl {
  const transports = new Map(
    clusters.map((name): [string, Transport] => {
      const connection = { type: 'file', path: kubeconfig, context: name } as const
      const readSecret = () => Promise.reject(new Error('there is no host cluster'))
      return [
        name,
        connect({ name, connection, proxyURL: '', serviceAccountName: '' }, { clock: systemClock, readSecret }),
      ]
    }),
  )
  const to = (cluster: string) => {
    const transport = transports.get(cluster)
    if (!transport) throw new Error(`there is no cluster ${cluster}`)
    return transport
  }
  return {
    deployments: async (cluster) => runningOf((await to(cluster).request('GET', deploymentsPath)).json),
    get: async (cluster, path) => (await to(cluster).request('GET', path)).json,
    async scale(cluster, deployment, replicas) {
      const { json } = await to(cluster).request('PATCH', `${deploymentPath(deployment)}/scale`, {
        query: { fieldManager: 'kubectl' },
        contentType: 'application/merge-patch+json',
        body: { spec: { replicas } },
      })
      return numberAt(json, ['spec', 'replicas'])
    },
    close: async () => {
      for (const transport of transports.values()) await transport.close()
    },
  }
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

function numberAt(value: Json, path: readonly string[]): number {
  const found = getIn(value, path)
  return typeof found === 'number' ? found : 0
}
