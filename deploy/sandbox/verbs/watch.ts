import type { JsonObject, KubeObject } from '../../../repo-layout/json.ts'
import type { AnyReply } from '../http/message.ts'
import type { Resource } from '../resources/resource.ts'
import { badRequest, statusOf } from '../status.ts'
import { type Entry, readEntry, withRevision } from '../store/entry.ts'
import type { Change } from '../store/store.ts'
import type { Call } from './call.ts'
import { expired } from './list.ts'
import { entryText, type Output, objectText, outputOf } from './output.ts'
import { type Selection, selectionOf } from './select.ts'

/** Bookmarks tell how far a quiet watch has come, in milliseconds. */
const bookmarkEvery = 60_000
/** How long a watch goes on that does not say, in milliseconds. */
const defaultTimeout = 30 * 60_000

/**
 * Tells every change of a kind from a revision on, one event a line: from the state of now where none is given, beginning
 * with what there is; 410 where it is forgotten.
 */
export function watch({ backend, target, request }: Call): AnyReply {
  const { resource, namespace, name } = target
  const { query } = request
  const { store, clock } = backend
  const output = outputOf(request, clock.now())
  const selection = selectionOf(query, resource, namespace, name)
  const bookmarks = isTrue(query.get('allowWatchBookmarks'))
  const initial = isTrue(query.get('sendInitialEvents'))
  const version = query.get('resourceVersion') ?? ''
  const from = version === '' || version === '0' || initial ? undefined : Number(version)
  if (from !== undefined && !Number.isInteger(from))
    throw badRequest(`invalid resource version ${JSON.stringify(version)}`)
  const timeout = Number(query.get('timeoutSeconds') ?? 0) * 1000 || defaultTimeout

  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    start(write, end) {
      const events = eventsOf(output, resource, selection)
      const missed = from === undefined ? [] : store.since(resource.storage, from)
      const bookmark = (annotations?: JsonObject) => write(bookmarkLine(resource, store.revision(), annotations))
      if (missed === undefined) {
        write(`${JSON.stringify({ type: 'ERROR', object: statusOf(expired(from ?? 0)) })}\n`)
        end()
        return () => undefined
      }
      if (from === undefined && !(initial === false && query.has('sendInitialEvents'))) {
        for (const entry of store.list(resource.storage)) if (selection(entry)) write(events.added(entry))
      }
      if (initial) bookmark({ 'k8s.io/initial-events-end': 'true' })
      const tell = (change: Change) => {
        for (const line of events.of(change)) write(line)
      }
      for (const change of missed) tell(change)
      const unsubscribe = store.subscribe(resource.storage, tell)
      let tick = clock.after(bookmarkEvery, onTick)
      const limit = clock.after(timeout, () => {
        if (bookmarks) bookmark()
        stop()
        end()
      })
      function onTick(): void {
        if (bookmarks) bookmark()
        tick = clock.after(bookmarkEvery, onTick)
      }
      function stop(): void {
        unsubscribe()
        tick.cancel()
        limit.cancel()
      }
      return stop
    },
  }
}

function isTrue(value: string | null): boolean {
  return value === 'true' || value === '1'
}

function bookmarkLine({ kind, apiVersion }: Resource, revision: number, annotations?: JsonObject): string {
  const metadata = { resourceVersion: String(revision), ...(annotations && { annotations }) }
  return `${JSON.stringify({ type: 'BOOKMARK', object: { kind, apiVersion, metadata } })}\n`
}

function eventsOf(output: Output, resource: Resource, selection: Selection) {
  const line = (type: string, text: string) => `{"type":"${type}","object":${text}}\n`
  /** What is gone is told as it was last, at the revision at which it went. */
  const deleted = (entry: Entry, revision: number) => {
    const object: KubeObject = { ...withRevision(readEntry(entry), revision), apiVersion: resource.apiVersion }
    return line('DELETED', objectText(output, resource, object))
  }
  return {
    added: (entry: Entry) => line('ADDED', entryText(output, resource, entry)),
    of({ previous, current, revision }: Change): readonly string[] {
      const [was, is] = [previous !== undefined && selection(previous), current !== undefined && selection(current)]
      if (is && current) return [line(was ? 'MODIFIED' : 'ADDED', entryText(output, resource, current))]
      return was && previous ? [deleted(previous, revision)] : []
    },
  }
}
