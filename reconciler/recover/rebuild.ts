import { clusterOfRecordPath } from '../../render/clusters.ts'
import type { GeneratedFile, PreviousTree } from '../../render/input.ts'
import { createMemo } from '../../render/memo.ts'
import { render } from '../../render/render.ts'
import { formatGenerated, sourceOfGenerated } from '../../repo-layout/generated/file.ts'
import { blobOid } from '../../repo-layout/generated/oid.ts'
import { clusterOfPath, objectPath } from '../../repo-layout/generated/path.ts'
import type { KubeObject } from '../../repo-layout/json.ts'
import type { FleetSource } from '../../repo-layout/read/assemble.ts'
import { parseSubject } from '../../repo-layout/subject.ts'
import type { NewFile, Repository } from '../git/types.ts'
import type { InventoryEntry } from '../member/shards.ts'
import { applicationObjects, type RebuiltRecords, rebuildApplications, unknownSource } from './applications.ts'
import { divisionsOf } from './divisions.ts'
import { fromClone } from './from-clone.ts'
import { ownedObject } from './owned.ts'
import type { RunningMember } from './reading.ts'

/** How much of a member's folder could be had again. */
export interface Rebuilt {
  readonly cluster: string
  /** Objects whose files are what they were, byte for byte. */
  readonly exact: number
  /** Objects whose files hold the fields that we own in the cluster now. */
  readonly fromFields: number
  /** Objects that the inventory names and of which nothing is left to read. */
  readonly gone: readonly string[]
}

/** A generated tree put together again. */
export interface RebuiltTree {
  readonly files: ReadonlyMap<string, NewFile>
  readonly members: readonly Rebuilt[]
  readonly applications: readonly RebuiltRecords[]
}

/** What a tree is rebuilt from. */
export interface RebuildOptions {
  readonly repository: Repository
  readonly source: FleetSource
  /** The tree that the branch still has; undefined where there is none. */
  readonly base: PreviousTree | undefined
  /** The members whose folders are lost. */
  readonly members: readonly RunningMember[]
}

/**
 * Puts the folders of members together again: from the very bytes that were applied, where rendering the present source
 * gives them or the clone holds them (the inventory knows their ids), else from the fields that we own in the live object.
 * Decisions about replicas are what runs, and so are releases of applications. What the branch holds of other clusters stays. Rejects where a member stops
 * answering, and where the clone cannot be read.
 */
export async function rebuild(options: RebuildOptions): Promise<RebuiltTree> {
  const { source, base, members } = options
  const replicaRecords = (path: string) => clusterOfRecordPath(path) === undefined
  const before = new Map([...(base?.decisions ?? [])].filter(([path]) => replicaRecords(path)))
  const decisions = await divisionsOf(source, members, before)
  const held = new Map([...decisions].map(([path, text]) => [path, blobOid(text)] as const))
  const previous: PreviousTree = {
    files: new Map([...(base?.files ?? []), ...held]),
    decisions: new Map([...(base?.decisions ?? []), ...decisions]),
    sourceOf: (path) => base?.sourceOf(path) ?? sourceOfGenerated(decisions.get(path) ?? ''),
  }
  // Nothing is known of any cluster, so that every decision is held.
  const rendered = render({ source, previous, observations: { clusters: {} } }, createMemo()).files
  const lost = new Set(members.map(({ cluster }) => cluster))

  const files = new Map<string, NewFile>()
  for (const [path, oid] of base?.files ?? []) {
    const cluster = clusterOfPath(path)
    if (cluster === undefined ? !decisions.has(path) : !lost.has(cluster)) files.set(path, { oid })
  }
  for (const [path, text] of decisions) files.set(path, { text, oid: blobOid(text) })
  for (const [path, { oid, text }] of rendered)
    if (clusterOfRecordPath(path) !== undefined && !files.has(path) && text !== undefined)
      files.set(path, { text, oid })

  const texts = await textsByOid(rendered, base, options.repository)
  const summaries: Rebuilt[] = []
  const objects = new Map<string, readonly KubeObject[]>()
  for (const member of members) {
    const { rebuilt, ofApplications } = await rebuildMember(member, texts, rendered, files)
    summaries.push(rebuilt)
    objects.set(member.cluster, ofApplications)
  }
  const applications = rebuildApplications(source, base, objects)
  for (const folder of applications.folders)
    for (const path of files.keys()) if (path.startsWith(folder)) files.delete(path)
  for (const [path, file] of applications.files) files.set(path, file)
  return { files, members: summaries, applications: applications.told }
}

type ReadText = (oid: string) => Promise<string | undefined>

async function rebuildMember(
  member: RunningMember,
  texts: ReadText,
  rendered: ReadonlyMap<string, GeneratedFile>,
  files: Map<string, NewFile>,
): Promise<{ readonly rebuilt: Rebuilt; readonly ofApplications: readonly KubeObject[] }> {
  const { cluster } = member
  const ofApplications: KubeObject[] = []
  let exact = 0
  let fromFields = 0
  const gone: string[] = []
  for (const entry of member.entries) {
    const path = pathOf(cluster, entry)
    if (path === undefined) continue
    const text = entry.oid === '' ? undefined : await texts(entry.oid)
    if (text !== undefined) {
      files.set(path, { text, oid: entry.oid })
      ofApplications.push(...applicationObjects(text))
      exact++
      continue
    }
    const live = await member.live(entry)
    const object = live && ownedObject(live)
    if (!object) {
      // An intent that was never carried out is nothing that was lost.
      if (entry.state !== 'intent') gone.push(entry.subject)
      continue
    }
    const source = sourceOfGenerated(rendered.get(path)?.text ?? '') ?? unknownSource
    const file = formatGenerated(source, object)
    files.set(path, file)
    ofApplications.push(...applicationObjects(file.text))
    fromFields++
  }
  return { rebuilt: { cluster, exact, fromFields, gone }, ofApplications }
}

function pathOf(cluster: string, { subject, apiVersion }: InventoryEntry): string | undefined {
  const parts = parseSubject(subject)
  if (!parts) return undefined
  const { kind, name, namespace } = parts
  return objectPath(cluster, {
    apiVersion,
    kind,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
  })
}

/** Reads a text by the id of its blob, from what was just rendered or from the clone; undefined where nobody has it. */
async function textsByOid(
  rendered: ReadonlyMap<string, GeneratedFile>,
  base: PreviousTree | undefined,
  repository: Repository,
): Promise<ReadText> {
  const last = await repository.lastGenerated()
  const listed = last === undefined ? [] : ((await fromClone(repository.list(last))) ?? [])
  const atHand = new Set([...(base?.files.values() ?? []), ...listed.map(({ oid }) => oid)])
  const texts = new Map<string, string>()
  for (const { oid, text } of rendered.values()) if (text !== undefined) texts.set(oid, text)
  return async (oid) => {
    const known = texts.get(oid)
    if (known !== undefined) return known
    if (!atHand.has(oid)) return undefined
    const bytes = await fromClone(repository.read(oid))
    return bytes && Buffer.from(bytes).toString('utf8')
  }
}
