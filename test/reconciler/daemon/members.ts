import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  getIn,
  isJsonArray,
  isJsonObject,
  type Json,
  type JsonObject,
  type JsonPath,
} from '../../../repo-layout/json.ts'
import type { ControlPlane } from '../../testbed/control-plane.ts'
import { type Gate, openGate } from './gate.ts'

/** A real cluster as a member of one test's fleet: behind a wire of its own, under a name of its own. */
export interface TestMember {
  readonly name: string
  readonly plane: ControlPlane
  readonly gate: Gate
  readonly kubeconfig: string
  /** A live object; undefined where there is none. */
  live(path: string): Promise<JsonObject | undefined>
  /** A value of a live object. */
  value(path: string, at: JsonPath): Promise<Json | undefined>
  /** Sends something as a person with kubectl would; fails unless it was taken. */
  send(method: string, path: string, body?: Json): Promise<JsonObject>
  /** Takes away what a fleet left here. */
  clean(fleet: string, namespaces: Iterable<string>): Promise<void>
}

/** Makes a member of a control plane that other suites use too. */
export async function memberOver(plane: ControlPlane, name: string, folder: string): Promise<TestMember> {
  const gate = await openGate(Number(new URL(plane.server).port))
  const kubeconfig = join(folder, `${name}.kubeconfig`)
  const text = JSON.stringify(plane.kubeconfig).replaceAll(plane.server, `https://127.0.0.1:${gate.port}`)
  writeFileSync(kubeconfig, text, { mode: 0o600 })

  async function live(path: string): Promise<JsonObject | undefined> {
    const { status, body } = await plane.request('GET', path)
    if (status === 404) return undefined
    if (status !== 200 || !isJsonObject(body)) throw new Error(`GET ${path}: ${status} ${JSON.stringify(body)}`)
    return body
  }

  async function send(method: string, path: string, body?: Json): Promise<JsonObject> {
    const answer = await plane.request(method, path, body)
    if (answer.status >= 300 || !isJsonObject(answer.body))
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }

  return {
    name,
    plane,
    gate,
    kubeconfig,
    live,
    send,
    value: async (path, at) => getIn(await live(path), at),
    async clean(fleet, namespaces) {
      const selector = `labelSelector=${encodeURIComponent(`flotilla.dev/inventory=${fleet}`)}`
      await plane.request('DELETE', `/api/v1/namespaces/flotilla-system/configmaps?${selector}`)
      for (const namespace of namespaces) {
        for (const kind of ['/api/v1/namespaces/NS/configmaps', '/apis/apps/v1/namespaces/NS/deployments'])
          await plane.request('DELETE', kind.replace('NS', namespace))
        const path = `/api/v1/namespaces/${namespace}`
        const { status, body } = await plane.request('DELETE', path)
        // No controller finishes the deletion of a namespace here.
        if (status < 300 && isJsonObject(body))
          await plane.request('PUT', `${path}/finalize`, { ...body, spec: { finalizers: [] } })
      }
    },
  }
}

/** The paths of objects that tests look at. */
export const pathOf = {
  configMap: (namespace: string, name: string) => `/api/v1/namespaces/${namespace}/configmaps/${name}`,
  deployment: (namespace: string, name: string) => `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`,
  namespace: (name: string) => `/api/v1/namespaces/${name}`,
} as const

/** The names of ConfigMaps in a namespace that carry the label of a fleet. */
export async function configMapsOf(member: TestMember, namespace: string, fleet: string): Promise<readonly string[]> {
  const selector = encodeURIComponent(`flotilla.dev/fleet=${fleet}`)
  const list = await member.live(`/api/v1/namespaces/${namespace}/configmaps?labelSelector=${selector}`)
  const items = list?.items
  return (isJsonArray(items) ? items : []).map((item) => String(getIn(item, ['metadata', 'name']))).sort()
}
