import assert from 'node:assert/strict'
import { request as httpsRequest } from 'node:https'
import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../../repo-layout/json.ts'
import type { ApiRequest, ApiResponse } from '../testbed/api-client.ts'

/** An API server that the suite runs against. */
export interface Target {
  readonly server: string
  readonly caData: string
  readonly token: string
  readonly request: ApiRequest
}

/** Gives the target once it runs; cases ask for it inside of a test or hook. */
export type GetTarget = () => Target

let made = 0

/** Creates a namespace that no other suite uses and gives its name. */
export async function freshNamespace(target: Target): Promise<string> {
  const name = `conf-${process.pid}-${++made}`
  ok(
    await target.request('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }),
    201,
  )
  return name
}

/** The body of an answer that must have this status. */
export function ok(answer: ApiResponse, status = 200): JsonObject {
  assert.equal(answer.status, status, JSON.stringify(answer.body))
  assert.ok(isJsonObject(answer.body), 'the answer is an object')
  return answer.body
}

/** A value inside of JSON; undefined where a step is missing. */
export function dig(value: Json | undefined, ...path: readonly (string | number)[]): Json | undefined {
  let at = value
  for (const step of path) {
    if (isJsonArray(at)) at = at[Number(step)]
    else if (isJsonObject(at)) at = at[step]
    else return undefined
  }
  return at
}

/** The text at a path; fails where there is none. */
export function textAt(value: Json | undefined, ...path: readonly (string | number)[]): string {
  const found = dig(value, ...path)
  assert.equal(typeof found, 'string', `${path.join('.')} is a text in ${JSON.stringify(value)}`)
  return String(found)
}

/** The list at a path; empty where there is none. */
export function listAt(value: Json | undefined, ...path: readonly (string | number)[]): readonly Json[] {
  const found = dig(value, ...path)
  return isJsonArray(found) ? found : []
}

/** Sends a server-side apply. */
export function apply(
  target: Target,
  path: string,
  manifest: JsonObject,
  query: Readonly<Record<string, string>> = {},
): Promise<ApiResponse> {
  const search = new URLSearchParams({ fieldManager: 'flotilla', ...query })
  return target.request('PATCH', `${path}?${search}`, manifest, { 'content-type': 'application/apply-patch+yaml' })
}

/** The `fieldsV1` of a manager's entry; undefined where it has none. */
export function fieldsOf(object: Json, manager: string, subresource?: string): Json | undefined {
  const entry = listAt(object, 'metadata', 'managedFields').find(
    (one) => dig(one, 'manager') === manager && dig(one, 'subresource') === subresource,
  )
  return dig(entry, 'fieldsV1')
}

/** An open watch that remembers what it was told. */
export interface Watching {
  /** Resolves with the first `count` events; fails after some seconds. */
  take(count: number): Promise<readonly JsonObject[]>
  /** Resolves with the events before the first that is `last`; fails after some seconds. */
  before(last: (event: JsonObject) => boolean): Promise<readonly JsonObject[]>
  /** Resolves when the server has ended the watch. */
  readonly ended: Promise<void>
  close(): void
}

const patienceMs = 8000

/** Opens a watch. */
export function openWatch(target: Target, path: string): Watching {
  const events: JsonObject[] = []
  let wake = () => {}
  let rest = ''
  let end = () => {}
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  const request = httpsRequest(
    new URL(path, target.server),
    { ca: Buffer.from(target.caData, 'base64'), headers: { authorization: `Bearer ${target.token}` } },
    (response) => {
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        const lines = (rest + chunk).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) if (line !== '') events.push(JSON.parse(line) as JsonObject)
        wake()
      })
      response.once('close', end)
    },
  )
  request.once('error', end)
  request.end()
  async function wait(enough: () => boolean, wanted: string): Promise<void> {
    const until = Date.now() + patienceMs
    while (!enough()) {
      if (Date.now() > until) assert.fail(`${wanted} expected: ${JSON.stringify(events)}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 200)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }
  return {
    ended,
    close: () => request.destroy(),
    async take(count) {
      await wait(() => events.length >= count, `${count} events were`)
      return events.slice(0, count)
    },
    async before(last) {
      await wait(() => events.some(last), 'a last event was')
      return events.slice(0, events.findIndex(last))
    },
  }
}

/** Asks again until `done` says yes of what is answered; fails after some seconds. */
export async function eventually<T>(ask: () => Promise<T>, done: (value: T) => boolean): Promise<T> {
  const until = Date.now() + 2 * patienceMs
  for (;;) {
    const value = await ask()
    if (done(value)) return value
    if (Date.now() > until) assert.fail(`it did not come about: ${JSON.stringify(value)}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
