import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Subject } from '../../repo-layout/subject.ts'

/** How far Flotilla got with an object of a member. */
const entrySchema = z.object({
  subject: z.string(),
  state: z.enum(['intent', 'created', 'adopted']),
  apiVersion: z.string(),
  uid: z.string(),
  oid: z.string(),
  fingerprint: z.string(),
  suspended: z.literal(true).optional(),
})

/**
 * One object that Flotilla applied, or was about to. `intent` was written before anything was sent; `adopted` existed
 * before and is released instead of deleted, with an empty `oid` until it was applied. `oid` is the manifest's blob,
 * `fingerprint` a cache of what was owned then; `suspended` is there while Git says so of the object.
 */
export type InventoryEntry = Readonly<z.infer<typeof entrySchema>>

const headerSchema = z.object({
  fleetUid: z.string(),
  clusterUid: z.string(),
  epoch: z.int().min(0),
  holder: z.string().default(''),
  commit: z.string(),
  shards: z.int().min(1),
  member: z.string().default(''),
})

/**
 * Whose inventory it is, of which cluster (uid of `kube-system`), in whose hands (epoch, and the process that raised it),
 * the generated commit that was being applied, and the name of the cluster in the fleet's own inventory.
 */
export type InventoryHeader = Readonly<z.infer<typeof headerSchema>>

/** A shard is split before its text grows beyond so many bytes; etcd and the API server refuse 1 MiB. */
const shardLimit = 700_000

/** The shard that holds a Subject, by its hash: entries stay where they are whatever else comes and goes. */
export function shardOf(subject: Subject, shards: number): number {
  if (shards === 1) return 0
  return createHash('sha1').update(subject).digest().readUInt32BE(0) % shards
}

/** Spreads entries over shards, each sorted by Subject, as the text of each ConfigMap. */
export function splitEntries(entries: Iterable<InventoryEntry>, shards: number): string[] {
  const parts: InventoryEntry[][] = Array.from({ length: shards }, () => [])
  for (const entry of entries) parts[shardOf(entry.subject, shards)]?.push(entry)
  return parts.map((part) =>
    part
      .sort((a, b) => (a.subject < b.subject ? -1 : 1))
      .map((entry) => JSON.stringify(entry))
      .join('\n'),
  )
}

/** The texts of as many shards, at least `atLeast`, as it takes that none passes the limit. Doubles, never shrinks. */
export function spreadEntries(entries: Iterable<InventoryEntry>, atLeast: number, limit = shardLimit): string[] {
  const list = [...entries]
  for (let shards = Math.max(atLeast, 1); ; shards *= 2) {
    const texts = splitEntries(list, shards)
    if (shards >= 1024 || texts.every((text) => Buffer.byteLength(text) <= limit)) return texts
  }
}

/** Reads the text of a shard. Throws on what cannot be read: an unreadable inventory is never an empty one. */
export function parseEntries(text: string): InventoryEntry[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => entrySchema.parse(JSON.parse(line)))
}

/** Reads a header. Throws on what cannot be read. */
export function parseHeader(text: string): InventoryHeader {
  return headerSchema.parse(JSON.parse(text))
}

/** Whether an object was applied for certain; an intent, or an adoption that was only announced, was perhaps. */
export function wasApplied(entry: InventoryEntry | undefined): entry is InventoryEntry {
  return entry !== undefined && entry.state !== 'intent' && entry.uid !== '' && entry.oid !== ''
}

/** Whether two entries say the same. */
export function sameEntry(a: InventoryEntry | undefined, b: InventoryEntry): boolean {
  return (
    a !== undefined &&
    a.state === b.state &&
    a.apiVersion === b.apiVersion &&
    a.uid === b.uid &&
    a.oid === b.oid &&
    a.fingerprint === b.fingerprint &&
    a.suspended === b.suspended
  )
}

/**
 * The beginning of the names of a fleet's ConfigMaps. A fleet's name may hold what an object's name may not; then a hash keeps two
 * such fleets apart.
 */
export function inventoryName(fleetName: string): string {
  if (/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(fleetName)) return `flotilla-${fleetName}`
  const hash = createHash('sha1').update(fleetName).digest('hex').slice(0, 10)
  return `flotilla-${fleetName.toLowerCase().replace(/[^a-z0-9]+/g, '-')}-${hash}`
}

/** The number of the shard that a ConfigMap of this name is; undefined for those beside the inventory, and any other. */
export function shardIndex(fleetName: string, configMap: string): number | undefined {
  const begin = `${inventoryName(fleetName)}-`
  const rest = configMap.slice(begin.length)
  return configMap.startsWith(begin) && /^\d+$/.test(rest) ? Number(rest) : undefined
}
