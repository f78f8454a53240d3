import type { GeneratedFile } from '../../render/input.ts'
import { sourceOfGenerated } from '../../repo-layout/generated/file.ts'
import { treeDigest } from '../../repo-layout/generated/oid.ts'
import { clusterFolder, clusterOfPath } from '../../repo-layout/generated/path.ts'
import { isJsonObject, type KubeObject } from '../../repo-layout/json.ts'
import { type Subject, subjectOf } from '../../repo-layout/subject.ts'
import { parseYaml } from '../../repo-layout/yaml/parse.ts'
import type { DesiredObject, DesiredState } from '../member/types.ts'
import type { TextCache } from './previous.ts'

/** What all clusters should run, by cluster name. */
export type DesiredFleet = ReadonlyMap<string, DesiredState>

/** Turns generated commits into desired states; what did not change between two commits stays the same value. */
export interface DesiredReader {
  /** Takes over what the texts of a render say, so that `read` need not parse what was just written. */
  learn(files: ReadonlyMap<string, GeneratedFile>): void
  /**
   * The desired state of each cluster that has a folder in the tree. Rejects where a blob cannot be read or holds no
   * object: a file that cannot be read is never an object to be deleted.
   */
  read(commit: string, files: ReadonlyMap<string, string>): Promise<DesiredFleet>
}

/** Makes a reader over the texts of the generated branch. */
export function createDesiredReader(texts: TextCache): DesiredReader {
  let objects = new Map<string, DesiredObject>()
  let before: DesiredFleet = new Map()

  async function objectOf(oid: string, path: string): Promise<DesiredObject> {
    const known = objects.get(oid)
    if (known) return known
    const text = await texts.read(oid)
    const parsed = parseYaml(text)
    const value = parsed.type === 'documents' && parsed.documents.length === 1 ? parsed.documents[0]?.value : undefined
    if (!isJsonObject(value) || !isObject(value)) throw new Error(`${path} of the generated branch holds no object`)
    return keep(oid, text, value)
  }

  function keep(oid: string, text: string, object: KubeObject): DesiredObject {
    const one = { subject: subjectOf(object), oid, source: sourceOfGenerated(text) ?? '', object }
    objects.set(oid, one)
    return one
  }

  return {
    learn(files) {
      for (const [path, { oid, text, object }] of files)
        if (text !== undefined && object && clusterOfPath(path) !== undefined && !objects.has(oid))
          keep(oid, text, object)
    },
    async read(commit, files) {
      const folders = new Map<string, [path: string, oid: string][]>()
      for (const [path, oid] of files) {
        const cluster = clusterOfPath(path)
        if (cluster === undefined) continue
        const list = folders.get(cluster)
        const entry: [string, string] = [path, oid]
        if (list) list.push(entry)
        else folders.set(cluster, [entry])
      }
      const used = new Map<string, DesiredObject>()
      const fleet = new Map<string, DesiredState>()
      for (const [cluster, entries] of folders) {
        const folder = clusterFolder(cluster)
        const tree = treeDigest(entries.map(([path, oid]) => [path.slice(folder.length), oid] as const))
        const known = before.get(cluster)
        const wanted = new Map<Subject, DesiredObject>()
        if (known?.tree === tree) for (const one of known.objects.values()) wanted.set(one.subject, one)
        else
          for (const [path, oid] of entries) {
            const one = await objectOf(oid, path)
            wanted.set(one.subject, one)
          }
        for (const one of wanted.values()) used.set(one.oid, one)
        fleet.set(cluster, { commit, tree, objects: known?.tree === tree ? known.objects : wanted })
      }
      objects = used
      before = fleet
      return fleet
    },
  }
}

function isObject(value: object): value is KubeObject {
  return 'apiVersion' in value && 'kind' in value && 'metadata' in value
}
