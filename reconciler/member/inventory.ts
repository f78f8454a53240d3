import { getIn, type JsonObject } from '../../repo-layout/json.ts'
import { fleetLabel } from '../../repo-layout/schema/common.ts'
import type { Subject } from '../../repo-layout/subject.ts'
import { ApiError, isRejected, itemsOf } from './errors.ts'
import { asOurs } from './fields.ts'
import { markOf, metadataText, type Owner } from './manifest.ts'
import {
  type InventoryEntry,
  type InventoryHeader,
  inventoryName,
  parseEntries,
  parseHeader,
  sameEntry,
  shardIndex,
  shardOf,
  spreadEntries,
} from './shards.ts'
import type { Transport } from './transport.ts'

/** Where the inventory of a member lives, in the member itself. */
export const inventoryNamespace = 'flotilla-system'
/** The label, and its value, of the namespace of inventories where we made it: it goes when Flotilla leaves the cluster. */
export const madeByUs = ['app.kubernetes.io/managed-by', 'flotilla'] as const
/** Marks the ConfigMaps of an inventory; the value is the fleet's name. */
export const inventoryLabel = 'flotilla.dev/inventory'

/** The inventory is in other hands or of another cluster: nothing may be written any more. */
export class InventoryLostError extends Error {
  override readonly name = 'InventoryLostError'
  /** Another daemon works on the cluster: this one stops for good instead of taking it back. */
  readonly takenOver: boolean

  constructor(message: string, takenOver: boolean, options?: ErrorOptions) {
    super(message, options)
    this.takenOver = takenOver
  }
}

/** Whose hands an inventory is opened by. */
export interface Holder {
  /** Names this process, so that it knows its own work when an answer was lost. */
  readonly id: string
  /** The epoch that this process raised before, over another connection; undefined where it has not written yet. */
  readonly epoch: number | undefined
  /** The cluster's name in the fleet. */
  readonly member: string
  /** Whether the fleet has another cluster of this name. */
  readonly isOther: (member: string) => boolean
}

/** What Flotilla applied to one member, kept in the member itself. */
export interface Inventory {
  /** The header as it was found, or as we wrote it since. */
  readonly header: InventoryHeader | undefined
  /** ConfigMaps that were listed with it and are not its own: what else stands beside it. */
  readonly beside: readonly JsonObject[]
  get(subject: Subject): InventoryEntry | undefined
  subjects(): Iterable<Subject>
  /** Notes an entry; written by the next `flush`. */
  set(entry: InventoryEntry): void
  delete(subject: Subject): void
  /** The epoch that we raised; undefined before our first write. */
  epoch(): number | undefined
  /**
   * Raises the epoch unless that was done; to be awaited before anything is written to the cluster. The header then says that
   * the cluster runs `commit`; where none is given, what it said before.
   */
  claim(commit?: string): Promise<void>
  /** Reads the header anew: throws `InventoryLostError` when another daemon took over, an `ApiError` where that is unknown. */
  verify(): Promise<void>
  /** Whether something waits to be written. */
  isDirty(): boolean
  /**
   * Writes what changed: one PUT with resourceVersion for each shard that did. The first one ever raises the epoch. Throws
   * `InventoryLostError` when another daemon took over; after any other error it can be called again.
   */
  flush(commit: string): Promise<void>
  /** Says that a ConfigMap left the watch. Where it was one of the inventory's, `flush` writes it again: true then. */
  noteDeleted(configMap: JsonObject): boolean
  /** Throws `InventoryLostError` when a ConfigMap that was watched says that another daemon took over. */
  checkTakeover(configMap: JsonObject): void
}

interface Shard {
  resourceVersion: string | undefined
  text: string
}

/**
 * Reads the inventory of a fleet in a member: one list. `clusterUid` is the uid of the member's `kube-system`. Throws
 * `InventoryLostError` where it is another fleet's or was made in another cluster, an `ApiError` where it cannot be read.
 */
export async function openInventory(
  transport: Transport,
  owner: Owner,
  clusterUid: string,
  holder: Holder,
): Promise<Inventory> {
  const shards = new Map<number, Shard>()
  const entries = new Map<Subject, InventoryEntry>()
  /** Every Subject that was ever in `entries`: what we have forgotten on purpose is told from what we never knew. */
  const known = new Set<Subject>()
  let header: InventoryHeader | undefined
  let epoch = 0
  let count = 1
  let dirty = false
  let raised = false
  let flushing: Promise<void> = Promise.resolve()
  const name = inventoryName(owner.fleetName)
  const collection = `/api/v1/namespaces/${inventoryNamespace}/configmaps`

  interface Found {
    header: InventoryHeader | undefined
    readonly entries: (readonly [shard: number, entry: InventoryEntry])[]
    readonly beside: JsonObject[]
  }

  async function read(): Promise<Found> {
    const { json } = await transport.request('GET', collection, {
      query: { labelSelector: `${inventoryLabel}=${owner.fleetName}` },
    })
    const items = itemsOf(json)
    const found: Found = { header: undefined, entries: [], beside: [] }
    shards.clear()
    for (const item of items) {
      const index = shardIndex(owner.fleetName, metadataText(item, 'name'))
      if (index === undefined) {
        found.beside.push(item)
        continue
      }
      const text = String(getIn(item, ['data', 'entries']) ?? '')
      shards.set(index, { resourceVersion: metadataText(item, 'resourceVersion'), text })
      found.entries.push(...parseEntries(text).map((entry) => [index, entry] as const))
      const head = headerOf(item)
      if (head) found.header = head
    }
    return found
  }

  /** Takes up entries; after a crash while one moved it stands in two shards, and where it belongs it is the newer. */
  function take(found: Found): void {
    for (const [shard, entry] of found.entries) {
      if (entries.has(entry.subject) && shardOf(entry.subject, count) !== shard) continue
      entries.set(entry.subject, entry)
    }
    for (const [, { subject }] of found.entries) known.add(subject)
  }

  function headerOf(item: JsonObject): InventoryHeader | undefined {
    const text = getIn(item, ['data', 'header'])
    return typeof text === 'string' ? parseHeader(text) : undefined
  }

  function check(found: InventoryHeader | undefined): void {
    if (!found) return
    if (found.fleetUid !== owner.fleetUid)
      throw new InventoryLostError(`the inventory in this cluster is of another fleet named ${owner.fleetName}`, false)
    if (found.clusterUid !== clusterUid)
      throw new InventoryLostError(
        'this is another cluster than before (uid of kube-system); its connection points elsewhere',
        false,
      )
    if (found.member !== '' && found.member !== holder.member && holder.isOther(found.member))
      throw new InventoryLostError(
        `this cluster is ${found.member} of this fleet; the connection of ${holder.member} points elsewhere`,
        false,
      )
    const ours = raised ? epoch : holder.epoch
    if (ours !== undefined && found.epoch > ours && found.holder !== holder.id)
      throw new InventoryLostError(`another daemon took over this cluster (epoch ${found.epoch}, ours ${ours})`, true)
  }

  async function put(index: number, text: string, head: InventoryHeader): Promise<void> {
    const shard = shards.get(index)
    const data = index === 0 ? { header: JSON.stringify(head), entries: text } : { entries: text }
    const metadata = {
      name: `${name}-${index}`,
      namespace: inventoryNamespace,
      labels: { [inventoryLabel]: owner.fleetName, [fleetLabel]: owner.fleetName },
      ...(shard?.resourceVersion === undefined ? {} : { resourceVersion: shard.resourceVersion }),
    }
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data }
    const { json } =
      shard?.resourceVersion === undefined
        ? await transport.request('POST', collection, { query: asOurs, body })
        : await transport.request('PUT', `${collection}/${metadata.name}`, { query: asOurs, body })
    shards.set(index, { resourceVersion: metadataText(json, 'resourceVersion'), text })
  }

  async function write(commit: string): Promise<void> {
    const texts = spreadEntries(entries.values(), count)
    count = texts.length
    const { id, member } = holder
    const head = { fleetUid: owner.fleetUid, clusterUid, epoch, holder: id, commit, shards: count, member }
    // An entry that moves to another shard is written there before it leaves the old one: never in neither.
    const order = [...texts.keys()].sort((a, b) => b - a)
    if (!raised && count > 1) await put(0, shards.get(0)?.text ?? '', head)
    for (const index of order) {
      const text = texts[index] ?? ''
      const changed =
        shards.get(index)?.text !== text || (index === 0 && JSON.stringify(header) !== JSON.stringify(head))
      if (changed) await put(index, text, head)
    }
    header = head
  }

  async function flush(commit: string): Promise<void> {
    if (!dirty) return
    dirty = false
    try {
      for (let tries = 0; ; tries++) {
        try {
          if (!raised) {
            check(header)
            await ensureNamespace(transport)
            epoch = (header?.epoch ?? 0) + 1
          }
          await write(commit)
          raised = true
          return
        } catch (error) {
          if (tries >= 5 || !(isRejected(error, 409) || isRejected(error, 404))) throw error
          // 404: somebody deleted a ConfigMap or the whole namespace. What we know is written again.
          if (isRejected(error, 404)) await ensureNamespace(transport)
          const found = await read()
          check(found.header)
          // Ours is the truth: a conflict with no higher epoch is our own write whose answer was lost, or a hand's. But what
          // another daemon noted before we took over from it is true as well.
          header = found.header
          take({ ...found, entries: found.entries.filter(([, { subject }]) => !known.has(subject)) })
        }
      }
    } catch (error) {
      dirty = true
      throw error
    }
  }

  /** Writes one after the other: two at once would conflict with each other. */
  function enqueue(commit: string): Promise<void> {
    flushing = flushing.then(
      () => flush(commit),
      () => flush(commit),
    )
    return flushing
  }

  const found = await readable(read)
  header = found.header
  count = header?.shards ?? 1
  epoch = header?.epoch ?? 0
  check(header)
  take(found)

  return {
    get header() {
      return header
    },
    beside: found.beside,
    get: (subject) => entries.get(subject),
    subjects: () => entries.keys(),
    set(entry) {
      if (sameEntry(entries.get(entry.subject), entry)) return
      entries.set(entry.subject, entry)
      known.add(entry.subject)
      dirty = true
    },
    delete(subject) {
      if (entries.delete(subject)) dirty = true
    },
    isDirty: () => dirty,
    epoch: () => (raised ? epoch : undefined),
    claim(commit = header?.commit ?? '') {
      if (raised) return Promise.resolve()
      dirty = true
      return enqueue(commit)
    },
    async verify() {
      try {
        check(headerOf((await transport.request('GET', `${collection}/${name}-0`)).json))
      } catch (error) {
        if (!isRejected(error, 404)) throw error
      }
    },
    flush: enqueue,
    noteDeleted(configMap) {
      const shard = shards.get(shardIndex(owner.fleetName, metadataText(configMap, 'name')) ?? -1)
      if (!raised || !shard || markOf(configMap, 'labels', inventoryLabel) !== owner.fleetName) return false
      shards.set(shardIndex(owner.fleetName, metadataText(configMap, 'name')) ?? -1, { ...shard, text: '(deleted)' })
      dirty = true
      return true
    },
    checkTakeover(configMap) {
      if (markOf(configMap, 'labels', inventoryLabel) === owner.fleetName) check(headerOf(configMap))
    },
  }
}

async function readable<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof ApiError) throw error
    throw new InventoryLostError('the inventory in this cluster cannot be read; mend or remove it by hand', false, {
      cause: error,
    })
  }
}

/** Makes the namespace of the inventory where it is not there. */
export async function ensureNamespace(transport: Transport): Promise<void> {
  try {
    await transport.request('GET', `/api/v1/namespaces/${inventoryNamespace}`)
  } catch (error) {
    if (!isRejected(error, 404)) throw error
    const metadata = { name: inventoryNamespace, labels: { [madeByUs[0]]: madeByUs[1] } }
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata }
    await transport.request('POST', '/api/v1/namespaces', { query: asOurs, body }).catch((failure: unknown) => {
      if (!isRejected(failure, 409)) throw failure
    })
  }
}
