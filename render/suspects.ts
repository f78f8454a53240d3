import { clusterScopeFolder, encodeName } from '../repo-layout/generated/path.ts'
import type { FleetSource } from '../repo-layout/read/assemble.ts'
import { isKubefedGroup } from '../repo-layout/read/classify.ts'
import type { HeldDocument } from '../repo-layout/read/holds.ts'
import { nearest } from '../repo-layout/suggest.ts'
import { clusterOfRecordPath } from './clusters.ts'
import type { ObjectName, PreviousIndex } from './previous.ts'

/** What a document in error may stand for; an undefined part cannot be told, so it may be any. */
export interface Suspect {
  readonly kind: string | undefined
  /** For cluster-scoped kinds the namespace of the document. */
  readonly namespace: string | undefined
  readonly name: string | undefined
}

const clusterKinds: readonly string[] = ['KubeFedCluster', 'FederatedCluster', 'Cluster']

/**
 * Whether a document of no known kind is probably one of `kinds`: a slip of the pen, in its kind or its group. One
 * without a kind may be any.
 */
export function mayBe({ kind, group }: HeldDocument, kinds: readonly string[]): boolean {
  if (kind === '' || nearest(kind, kinds) !== undefined) return true
  return isKubefedGroup({ apiVersion: `${group}/v1` }) && nearest(`Federated${kind}`, kinds) !== undefined
}

/** What documents without a kind may stand for: any object of their namespace and name. */
export function suspectedObjects(strangers: readonly HeldDocument[]): readonly Suspect[] {
  const kindless = strangers.filter(({ kind }) => kind === '')
  return kindless.map(({ namespace = 'default', name }) => ({ kind: undefined, namespace, name }))
}

/**
 * Clusters of the previous tree that left the inventory while something that cannot be read may describe them: a
 * broken file that names them, or a document whose kind or group is misspelt.
 */
export function suspectedClusters(previous: PreviousIndex, { clusters, holds }: FleetSource): readonly string[] {
  const inventory = new Set(clusters.map(({ name }) => name))
  const strangers = new Set(holds.strangers.filter((one) => mayBe(one, clusterKinds)).map(({ name }) => name))
  return [...previous.decisions.keys()].flatMap((path) => {
    const name = clusterOfRecordPath(path)
    if (name === undefined || inventory.has(name)) return []
    return strangers.has(name) || holds.mayHold('Cluster', [name]) ? [name] : []
  })
}

/**
 * Paths of the inventory's clusters whose object vanished from the source (`isThere` tells of those that did not) while
 * a document in error or a broken file may be where it went: what was moved, renamed or misspelt is not deleted.
 */
export function suspectedPaths(
  previous: PreviousIndex,
  { clusters, holds }: FleetSource,
  suspects: readonly Suspect[],
  isThere: (path: string) => boolean,
): readonly string[] {
  if (suspects.length === 0 && holds.files.size === 0) return []
  return clusters.flatMap(({ name }) => previous.inCluster(name).filter((path) => !isThere(path) && isSuspected(path)))

  function isSuspected(path: string): boolean {
    const [folder = '', kind = '', stem = ''] = objectOfPath(path).split('/')
    return suspects.some((one) => isMeant(one, folder, kind, stem)) || holds.mayHold(kind, [decodeStem(stem)])
  }
}

function isMeant(suspect: Suspect, folder: string, kind: string, stem: string): boolean {
  return (
    (suspect.kind === undefined || suspect.kind === kind) &&
    (suspect.name === undefined || encodeName(suspect.name) === stem) &&
    (suspect.namespace === undefined || folder === clusterScopeFolder || folder === encodeName(suspect.namespace))
  )
}

/** The name behind an encoded one, for looking it up in a text; one that was cut stays as it is. */
function decodeStem(stem: string): string {
  try {
    return decodeURIComponent(stem)
  } catch {
    return stem
  }
}

/** What names an object in every cluster, whatever its group: `<namespace folder>/<Kind>/<name>`. */
export function objectKey({ kind, namespace, name }: ObjectName): string {
  return `${encodeName(namespace ?? clusterScopeFolder)}/${kind}/${encodeName(name)}`
}

/** The same of a path in a cluster's folder. */
export function objectOfPath(path: string): string {
  const [, , folder = '', kind = '', file = ''] = path.split('/')
  return `${folder}/${kind.replace(/\..*/, '')}/${file.replace(/\.yaml$/, '')}`
}
