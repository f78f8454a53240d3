import type { MemberCluster } from '../../repo-layout/cluster.ts'
import type { KubeObject } from '../../repo-layout/json.ts'
import type { Clock } from '../clock.ts'
import type { Transport } from '../member/transport.ts'
import { type Found, lookAround, servedKinds } from './account.ts'
import type { FleetFolder } from './fleet.ts'
import { type AppliedKind, distinct, inventoryKinds, renderedFor } from './kinds.ts'
import { accountManifests } from './manifests.ts'
import { grantsRights, leastRights, type Right } from './rights.ts'

/** What is going to be asked for in a member, before anything is written. */
export interface AccountPlan {
  readonly fleet: string
  readonly cluster: string
  readonly admin: boolean
  readonly found: Found
  readonly rights: readonly Right[]
  /** Kinds that the fleet renders there and the member does not serve, so that no right can be named. */
  readonly missing: readonly AppliedKind[]
  /** Resources that can only be applied by an account that has the rights which they give. */
  readonly granting: readonly string[]
  readonly manifests: readonly KubeObject[]
}

/**
 * Plans the account of a fleet in a member: renders the fleet as if the cluster were in it, looks at what the member serves
 * and at what is left of the fleet there. Reads only; rejects with an `ApiError` where the member cannot be asked.
 */
export async function planAccount(
  { source }: FleetFolder,
  cluster: MemberCluster,
  transport: Transport,
  clock: Clock,
  admin: boolean | undefined,
): Promise<AccountPlan> {
  const fleet = source.fleet.metadata.name
  const others = source.clusters.filter(({ name }) => name !== cluster.name)
  const clusters = [...others, cluster].sort((a, b) => (a.name < b.name ? -1 : 1))
  const found = await lookAround(transport, fleet)
  const rendered = renderedFor({ ...source, clusters }, cluster.name)
  const kinds = distinct([...rendered.kinds, ...inventoryKinds(found.entries)])
  const { served, missing } = await servedKinds(transport, kinds, clock)
  const all = admin ?? found.admin
  const rights = leastRights(served, rendered.hasApplications)
  return {
    fleet,
    cluster: cluster.name,
    admin: all,
    found,
    rights,
    missing,
    granting: served.filter(grantsRights).map(({ plural }) => plural),
    manifests: accountManifests({ fleet, cluster: cluster.name, rights, admin: all }),
  }
}
