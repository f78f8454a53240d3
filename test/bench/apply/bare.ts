import { Agent } from 'undici'
import { isJsonObject, type Json, type JsonObject } from '../../../repo-layout/json.ts'
import type { KubeconfigEntry } from '../../testbed/cluster-files.ts'
import { driftOf, namespacesOf, objectOf, pathOf, type Versions } from './objects.ts'

/** The same objects sent by nobody in particular: no Git, no decision, no book-keeping. What a server can take. */
export interface Bare {
  /** Sends every object to every cluster, `connections` at a time each; gives the seconds that took. */
  applyAll(versions: Versions, connections: number): Promise<number>
  /** Sends one object to one cluster over a warm connection; gives seconds. */
  applyOne(versions: Versions): Promise<number>
  /** Lists all objects of every cluster; gives seconds. */
  listAll(): Promise<number>
  /** Answers each change of an object by hand with an apply, until the returned function is called. */
  healAll(versions: Versions): Promise<() => Promise<void>>
  stop(): Promise<void>
}

/** The user of the bare requests. */
export const bareUser = 'bare'

const most = 64
const collections = ['/apis/apps/v1/deployments', '/api/v1/configmaps'] as const

interface Cluster {
  readonly entry: KubeconfigEntry
  readonly agent: Agent
  send(method: 'GET' | 'POST' | 'PATCH', path: string, body?: string): Promise<Json>
}

/** Opens keep-alive connections to the clusters and makes the namespaces of the objects. */
export async function startBare(entries: readonly KubeconfigEntry[], count: number): Promise<Bare> {
  const clusters = entries.map(openCluster)
  for (const cluster of clusters) {
    for (const name of namespacesOf(bareUser, count)) {
      const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }
      await cluster.send('POST', '/api/v1/namespaces', JSON.stringify(namespace))
    }
  }

  const requestsOf = (cluster: string, versions: Versions) =>
    Array.from({ length: count }, (_, index) => applyOf(objectOf(bareUser, index, cluster, versions)))

  return {
    async applyAll(versions, connections) {
      const all = clusters.map((cluster) => ({ cluster, requests: requestsOf(cluster.entry.name, versions) }))
      return timed(async () => {
        await Promise.all(
          all.map(async ({ cluster, requests }) => {
            const left = requests.values()
            const worker = async () => {
              for (const { path, body } of left) await cluster.send('PATCH', path, body)
            }
            await Promise.all(Array.from({ length: connections }, worker))
          }),
        )
      })
    },
    async applyOne(versions) {
      const [cluster] = clusters
      if (!cluster) throw new Error('there is no cluster')
      await cluster.send('GET', '/version')
      const { path, body } = applyOf(objectOf(bareUser, 7, cluster.entry.name, versions))
      return timed(() => cluster.send('PATCH', path, body))
    },
    listAll: () =>
      timed(() =>
        Promise.all(clusters.flatMap((cluster) => collections.map((path) => cluster.send('GET', `${path}?limit=500`)))),
      ),
    async healAll(versions) {
      const stop = new AbortController()
      const watches = clusters.flatMap((cluster) =>
        collections.map((path) => heal(cluster, path, versions, count, stop)),
      )
      const opened = await Promise.all(watches)
      return async () => {
        stop.abort()
        await Promise.all(opened.map(({ ended }) => ended))
      }
    },
    async stop() {
      await Promise.all(clusters.map(({ agent }) => agent.destroy()))
    },
  }
}

function openCluster(entry: KubeconfigEntry): Cluster {
  const ca = Buffer.from(entry.caData, 'base64').toString('utf8')
  const agent = new Agent({ connect: { ca }, connections: most, pipelining: 1 })
  const headers = { authorization: `Bearer ${entry.user.token}` }
  return {
    entry,
    agent,
    async send(method, path, body) {
      const type = method === 'PATCH' ? 'application/apply-patch+yaml' : 'application/json'
      const answer = await agent.request({
        origin: entry.server,
        path,
        method,
        headers: body === undefined ? headers : { ...headers, 'content-type': type },
        body: body ?? null,
      })
      const json = (await answer.body.json()) as Json
      if (answer.statusCode < 300 || (method === 'POST' && answer.statusCode === 409)) return json
      throw new Error(`${method} ${path}: ${answer.statusCode} ${JSON.stringify(json)}`)
    },
  }
}

function applyOf(object: ReturnType<typeof objectOf>): { readonly path: string; readonly body: string } {
  return { path: `${pathOf(object)}?fieldManager=${bareUser}&force=true`, body: JSON.stringify(object) }
}

async function heal(
  { entry, agent, send }: Cluster,
  path: string,
  versions: Versions,
  count: number,
  stop: AbortController,
): Promise<{ readonly ended: Promise<void> }> {
  const wanted = new Map(
    Array.from({ length: count }, (_, index) => objectOf(bareUser, index, entry.name, versions)).map((object) => [
      `${object.metadata.namespace}/${object.kind}/${object.metadata.name}`,
      object,
    ]),
  )
  const { body } = await agent.request({
    origin: entry.server,
    path: `${path}?watch=true`,
    method: 'GET',
    headers: { authorization: `Bearer ${entry.user.token}` },
    signal: stop.signal,
  })
  const follow = async () => {
    let rest = ''
    try {
      for await (const chunk of body.setEncoding('utf8')) {
        const lines = `${rest}${chunk}`.split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) {
          const { object } = JSON.parse(line) as { object: JsonObject }
          const { namespace, name } = isJsonObject(object.metadata) ? object.metadata : {}
          const one = wanted.get(`${namespace}/${object.kind}/${name}`)
          if (one && isChanged(object, driftOf(one))) {
            const { path: at, body: text } = applyOf(one)
            await send('PATCH', at, text)
          }
        }
      }
    } catch (error) {
      if (!stop.signal.aborted) throw error
    }
  }
  return { ended: follow() }
}

/** Whether an object holds what a merge patch set. */
function isChanged(object: JsonObject, patch: JsonObject): boolean {
  return Object.entries(patch).every(([key, value]) => {
    const live = object[key]
    return isJsonObject(value) ? isJsonObject(live) && isChanged(live, value) : live === value
  })
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}
