import { isDeepStrictEqual } from 'node:util'
import { isJsonObject, type Json, type JsonObject } from '../../../repo-layout/json.ts'
import type { ApiResponse } from '../../testbed/api-client.ts'
import { dig, listAt, type Target, textAt } from '../target.ts'
import { normalized } from './normalize.ts'
import { lastOf } from './objects.ts'
import { type Conversation, type Operation, placed, show } from './operations.ts'
import { watched } from './watch.ts'

/** Two servers that are asked the same. */
export interface Pair {
  readonly sandbox: Target
  readonly real: Target
  readonly group: string
}

/** Counts what was asked. */
export interface Counter {
  requests: number
  watches: number
  namespaces: number
}

/**
 * Has the same conversation with both servers, each in a namespace of its own, and throws at the first answer that
 * differs, or at what a watch was told of it.
 */
export async function converse(pair: Pair, conversation: Conversation, counter: Counter): Promise<void> {
  const { operations, kind, watch } = conversation
  const namespace = `cmp-${process.pid}-${++counter.namespaces}`
  const targets = [pair.sandbox, pair.real]
  for (const target of targets)
    await target.request('POST', '/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace },
    })
  const fill = (operation: Operation) => placed(operation, namespace, pair.group)
  if (watch === undefined) await compareAnswers(pair, operations, namespace, counter)
  else {
    const last = fill({ method: 'POST', path: kind.collection, body: lastOf(kind) })
    const watches = await Promise.all(targets.map((target) => watched(target, last.path, watch)))
    try {
      await compareAnswers(pair, operations, namespace, counter)
      counter.watches++
      const told = await Promise.all(watches.map((one) => one.end(last.body ?? null)))
      compare(told, namespace, [...operations, { method: 'WATCH', path: `${kind.collection}?${watch}` }])
    } finally {
      for (const one of watches) one.close()
    }
  }
  await Promise.all(targets.map((target) => freePorts(target, namespace)))
}

async function compareAnswers(
  pair: Pair,
  operations: readonly Operation[],
  namespace: string,
  counter: Counter,
): Promise<void> {
  const sides = [sideOf(pair.sandbox), sideOf(pair.real)]
  for (const [i, operation] of operations.entries()) {
    const concrete = placed(operation, namespace, pair.group)
    const answers = await Promise.all(sides.map((side) => side.send(concrete)))
    counter.requests++
    compare(answers, namespace, operations.slice(0, i + 1))
  }
}

function compare(answers: readonly ApiResponse[], namespace: string, asked: readonly Operation[]): void {
  const [ours, theirs] = answers.map((answer) => normalized(answer, namespace))
  if (!ours || !theirs) throw new Error('no answer')
  if (!isDeepStrictEqual(ours, theirs)) throw new Difference(asked, ours, theirs)
}

/** Addresses and node ports are few on a real server; Services give theirs back. */
async function freePorts(target: Target, namespace: string): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/services`
  const services = listAt((await target.request('GET', path)).body, 'items')
  for (const service of services) {
    const one = `${path}/${textAt(service, 'metadata', 'name')}`
    await target.request('PATCH', one, { metadata: { finalizers: null } })
    await target.request('DELETE', one)
  }
}

/** What the two servers answered differently, and what led there. */
export class Difference extends Error {
  constructor(operations: readonly Operation[], ours: Json | object, theirs: Json | object) {
    const steps = operations.map((operation) => `  ${show(operation)}`).join('\n')
    super(
      `${steps}\n${differences(ours as Json, theirs as Json, '')
        .slice(0, 12)
        .join('\n')}`,
    )
  }
}

function differences(ours: Json | undefined, theirs: Json | undefined, at: string): readonly string[] {
  if (isDeepStrictEqual(ours, theirs)) return []
  if (isJsonObject(ours) && isJsonObject(theirs)) {
    const keys = new Set([...Object.keys(ours), ...Object.keys(theirs)])
    return [...keys].flatMap((key) => differences(ours[key], theirs[key], `${at}.${key}`))
  }
  if (Array.isArray(ours) && Array.isArray(theirs) && ours.length === theirs.length)
    return (ours as Json[]).flatMap((item, i) => differences(item, (theirs as Json[])[i], `${at}[${i}]`))
  return [`  ${at}\n    sandbox: ${JSON.stringify(ours)}\n    real:    ${JSON.stringify(theirs)}`]
}

/** One server, with the resourceVersions that were seen of each object. */
function sideOf(target: Target) {
  const seen = new Map<string, string[]>()
  return {
    async send({ method, path, body, type, versioned }: Operation): Promise<ApiResponse> {
      const key = path.split('?')[0] ?? path
      const versions = seen.get(key) ?? []
      const resourceVersion =
        versioned === 'current' ? versions.at(-1) : versioned === 'stale' ? versions.at(0) : undefined
      const sent =
        resourceVersion !== undefined && isJsonObject(body)
          ? { ...body, metadata: { ...(body.metadata as JsonObject), resourceVersion } }
          : body
      const answer = await target.request(method, path, sent, type === undefined ? {} : { 'content-type': type })
      const version = dig(answer.body, 'metadata', 'resourceVersion')
      const name = dig(answer.body, 'metadata', 'name')
      if (typeof version === 'string' && typeof name === 'string') {
        const at = method === 'POST' ? `${key}/${name}` : key
        seen.set(at, [...(seen.get(at) ?? []), version])
      }
      return answer
    },
  }
}
