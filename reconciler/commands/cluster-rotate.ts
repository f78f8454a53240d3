import { randomBytes } from 'node:crypto'
import { dirname } from 'node:path'
import type { MemberCluster } from '../../repo-layout/cluster.ts'
import { milliseconds } from '../../repo-layout/schema/common.ts'
import type { Admin, Endpoint } from '../join/admin.ts'
import { clusterNamed, readFleet } from '../join/fleet.ts'
import { giveCredential } from '../join/issue.ts'
import { type AccountPlan, planAccount } from '../join/plan.ts'
import { filePathProblem, readStore, type Store, type Stored, storeText } from '../join/store.ts'
import { parseKubeConfig } from '../member/kubeconfig.ts'
import { shellWord } from '../member/remedy.ts'
import type { Transport } from '../member/transport.ts'
import { withAccess } from './access.ts'
import { noteShort, showPlan } from './cluster-add.ts'
import type { AccountFlags } from './cluster-flags.ts'
import { mayGoOn } from './confirm.ts'
import type { CommandContext } from './context.ts'

/**
 * `flotilla cluster rotate NAME`: derives the rights anew, issues a new token, stores it where the cluster's document says,
 * and revokes those from before once the new one works. Safe to repeat. Exit 2 where nothing can be done.
 */
export async function clusterRotateCommand(
  name: string,
  flags: AccountFlags,
  context: CommandContext,
): Promise<number> {
  const { terminal, clock } = context
  return withAccess(flags, context, async (access) => {
    const fleet = await readFleet(flags.source)
    const cluster = clusterNamed(fleet, name)
    const admin = await access.admin()
    const plan = await planAccount(fleet, cluster, admin.transport, clock, flags.admin)
    checkAccount(plan, admin)
    showPlan(plan, admin, fleet, context)
    if (flags.dryRun) {
      terminal.note('Nothing was written.')
      return 0
    }
    const host = await access.host()
    const store = storeOf(cluster, flags, host)
    if (store.type === 'file') {
      const problem = await filePathProblem(store.path, flags.source)
      if (problem) throw new Error(problem)
    }
    const stored = await readStore(store, plan.fleet)
    if (stored && !stored.ours)
      throw new Error(
        `${storeText(store)} was not made for fleet ${plan.fleet}, so it is not replaced; "flotilla cluster add ${shellWord(name)} --overwrite" does`,
      )
    if (!(await mayGoOn(`Give ${name} a new credential?`, flags.yes, context))) return 2
    const { expiresAt, revoked } = await giveCredential({
      admin,
      plan,
      cluster,
      endpoint: endpointOf(admin, stored, store),
      store,
      lifetimeMs: milliseconds(flags.expires),
      suffix: randomBytes(4).toString('hex'),
      keepOld: flags.keepOld === true,
      clock,
    })
    noteShort(expiresAt, flags, context)
    const old = flags.keepOld ? 'the one before stays valid' : `${revoked} from before revoked`
    terminal.note(`${storeText(store)} holds a new credential, valid until ${expiresAt}; ${old}.`)
    return 0
  })
}

function checkAccount({ found, cluster, fleet }: AccountPlan, { context }: Admin): void {
  if (found.madeFor === cluster) return
  const what =
    found.madeFor === undefined
      ? `has no account of fleet ${fleet}`
      : `has the account of "${found.madeFor}", another cluster of fleet ${fleet}`
  throw new Error(
    `the cluster of context ${context} ${what}; give the --context of ${cluster}, or make the account with "flotilla cluster add ${shellWord(cluster)} --overwrite"`,
  )
}

function storeOf({ name, connection }: MemberCluster, flags: AccountFlags, host: Transport | undefined): Store {
  switch (connection?.type) {
    case 'file':
      return { type: 'file', path: connection.path }
    case 'secret':
    case 'kubefed':
    case 'shipper': {
      const secret = connection.type === 'secret' ? connection.name : connection.secretName
      if (host) return { type: 'secret', host, namespace: flags.hostNamespace, name: secret }
      throw new Error(
        `the credential of ${name} is Secret ${secret} of the host cluster: give --host-kubeconfig or --host-context`,
      )
    }
    case 'inCluster':
      throw new Error(`${name} is reached with the account of the daemon's own pod, which is renewed by itself`)
    default:
      throw new Error(`${name} has no connection; "flotilla cluster add ${shellWord(name)} --overwrite" makes one`)
  }
}

/** The address stays the one that the daemon was given; authority and the rest are taken from the context of today. */
function endpointOf({ endpoint }: Admin, stored: Stored | undefined, store: Store): Endpoint {
  const text = stored?.values.value
  if (text === undefined) return endpoint
  const directory = store.type === 'file' ? dirname(store.path) : undefined
  const before = parseKubeConfig(text, undefined, storeText(store), directory).cluster
  if (!before || before.server === endpoint.server) return endpoint
  return { ...endpoint, server: before.server, tlsServerName: before.tlsServerName, proxyUrl: before.proxyUrl }
}
