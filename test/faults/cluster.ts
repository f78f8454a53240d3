import { getIn, isJsonArray, isJsonObject, type Json, type JsonObject } from '../../repo-layout/json.ts'
import { formatSubject, type Subject } from '../../repo-layout/subject.ts'
import type { ControlPlane } from '../testbed/control-plane.ts'
import { memberHost, trustedAuthorities } from './certificates.ts'
import { type FaultProxy, startProxy } from './proxy.ts'
import { openUpstream } from './upstream.ts'

/** A member cluster behind a fault proxy. */
export interface FaultyCluster {
  readonly name: string
  readonly plane: ControlPlane
  readonly proxy: FaultProxy
  /** A kubeconfig that leads to the proxy, by its address or by `host`, for a client that is known there by this name. */
  kubeconfig(client: string, host?: string): string
  /** A live object as the cluster itself has it, past the proxy; undefined where there is none. */
  live(path: string): Promise<JsonObject | undefined>
  /** All ConfigMaps of a namespace by name, past the proxy. */
  configMaps(namespace: string): Promise<ReadonlyMap<string, JsonObject>>
  /** Does something as a person with kubectl would, past the proxy; fails unless it was taken. */
  send(method: string, path: string, body?: Json, headers?: Readonly<Record<string, string>>): Promise<JsonObject>
  /** Every Subject that was ever in an inventory which was written here through the proxy. */
  readonly everListed: ReadonlySet<Subject>
  /** Every deletion that was asked for through the proxy: the Subject as far as ConfigMaps go, else the path. */
  readonly deletions: readonly { readonly subject: Subject; readonly listed: boolean }[]
  stop(): Promise<void>
}

/** Puts a fault proxy in front of a control plane. */
export async function faultyCluster(plane: ControlPlane, name: string, random: () => number): Promise<FaultyCluster> {
  const ca = Buffer.from(plane.caData, 'base64').toString()
  const proxy = await startProxy({
    upstream: openUpstream(plane.server, { ca, authorization: `Bearer ${plane.token}` }),
    tls: true,
    isWrite: (method, path) => method !== 'GET' && !path.includes('dryRun=All') && !path.includes('accessreviews'),
    random,
  })
  const everListed = new Set<Subject>()
  const deletions: { subject: Subject; listed: boolean }[] = []
  proxy.onWrite({
    before({ method, path, body }) {
      if (method === 'DELETE') {
        const subject = subjectOfPath(path)
        deletions.push({ subject, listed: everListed.has(subject) })
      } else if (path.includes('/flotilla-system/configmaps')) {
        const entries = getIn(JSON.parse(body) as Json, ['data', 'entries'])
        for (const line of String(entries ?? '').split('\n'))
          if (line !== '') everListed.add(String(getIn(JSON.parse(line) as Json, ['subject'])))
      }
      return undefined
    },
  })

  async function live(path: string): Promise<JsonObject | undefined> {
    const { status, body } = await plane.request('GET', path)
    if (status === 404) return undefined
    if (status !== 200 || !isJsonObject(body)) throw new Error(`GET ${path}: ${status} ${JSON.stringify(body)}`)
    return body
  }

  return {
    name,
    plane,
    proxy,
    everListed,
    deletions,
    live,
    kubeconfig: (client, host = '127.0.0.1') =>
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': name,
        clusters: [
          {
            name,
            cluster: {
              server: `https://${host}:${proxy.port}`,
              'certificate-authority-data': Buffer.from(trustedAuthorities()).toString('base64'),
            },
          },
        ],
        users: [{ name, user: { token: client } }],
        contexts: [{ name, context: { cluster: name, user: name } }],
      }),
    async configMaps(namespace) {
      const items = (await live(`/api/v1/namespaces/${namespace}/configmaps`))?.items
      return new Map(
        (isJsonArray(items) ? items.filter(isJsonObject) : [])
          .map((item) => [String(getIn(item, ['metadata', 'name'])), item] as const)
          .filter(([one]) => one !== 'kube-root-ca.crt'),
      )
    },
    async send(method, path, body, headers) {
      const answer = await plane.request(method, path, body, headers)
      if (answer.status >= 300 || !isJsonObject(answer.body))
        throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
      return answer.body
    },
    stop: () => proxy.stop(),
  }
}

/** The other address under which a member is known, where its name can be lost. */
export const byName = memberHost

function subjectOfPath(path: string): Subject {
  const [, namespace, name = ''] = /^\/api\/v1\/namespaces\/([^/]+)\/configmaps\/([^/?]+)/.exec(path) ?? []
  return namespace === undefined ? path : configMapSubject(namespace, name)
}

/** The Subject of a ConfigMap. */
export function configMapSubject(namespace: string, name: string): Subject {
  return formatSubject({ group: '', kind: 'ConfigMap', namespace, name })
}
