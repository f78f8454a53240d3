import type { MemberCluster } from '../../repo-layout/cluster.ts'
import { type Clock, sleep } from '../clock.ts'
import { connect } from '../member/connect.ts'
import { ApiError } from '../member/errors.ts'
import { metadataText } from '../member/manifest.ts'
import { applyAccount, removeAdmin } from './account.ts'
import type { Admin, Endpoint } from './admin.ts'
import { kubeconfigText } from './kubeconfig.ts'
import type { AccountPlan } from './plan.ts'
import { type Store, writeStore } from './store.ts'
import { issueToken, revokeOthers } from './token.ts'

/** What is needed to give a member's account a credential. */
export interface IssueOptions {
  readonly admin: Admin
  readonly plan: AccountPlan
  readonly cluster: MemberCluster
  /** Where the daemon reaches the member. */
  readonly endpoint: Endpoint
  readonly store: Store
  readonly lifetimeMs: number
  /** Makes names unique. */
  readonly suffix: string
  /** Leaves the tokens from before valid. */
  readonly keepOld: boolean
  readonly clock: Clock
}

/** What came of it. */
export interface Issued {
  readonly expiresAt: string
  /** How many tokens from before were revoked. */
  readonly revoked: number
}

/** A fresh token and fresh roles are believed by every API server only after a moment; in milliseconds. */
const settleTime = 15_000

/**
 * Makes account, roles and a new token, sees that the token leads into this very cluster, stores it, and only then revokes
 * the tokens from before. After a crash anywhere, what is stored still works; doing it again ends what was begun.
 */
export async function giveCredential(options: IssueOptions): Promise<Issued> {
  const { admin, plan, cluster, endpoint, store, clock } = options
  const { transport } = admin
  await applyAccount(transport, plan.manifests)
  if (!plan.admin && plan.found.admin) await removeAdmin(transport, plan.fleet)
  const { token, expiresAt } = await issueToken(transport, plan.fleet, options)
  const values = valuesFor(cluster, endpoint, token)
  await seesCluster(cluster, values, plan.found.clusterUid, clock)
  await writeStore(store, plan.fleet, values)
  return { expiresAt, revoked: options.keepOld ? 0 : await revokeOthers(transport, plan.fleet, token) }
}

/** What is stored, by key: a kubeconfig, or what the inventories of kubefed and Shipper have in their Secrets. */
function valuesFor(
  { name, connection }: MemberCluster,
  endpoint: Endpoint,
  token: string,
): { readonly [key: string]: string } {
  if (connection?.type === 'kubefed' || connection?.type === 'shipper') {
    const address = connection.type === 'kubefed' ? connection.apiEndpoint : connection.apiMaster
    const ca = endpoint.caData === undefined ? undefined : Buffer.from(endpoint.caData, 'base64').toString()
    return { token, server: address, ...(ca === undefined ? {} : { 'ca.crt': ca }) }
  }
  const key = connection?.type === 'secret' ? connection.key : 'value'
  return { [key]: kubeconfigText(name, endpoint, token) }
}

/**
 * Rejects unless the credential leads to the cluster with this uid of kube-system, as the daemon will read it.
 */
async function seesCluster(
  cluster: MemberCluster,
  values: { readonly [key: string]: string },
  uid: string,
  clock: Clock,
): Promise<void> {
  const connection =
    cluster.connection?.type === 'file' ? ({ type: 'secret', name: 'new', key: 'value' } as const) : cluster.connection
  const transport = connect({ ...cluster, connection }, { clock, readSecret: async () => values })
  const until = clock.now() + settleTime
  try {
    for (;;) {
      try {
        const { json } = await transport.request('GET', '/api/v1/namespaces/kube-system')
        if (metadataText(json, 'uid') === uid) return
        throw new Error('the address that the daemon is given leads to another cluster than the context; see --server')
      } catch (error) {
        if (!isNotYet(error) || clock.now() > until) throw error
        await sleep(clock, 250)
      }
    }
  } finally {
    await transport.close()
  }
}

function isNotYet(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false
  const { failure } = error
  return failure.type === 'unauthorized' || (failure.type === 'rejected' && failure.status === 403)
}
