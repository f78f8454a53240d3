import { getIn, type JsonObject, type KubeObject } from '../../repo-layout/json.ts'
import type { Clock } from '../clock.ts'
import { createDiscovery, type Resource } from '../member/discovery.ts'
import { isRejected, itemsOf } from '../member/errors.ts'
import { inventoryLabel, inventoryNamespace } from '../member/inventory.ts'
import { markOf, metadataText } from '../member/manifest.ts'
import { type InventoryEntry, parseEntries, shardIndex } from '../member/shards.ts'
import type { Transport } from '../member/transport.ts'
import type { AppliedKind } from './kinds.ts'
import { accountName, adminBinding, clusterAnnotation, namespaceManifest } from './manifests.ts'

/** The field manager of what these commands write. */
export const joinManager = 'flotilla-join'

/** What a member says of itself before an account is made in it. */
export interface Found {
  readonly version: string
  /** The uid of kube-system: which cluster this is. */
  readonly clusterUid: string
  /** The cluster that the fleet's account there was made for; undefined where there is no account. */
  readonly madeFor: string | undefined
  /** Whether that account has all rights. */
  readonly admin: boolean
  /** What the fleet's inventory there holds. */
  readonly entries: readonly InventoryEntry[]
}

/** Looks at a member as whoever `transport` speaks as. Rejects with an `ApiError` where it cannot be asked. */
export async function lookAround(transport: Transport, fleet: string): Promise<Found> {
  const version = await transport.request('GET', '/version')
  const system = await transport.request('GET', '/api/v1/namespaces/kube-system')
  const account = await getOrNothing(transport, accountPath(fleet))
  const admin = await getOrNothing(transport, `${rbacPath}/clusterrolebindings/${adminBinding(fleet)}`)
  const maps = await transport.request('GET', `/api/v1/namespaces/${inventoryNamespace}/configmaps`, {
    query: { labelSelector: `${inventoryLabel}=${fleet}` },
  })
  return {
    version: String(version.json.gitVersion ?? ''),
    clusterUid: metadataText(system.json, 'uid'),
    madeFor: account && (markOf(account, 'annotations', clusterAnnotation) ?? ''),
    admin: admin !== undefined,
    entries: itemsOf(maps.json)
      .filter((map) => shardIndex(fleet, metadataText(map, 'name')) !== undefined)
      .flatMap((map) => parseEntries(String(getIn(map, ['data', 'entries']) ?? ''))),
  }
}

/** Kinds as a member serves them. */
export interface ServedKinds {
  readonly served: readonly Resource[]
  readonly missing: readonly AppliedKind[]
}

/** Finds the resources of kinds; those that the member does not serve (yet) are named. */
export async function servedKinds(
  transport: Transport,
  kinds: readonly AppliedKind[],
  clock: Clock,
): Promise<ServedKinds> {
  const discovery = createDiscovery(transport, clock)
  const found = await Promise.all(
    kinds.map(async (kind) => ({ kind, resource: await discovery.resource(kind.apiVersion, kind.kind) })),
  )
  return {
    served: found.flatMap(({ resource }) => resource ?? []),
    missing: found.flatMap(({ kind, resource }) => (resource ? [] : [kind])),
  }
}

/**
 * Brings account and roles to what the manifests say, by server-side apply; the namespace is made only where it is missing.
 * Rights that are no longer among them are gone afterwards. Safe to repeat.
 */
export async function applyAccount(transport: Transport, manifests: readonly KubeObject[]): Promise<void> {
  if (!(await getOrNothing(transport, pathOf(namespaceManifest)))) await applyManifest(transport, namespaceManifest)
  for (const manifest of manifests) await applyManifest(transport, manifest)
}

/** Takes the binding away that gives all rights. Safe to repeat. */
export async function removeAdmin(transport: Transport, fleet: string): Promise<void> {
  await removeIfThere(transport, `${rbacPath}/clusterrolebindings/${adminBinding(fleet)}`)
}

/** Server-side apply of one object of a kind that these commands write. */
export async function applyManifest(transport: Transport, manifest: KubeObject): Promise<JsonObject> {
  const { json } = await transport.request('PATCH', pathOf(manifest), {
    query: { fieldManager: joinManager, force: 'true' },
    contentType: 'application/apply-patch+yaml',
    body: manifest,
  })
  return json
}

/** Deletes an object; one that is gone already is fine. */
export async function removeIfThere(transport: Transport, path: string): Promise<void> {
  await transport.request('DELETE', path).catch((error: unknown) => {
    if (!isRejected(error, 404)) throw error
  })
}

/** An object, or undefined where there is none. */
export async function getOrNothing(transport: Transport, path: string): Promise<JsonObject | undefined> {
  try {
    return (await transport.request('GET', path)).json
  } catch (error) {
    if (isRejected(error, 404)) return undefined
    throw error
  }
}

/** The path of the fleet's ServiceAccount in a member. */
export function accountPath(fleet: string): string {
  return `/api/v1/namespaces/${inventoryNamespace}/serviceaccounts/${accountName(fleet)}`
}

const rbacPath = '/apis/rbac.authorization.k8s.io/v1'
const collections: Readonly<Record<string, string>> = {
  Namespace: 'namespaces',
  ServiceAccount: 'serviceaccounts',
  Secret: 'secrets',
  Role: 'roles',
  RoleBinding: 'rolebindings',
  ClusterRole: 'clusterroles',
  ClusterRoleBinding: 'clusterrolebindings',
}

function pathOf({ apiVersion, kind, metadata }: KubeObject): string {
  const base = apiVersion === 'v1' ? '/api/v1' : rbacPath
  const collection = collections[kind]
  if (collection === undefined) throw new Error(`${kind} is none of ours`)
  const inside = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`
  return `${base}${inside}/${collection}/${metadata.name}`
}
