import assert from 'node:assert/strict'
import { type Book, createBook } from '../../../reconciler/member/book.ts'
import { createCompanion } from '../../../reconciler/member/companion.ts'
import { deferred } from '../../../reconciler/member/deferred.ts'
import { createEngine } from '../../../reconciler/member/engine.ts'
import { ApiError } from '../../../reconciler/member/errors.ts'
import type { Inventory } from '../../../reconciler/member/inventory.ts'
import { followDesired } from '../../../reconciler/member/items.ts'
import { createPauses } from '../../../reconciler/member/pauses.ts'
import type { Session } from '../../../reconciler/member/session.ts'
import type { InventoryEntry } from '../../../reconciler/member/shards.ts'
import type { Transport } from '../../../reconciler/member/transport.ts'
import type { KubeObject } from '../../../repo-layout/json.ts'
import { testClock } from '../../clocks.ts'
import { desired, eventually, log, settings } from './support.ts'

const clock = testClock()
const configMap = (name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'shop' },
})

/** An inventory of one ConfigMap whose next write waits until it is let through, and then holds all that was noted by then. */
function slowInventory(released: Promise<void>): Inventory {
  const entries = new Map<string, InventoryEntry>()
  let dirty = false
  return {
    header: undefined,
    beside: [],
    verify: async () => undefined,
    get: (subject) => entries.get(subject),
    subjects: () => entries.keys(),
    set(entry) {
      entries.set(entry.subject, entry)
      dirty = true
    },
    delete: () => undefined,
    epoch: () => 1,
    claim: async () => undefined,
    isDirty: () => dirty,
    async flush() {
      await released
      dirty = false
    },
    noteDeleted: () => false,
    checkTakeover: () => undefined,
  }
}

/** A session with a cluster that serves nothing: whatever is tried fails, and so shows that it was tried. */
function sessionOver(inventory: Inventory): Session {
  const transport: Transport = {
    request: async () => ({ status: 200, json: {} }),
    async *stream() {},
    close: async () => undefined,
  }
  const missing = () =>
    Promise.reject(new ApiError('not served', { type: 'rejected', status: 404, reason: '', causes: [] }))
  const api = {
    place: missing,
    placeOfAnyVersion: missing,
    get: missing,
    apply: missing,
    patch: missing,
    remove: missing,
    firstPage: missing,
    resource: missing,
    namespacedKinds: missing,
  }
  const discovery = {
    resource: async () => undefined,
    resourceOfGroup: async () => undefined,
    namespacedKinds: async () => [],
    refresh: () => undefined,
  }
  const secretKey = { key: 'k', store: async () => undefined }
  const history = createCompanion(transport, 'f', 'history', [])
  const pauses = createPauses(createCompanion(transport, 'f', 'pauses', []), clock)
  const others = { secretKey, clusterUid: 'u', kubernetesVersion: undefined }
  return { transport, discovery, api, inventory, pauses, history, ...others }
}

describe('the engine of a member', () => {
  it('goes on with a commit whose intents were written together with those of the one before', async () => {
    const released = deferred<void>()
    const book = createBook('c', clock)
    const engine = createEngine(sessionOver(slowInventory(released.promise)), book, {
      cluster: 'c1',
      clock,
      random: () => 0.5,
      log,
    })
    try {
      follow(book, 'a')
      engine.follow()
      follow(book, 'a', 'b')
      engine.follow()
      released.resolve()
      await eventually(() => book.items.get('ConfigMap/shop/b')?.action === 'failed', 'b is tried', 1000)
      assert.match(book.items.get('ConfigMap/shop/b')?.message ?? '', /not served/)
    } finally {
      await engine.stop()
    }
  })
})

function follow(book: Book, ...names: readonly string[]): void {
  book.desired = desired(...names.map(configMap))
  book.settings ??= settings()
  followDesired(book.items, book.desired, true)
}
