import { getIn } from '../../repo-layout/json.ts'
import type { Clock } from '../clock.ts'
import { type Api, createApi } from './api.ts'
import { type Companion, type CompanionName, createCompanion } from './companion.ts'
import { createDiscovery, type Discovery } from './discovery.ts'
import { ApiError, isRejected } from './errors.ts'
import { type Fence, fencedTransport } from './fence.ts'
import { type Holder, type Inventory, InventoryLostError, openInventory } from './inventory.ts'
import { metadataText, type Owner } from './manifest.ts'
import { createPauses, type Pauses } from './pauses.ts'
import { pinnedTransport } from './pinned.ts'
import { rightsRemedy } from './remedy.ts'
import { readSecretKey, type SecretKey } from './secret-key.ts'
import type { Transport } from './transport.ts'

/** A cluster that answered and is the one we mean. */
export interface Session {
  readonly transport: Transport
  readonly discovery: Discovery
  readonly api: Api
  readonly inventory: Inventory
  readonly secretKey: SecretKey
  readonly pauses: Pauses
  /** Where what was written over is kept. */
  readonly history: Companion
  readonly clusterUid: string
  readonly kubernetesVersion: string | undefined
}

/** What `openSession` needs. */
export interface SessionOptions {
  readonly transport: Transport
  readonly clock: Clock
  readonly owner: Owner
  /** The uid of kube-system when this cluster was reached before in this process. */
  readonly knownUid: string | undefined
  readonly holder: Holder
  /** A fresh key for the fingerprints of Secrets. */
  readonly freshKey: () => string
  /** Whether a generated commit is ours or an ancestor of ours; undefined where nobody can tell. */
  readonly isKnownCommit: ((commit: string) => Promise<boolean>) | undefined
  /** What every write has to pass; undefined where only this process can write. */
  readonly fence?: Fence | undefined
}

/**
 * Reaches a cluster, makes sure that it is the one it was, and reads our inventory in it: four small requests, which are
 * also the probe of a cluster that was lost. Throws an `ApiError`, or an `InventoryLostError` where nothing may be written.
 */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { clock, owner, fence } = options
  const pinned = pinnedTransport(options.transport)
  // Made before anything is read: what is read from here on is what a standstill makes old.
  const transport: Transport = fence ? fencedTransport(pinned, fence, () => inventory.verify()) : pinned
  const clusterUid = await identityOf(transport, options.holder.member)
  if (options.knownUid !== undefined && options.knownUid !== clusterUid)
    throw new InventoryLostError(
      'this is another cluster than before (uid of kube-system); its connection points elsewhere',
      false,
    )
  const version = await transport.request('GET', '/version')
  const gitVersion = version.json.gitVersion
  const inventory: Inventory = await openInventory(transport, owner, clusterUid, options.holder).catch(
    refusedAltogether(options.holder.member),
  )
  const commit = inventory.header?.commit ?? ''
  if (commit !== '' && options.isKnownCommit && !(await options.isKnownCommit(commit)))
    throw new InventoryLostError(`the cluster runs generated commit ${commit}, which is no ancestor of ours`, false)
  const beside = (suffix: CompanionName) => createCompanion(transport, owner.fleetName, suffix, inventory.beside)
  const discovery = createDiscovery(transport, clock)
  return {
    transport,
    discovery,
    api: createApi(transport, discovery, () => inventory.claim()),
    inventory,
    pauses: createPauses(beside('pauses'), clock),
    history: beside('history'),
    secretKey: await readSecretKey(transport, owner.fleetName, options.freshKey()),
    clusterUid,
    kubernetesVersion: typeof gitVersion === 'string' ? gitVersion : undefined,
  }
}

async function identityOf(transport: Transport, member: string): Promise<string> {
  const { json } = await transport.request('GET', '/api/v1/namespaces/kube-system').catch(refusedAltogether(member))
  const uid = metadataText(json, 'uid')
  if (uid === '' || getIn(json, ['metadata', 'name']) !== 'kube-system')
    throw new ApiError('the answer is not that of a Kubernetes API server', { type: 'unreachable' })
  return uid
}

/** Who may not even read this may do nothing: the cluster is alive and does not let us in. */
function refusedAltogether(member: string): (error: unknown) => never {
  return (error) => {
    if (!isRejected(error, 403)) throw error
    throw new ApiError(
      `${error.message}: the account may do nothing here; ${rightsRemedy(member)}`,
      { type: 'unauthorized', status: 403 },
      { cause: error },
    )
  }
}
