import { createHash } from 'node:crypto'
import type { KubeObject } from '../json.ts'
import { groupOf, kindWithGroup, parseSubject, type Subject } from '../subject.ts'

/** The folder of cluster-scoped objects; no namespace can have this name. */
export const clusterScopeFolder = '_cluster'

/** Longest file name that every disk takes, in bytes, less `.yaml`. */
const longestStem = 250

const windowsDevice = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/

/**
 * The path of an object in a generated tree:
 * `clusters/<cluster>/<namespace|_cluster>/<Kind>[.<group>]/<name>.yaml`.
 */
export function objectPath(cluster: string, object: KubeObject): string {
  return `${clusterFolder(cluster)}${objectPathInCluster(object)}`
}

/** The same below the cluster's folder: equal for one object in every cluster. */
export function objectPathInCluster(object: KubeObject): string {
  const folder = encodeName(object.metadata.namespace ?? clusterScopeFolder)
  return `${folder}/${kindWithGroup(object.kind, groupOf(object.apiVersion))}/${encodeName(object.metadata.name)}.yaml`
}

/** The path of the object that a Subject names; undefined where the text is no Subject. */
export function subjectPath(cluster: string, subject: Subject): string | undefined {
  const parts = parseSubject(subject)
  if (!parts) return undefined
  const { namespace, kind, group, name } = parts
  const folder = encodeName(namespace ?? clusterScopeFolder)
  return `${clusterFolder(cluster)}${folder}/${kindWithGroup(kind, group)}/${encodeName(name)}.yaml`
}

/** The folder of a member cluster with its closing slash; a cluster's folder is its name. */
export function clusterFolder(cluster: string): string {
  return `clusters/${cluster}/`
}

/** The cluster whose folder holds the path, or undefined for decisions and rollouts. */
export function clusterOfPath(path: string): string | undefined {
  return /^clusters\/([^/]+)\//.exec(path)?.[1]
}

/**
 * Percent-encodes what a disk cannot hold or tell apart: upper-case letters (disks that fold case), separators and
 * signs that Windows refuses, device names, a closing dot. Names too long for a disk are cut and closed with a hash;
 * the object itself holds its name, so nothing ever decodes a path.
 */
export function encodeName(name: string): string {
  const encoded = name
    .replace(/[^a-z0-9._-]/gu, (sign) => [...Buffer.from(sign)].map(percent).join(''))
    .replace(/\.$/, percent('.'.charCodeAt(0)))
  const safe = windowsDevice.test(encoded) ? percent(encoded.charCodeAt(0)) + encoded.slice(1) : encoded
  if (safe.length <= longestStem) return safe
  return `${safe.slice(0, longestStem - 41).replace(/%.?$/, '')}%${createHash('sha1').update(name).digest('hex')}`
}

function percent(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
}
