import assert from 'node:assert/strict'
import { ApiError } from '../../../reconciler/member/errors.ts'
import { type Inventory, InventoryLostError, openInventory } from '../../../reconciler/member/inventory.ts'
import type { InventoryEntry } from '../../../reconciler/member/shards.ts'
import type { Transport } from '../../../reconciler/member/transport.ts'
import { isJsonObject, type Json, type JsonObject } from '../../../repo-layout/json.ts'

/** ConfigMaps and namespaces with resourceVersions, as far as an inventory needs them. */
function store() {
  const maps = new Map<string, JsonObject>()
  const log: string[] = []
  let namespace = false
  let version = 0
  let fault: ((method: string, name: string) => ApiError | 'lost' | undefined) | undefined
  const rejected = (status: number) =>
    new ApiError(`HTTP ${status}`, { type: 'rejected', status, reason: '', causes: [] })
  const transport: Transport = {
    async request(method, path, { body } = {}) {
      if (path.startsWith('/api/v1/namespaces') && !path.includes('configmaps')) {
        if (method === 'GET' && !namespace) throw rejected(404)
        if (method === 'POST') namespace = true
        return { status: 200, json: {} }
      }
      if (method === 'GET') return { status: 200, json: { items: [...maps.values()] } }
      const metadata = isJsonObject(body) && isJsonObject(body.metadata) ? body.metadata : {}
      const name = String(metadata.name)
      const problem = fault?.(method, name)
      if (problem instanceof ApiError) throw problem
      const old = maps.get(name)
      const oldVersion = isJsonObject(old?.metadata) ? old.metadata.resourceVersion : undefined
      if (!namespace || (method === 'PUT' && !old)) throw rejected(404)
      if (method === 'POST' ? old : metadata.resourceVersion !== oldVersion) throw rejected(409)
      const made = { ...(body as JsonObject), metadata: { ...metadata, resourceVersion: String(++version) } }
      maps.set(name, made)
      log.push(`${method} ${name}`)
      if (problem === 'lost') throw new ApiError('reset', { type: 'unreachable' })
      return { status: 200, json: made }
    },
    async *stream() {},
    close: async () => undefined,
  }
  return {
    transport,
    maps,
    log,
    fail(next: typeof fault) {
      fault = next
    },
    deleteAll() {
      const gone = [...maps.values()]
      maps.clear()
      namespace = false
      return gone
    },
  }
}

const owner = { fleetName: 'prod', fleetUid: 'fleet-1' }
const entry = (name: string, change: Partial<InventoryEntry> = {}): InventoryEntry => ({
  subject: `ConfigMap/shop/${name}`,
  state: 'created',
  apiVersion: 'v1',
  uid: `uid-${name}`,
  oid: 'o',
  fingerprint: 'f',
  ...change,
})
const holderOf = (id: string, epoch?: number, member = 'eu') => ({
  id,
  epoch,
  member,
  isOther: (name: string) => name === 'eu' || name === 'us',
})
const open = (from: ReturnType<typeof store>, id: string, epoch?: number): Promise<Inventory> =>
  openInventory(from.transport, owner, 'cluster-1', holderOf(id, epoch))
const names = (inventory: Inventory) => [...inventory.subjects()].map((subject) => subject.split('/')[2]).sort()

describe('the inventory of a member', () => {
  it('is written in one request a batch, and not at all where nothing changed', async () => {
    const cluster = store()
    const inventory = await open(cluster, 'me')
    for (const name of ['a', 'b', 'c']) inventory.set(entry(name))
    await inventory.flush('c1')
    assert.deepEqual(cluster.log, ['POST flotilla-prod-0'])
    inventory.set(entry('a'))
    assert.equal(inventory.isDirty(), false)
    await inventory.flush('c2')
    assert.equal(cluster.log.length, 1)
    assert.deepEqual(names(await open(cluster, 'next')), ['a', 'b', 'c'])
  })

  it('grows over ConfigMaps that stay below a mebibyte, and is read back whole', async () => {
    const cluster = store()
    const inventory = await open(cluster, 'me')
    for (let i = 0; i < 6000; i++) inventory.set(entry(`n${i}`, { fingerprint: 'x'.repeat(120) }))
    await inventory.flush('c1')
    assert(cluster.maps.size >= 2)
    for (const map of cluster.maps.values()) assert(JSON.stringify(map).length < 2 ** 20)
    const first = cluster.log.length
    inventory.set(entry('n1', { oid: 'other' }))
    await inventory.flush('c1')
    assert.equal(cluster.log.length, first + 1, 'only the shard that changed')
    assert.equal(names(await open(cluster, 'next')).length, 6000)
  })

  it('raises the epoch before the first write of a daemon, which stops the one before', async () => {
    const cluster = store()
    const one = await open(cluster, 'one')
    await one.claim()
    assert.equal(one.epoch(), 1)
    const two = await open(cluster, 'two')
    assert.equal(two.epoch(), undefined, 'reading takes nothing over')
    one.set(entry('a'))
    await one.flush('c1')
    await two.claim()
    assert.equal(two.epoch(), 2)
    one.set(entry('b'))
    await assert.rejects(one.flush('c1'), (error) => error instanceof InventoryLostError && error.takenOver)
    const [map] = cluster.maps.values()
    assert(map)
    assert.throws(() => one.checkTakeover(map), /another daemon took over.*epoch 2, ours 1/)
    two.checkTakeover(map)
    await assert.rejects(open(cluster, 'one', 1), /another daemon took over/, 'not even over a new connection')
  })

  it('keeps what the daemon before noted after it was read: nothing that was created is forgotten', async () => {
    const cluster = store()
    const one = await open(cluster, 'one')
    one.set(entry('a'))
    one.set(entry('b'))
    await one.flush('c1')
    const two = await open(cluster, 'two')
    one.set(entry('late', { state: 'intent' }))
    await one.flush('c1')
    two.delete('ConfigMap/shop/b')
    two.set(entry('own'))
    await two.flush('c2')
    assert.deepEqual(names(two), ['a', 'late', 'own'])
    assert.deepEqual(names(await open(cluster, 'three')), ['a', 'late', 'own'])
  })

  it('knows its own write again whose answer was lost', async () => {
    const cluster = store()
    const inventory = await open(cluster, 'me')
    await inventory.claim()
    let lost = 0
    cluster.fail(() => (lost++ === 0 ? 'lost' : undefined))
    inventory.set(entry('a'))
    await assert.rejects(inventory.flush('c1'), /reset/)
    inventory.set(entry('b'))
    await inventory.flush('c1')
    assert.deepEqual(names(await open(cluster, 'next')), ['a', 'b'])
    assert.equal(inventory.epoch(), 1)
  })

  it('is written again where somebody deleted it, even with its namespace', async () => {
    const cluster = store()
    const inventory = await open(cluster, 'me')
    inventory.set(entry('a'))
    await inventory.flush('c1')
    const [map] = cluster.deleteAll()
    assert(map)
    assert.equal(
      inventory.noteDeleted({ ...map, metadata: { name: 'flotilla-prod-0' } }),
      false,
      'not labelled as ours',
    )
    assert.equal(inventory.noteDeleted(map), true)
    await inventory.flush('c1')
    assert.deepEqual(names(await open(cluster, 'next')), ['a'])
    assert.equal(inventory.header?.epoch, 1)
  })

  it('of another fleet, of another cluster, or one that cannot be read is never written', async () => {
    const cluster = store()
    const inventory = await open(cluster, 'me')
    inventory.set(entry('a'))
    await inventory.flush('c1')
    const lost = (pattern: RegExp) => (error: unknown) =>
      error instanceof InventoryLostError && !error.takenOver && pattern.test(error.message)
    const holder = holderOf('other')
    await assert.rejects(
      openInventory(cluster.transport, { ...owner, fleetUid: 'fleet-2' }, 'cluster-1', holder),
      lost(/of another fleet named prod/),
    )
    await assert.rejects(
      openInventory(cluster.transport, owner, 'cluster-2', holder),
      lost(/another cluster than before/),
    )
    await assert.rejects(
      openInventory(cluster.transport, owner, 'cluster-1', holderOf('other', undefined, 'us')),
      lost(/this cluster is eu of this fleet; the connection of us points elsewhere/),
    )
    const unlisted = { ...cluster.transport, request: async () => ({ status: 200, json: {} }) }
    await assert.rejects(openInventory(unlisted, owner, 'cluster-1', holder), /a list that cannot be read/)
    const map = cluster.maps.get('flotilla-prod-0')
    const broken: { [key: string]: Json | undefined } = {
      ...map,
      data: { ...(map?.data as JsonObject), entries: '{"subject":' },
    }
    cluster.maps.set('flotilla-prod-0', broken)
    await assert.rejects(open(cluster, 'me'), lost(/cannot be read; mend or remove it by hand/))
  })
})
