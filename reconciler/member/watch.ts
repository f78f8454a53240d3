import {
  getIn,
  isJsonArray,
  isJsonObject,
  type Json,
  type JsonObject,
  type KubeObject,
} from '../../repo-layout/json.ts'
import { type Clock, sleep } from '../clock.ts'
import { asObject } from './api.ts'
import { backoff } from './backoff.ts'
import { collectionPath, type Resource } from './discovery.ts'
import { ApiError } from './errors.ts'
import { metadataText } from './manifest.ts'
import type { Transport } from './transport.ts'

/** What a watch needs and whom it tells. */
export interface WatchOptions {
  readonly transport: Transport
  readonly clock: Clock
  /** A number from 0 up to 1, for jitter. */
  readonly random: () => number
  readonly resource: Resource
  /** The one namespace that is watched; all of them where none is given. */
  readonly namespace?: string
  readonly labelSelector: string
  /** Ends the watch. */
  readonly signal: AbortSignal
  /** An object as it is now; the same state may be told more than once. */
  onObject(object: KubeObject): void
  /** An object left the selection: deleted, or without the label. The object is its last known state. */
  onDeleted(object: KubeObject): void
  /** A list was read to its end; `seen` holds `namespace/name` of everything in it. What is not in there is gone. */
  onSynced(seen: ReadonlySet<string>): void
  /** The server has agreed to the watch: what failed before is over. */
  onOpen(): void
  /** A list or watch failed; it is tried again by itself. */
  onError(error: unknown): void
}

/** Objects a page of a list. */
const pageSize = '500'
/** Seconds after which the server ends a watch, less up to a fifth at random so that not all end at once. */
const watchSeconds = 290

/**
 * Lists a kind in pages, then watches it from there, until the signal is aborted. Bookmarks move the starting point on, so
 * that a quiet watch goes on after its end; when the server has forgotten it (410) everything is listed again. Never rejects.
 */
export async function watchKind(options: WatchOptions): Promise<void> {
  const { clock, signal } = options
  let version: string | undefined
  let heard = false
  const onEvent = () => {
    heard = true
  }
  for (let failures = 0; !signal.aborted; ) {
    try {
      version ??= await list(options)
      const started = clock.now()
      heard = false
      version = await follow(options, version, onEvent)
      failures = 0
      // A server that ends watches at once must not be asked in a tight loop.
      if (clock.now() - started < 1000) await sleep(clock, 1000, signal)
    } catch (error) {
      if (signal.aborted) return
      if (heard) failures = 0
      if (isGone(error)) {
        version = undefined
        if (failures++ === 0) continue
      } else {
        // What happened meanwhile is unknown only if the watch cannot go on from where it was; 410 says so.
        options.onError(error)
        failures++
      }
      await sleep(clock, backoff(failures, 1000, 60_000, options.random), signal)
    }
  }
}

async function list(options: WatchOptions): Promise<string> {
  const { transport, resource, namespace, labelSelector, signal, onObject, onSynced } = options
  const seen = new Set<string>()
  let next: string | undefined
  for (;;) {
    const { json } = await transport.request('GET', collectionPath(resource, namespace), {
      query: { labelSelector, limit: pageSize, continue: next },
      signal,
    })
    const items = json.items
    if (!isJsonArray(items)) throw unreadable()
    for (const item of items) {
      const object = typed(item, resource)
      seen.add(keyOf(object))
      onObject(object)
    }
    next = text(getIn(json, ['metadata', 'continue'])) || undefined
    if (next !== undefined) continue
    onSynced(seen)
    return text(getIn(json, ['metadata', 'resourceVersion']))
  }
}

/** Follows a watch to its end and gives the version to go on from. */
async function follow(options: WatchOptions, from: string, onEvent: () => void): Promise<string> {
  const { transport, resource, namespace, labelSelector, signal, random } = options
  let version = from
  const events = transport.stream(collectionPath(resource, namespace), {
    query: {
      labelSelector,
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: from,
      timeoutSeconds: String(Math.round(watchSeconds * (1 - random() / 5))),
    },
    signal,
    onOpen: options.onOpen,
  })
  for await (const event of events) {
    if (signal.aborted) break
    const { type, object } = event
    if (type === 'ERROR') throw eventError(object)
    if (!isJsonObject(object)) throw unreadable()
    onEvent()
    version = metadataText(object, 'resourceVersion') || version
    if (type === 'BOOKMARK') continue
    if (type === 'DELETED') options.onDeleted(typed(object, resource))
    else options.onObject(typed(object, resource))
  }
  return version
}

/** The place of an object inside its kind. */
export function keyOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`
}

/** Items of a list carry no kind of their own. */
function typed(item: Json, resource: Resource): KubeObject {
  return { ...asObject(item), apiVersion: resource.apiVersion, kind: resource.kind }
}

function isGone(error: unknown): boolean {
  return error instanceof ApiError && error.failure.type === 'rejected' && error.failure.status === 410
}

function eventError(object: Json | undefined): ApiError {
  const status: JsonObject = isJsonObject(object) ? object : {}
  const code = typeof status.code === 'number' ? status.code : 500
  const message = `watch: ${text(status.message) || `error ${code}`}`
  if (code === 410) return new ApiError(message, { type: 'rejected', status: 410, reason: 'Expired', causes: [] })
  return new ApiError(message, { type: 'server', status: code, retryAfterMs: 1000 })
}

function unreadable(): ApiError {
  return new ApiError('the server sent a list or event that cannot be read', {
    type: 'server',
    status: 502,
    retryAfterMs: 1000,
  })
}

function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}
