import { render } from '../../render/render.ts'
import type { MemberCluster } from '../../repo-layout/cluster.ts'
import { clusterOfPath } from '../../repo-layout/generated/path.ts'
import { isJsonObject, type KubeObject } from '../../repo-layout/json.ts'
import { nothingObserved } from '../../repo-layout/observations.ts'
import type { FleetSource } from '../../repo-layout/read/assemble.ts'
import { groupOf } from '../../repo-layout/subject.ts'
import { parseYaml } from '../../repo-layout/yaml/parse.ts'
import type { InventoryEntry } from '../member/shards.ts'
import { isOfApplication } from '../member/traffic/application.ts'

/** A kind in the version in which it is applied. */
export interface AppliedKind {
  readonly apiVersion: string
  readonly kind: string
}

/** The description of a cluster that is not in the fleet yet; labels decide what is placed there. */
export function newCluster(name: string, labels: { readonly [key: string]: string }, path: string): MemberCluster {
  return {
    name,
    labels,
    region: labels['topology.kubernetes.io/region'],
    zones: [],
    capabilities: [],
    scheduler: { weight: 100, unschedulable: false, identity: name },
    suspend: false,
    apply: 'Push',
    connection: undefined,
    proxyURL: '',
    serviceAccountName: '',
    deletionPolicy: 'Orphan',
    path,
  }
}

/** What a fleet needs rights for in one of its clusters. */
export interface Rendered {
  /** The kinds of objects, sorted. */
  readonly kinds: readonly AppliedKind[]
  /** Whether any of them is of an application, whose pods get their traffic by labels. */
  readonly hasApplications: boolean
}

/**
 * What a fleet renders for one of its clusters, as of a first render: whatever is placed there counts. A document in error
 * renders nothing, so its kind is missing: whoever asks tells of the errors.
 */
export function renderedFor(source: FleetSource, cluster: string): Rendered {
  const { files } = render({ source, previous: undefined, observations: nothingObserved })
  const objects = [...files].flatMap(([path, { object, text }]) =>
    clusterOfPath(path) === cluster ? (object ?? objectsIn(text ?? '')) : [],
  )
  return { kinds: distinct(objects), hasApplications: objects.some(isOfApplication) }
}

/** The kinds of which a member still holds objects of ours: they are to be deleted when they leave the fleet. */
export function inventoryKinds(entries: readonly InventoryEntry[]): readonly AppliedKind[] {
  return distinct(
    entries.map(({ apiVersion, subject }) => ({ apiVersion, kind: /^[A-Za-z0-9]+/.exec(subject)?.[0] ?? '' })),
  )
}

/** Joins kinds, each once; of two versions of one kind the first counts, for rights know no versions. */
export function distinct(kinds: readonly AppliedKind[]): readonly AppliedKind[] {
  const found = new Map<string, AppliedKind>()
  for (const { apiVersion, kind } of kinds) {
    const key = `${groupOf(apiVersion)}/${kind}`
    if (!found.has(key)) found.set(key, { apiVersion, kind })
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, kind]) => kind)
}

function objectsIn(text: string): readonly KubeObject[] {
  const parsed = parseYaml(text)
  if (parsed.type !== 'documents') return []
  return parsed.documents.flatMap(({ value }) => (isJsonObject(value) ? [value as KubeObject] : []))
}
