import { createHash } from 'node:crypto'
import { clusterOfPath, objectPath } from '../../repo-layout/generated/path.ts'
import { parseSubject, type Subject } from '../../repo-layout/subject.ts'
import type { TreeChanges } from './types.ts'

/** What differs between two generated trees in the folders of clusters. */
export function treeChanges(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): TreeChanges {
  const changes = new Map<string, string | undefined>()
  for (const path of new Set([...before.keys(), ...after.keys()]))
    if (clusterOfPath(path) !== undefined && before.get(path) !== after.get(path)) changes.set(path, after.get(path))
  return changes
}

/** The same for equal changes, and for others another one. */
export function changesDigest(changes: TreeChanges): string {
  const sorted = [...changes].map(([path, oid]) => [path, oid ?? null] as const).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex')
}

/** Whether the change writes or removes this object of a cluster. */
export function isTouched(changes: TreeChanges, cluster: string, subject: Subject): boolean {
  const parts = parseSubject(subject)
  if (!parts) return false
  const { group, kind, namespace, name } = parts
  const metadata = namespace === undefined ? { name } : { name, namespace }
  return changes.has(objectPath(cluster, { apiVersion: group === '' ? 'v1' : `${group}/v1`, kind, metadata }))
}

/** Whether the change takes an object out of Git. */
export function removesAny(changes: TreeChanges): boolean {
  return [...changes.values()].includes(undefined)
}
