import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Connection, MemberCluster } from '../../repo-layout/cluster.ts'
import { clusterNameProblem } from '../../repo-layout/names.ts'
import { milliseconds } from '../../repo-layout/schema/common.ts'
import { stringifyYaml } from '../../repo-layout/yaml/stringify.ts'
import type { Admin, Endpoint } from '../join/admin.ts'
import { clusterDocument } from '../join/document.ts'
import { type FleetFolder, readFleet } from '../join/fleet.ts'
import { giveCredential } from '../join/issue.ts'
import { newCluster } from '../join/kinds.ts'
import { namespaceManifest } from '../join/manifests.ts'
import { type AccountPlan, planAccount } from '../join/plan.ts'
import { filePathProblem, readStore, type Store, storeProblem, storeText } from '../join/store.ts'
import { checkDocument, writeDocument } from '../join/write-document.ts'
import { shellWord } from '../member/remedy.ts'
import type { Transport } from '../member/transport.ts'
import { rightsTable } from '../views/rights-text.ts'
import { viewOf } from '../views/screen.ts'
import { count } from '../views/text.ts'
import { withAccess } from './access.ts'
import type { AccountFlags, AddFlags } from './cluster-flags.ts'
import { mayGoOn } from './confirm.ts'
import { type CommandContext, screenOf } from './context.ts'

/**
 * `flotilla cluster add NAME`: shows the rights, asks, makes the account with a token, stores that and writes the cluster's
 * document, in this order: what was begun and broke off is ended by running it again. Exit 2 where nothing can be done.
 */
export async function clusterAddCommand(name: string, flags: AddFlags, context: CommandContext): Promise<number> {
  const { terminal, clock } = context
  return withAccess(flags, context, async (access) => {
    const fleet = await readFleet(flags.source)
    const path = checkName(name, fleet, flags.overwrite === true)
    await checkDocument(join(fleet.folder, path), flags.overwrite === true)
    const cluster = described(name, path, fleet, flags)
    const admin = await access.admin()
    const plan = await planAccount(fleet, cluster, admin.transport, clock, flags.admin === true)
    checkAccount(plan, admin)
    if (flags.output !== undefined) {
      terminal.data(manifestsText([namespaceManifest, ...plan.manifests], flags.output))
      terminal.note('Nothing was written; these manifests are what would be applied.')
      return 0
    }
    showPlan(plan, admin, fleet, context)
    if (flags.dryRun) {
      terminal.note('Nothing was written.')
      return 0
    }
    const host = await access.host()
    const store = await openStore(cluster, plan.fleet, flags, host)
    if (!(await mayGoOn(`Make this account in ${admin.context}?`, flags.yes, context))) return 2
    const { expiresAt, revoked } = await giveCredential({
      admin,
      plan,
      cluster,
      endpoint: endpointOf(admin, flags),
      store,
      lifetimeMs: milliseconds(flags.expires),
      suffix: randomBytes(4).toString('hex'),
      keepOld: flags.keepOld === true,
      clock,
    })
    await writeDocument(join(fleet.folder, path), stringifyYaml(clusterDocument(cluster)), flags.overwrite === true)
    if (revoked > 0) terminal.note(`${count(revoked, 'token')} from before revoked.`)
    noteShort(expiresAt, flags, context)
    terminal.note(
      `${storeText(store)} holds the credential, valid until ${expiresAt}; ${path} was written. Next: flotilla cluster check ${shellWord(name)}${againFlags(flags)}, then commit it.`,
    )
    return 0
  })
}

/** The options with which the next command finds the same repository and the same host; begins with a space. */
export function againFlags({ source, hostKubeconfig, hostContext, hostNamespace, kubeconfigOut }: AddFlags): string {
  const host = kubeconfigOut === undefined
  const options = [
    ['source', source === '.' ? undefined : source],
    ['host-kubeconfig', host ? hostKubeconfig : undefined],
    ['host-context', host ? hostContext : undefined],
    ['host-namespace', host && hostNamespace !== 'flotilla-system' ? hostNamespace : undefined],
  ] as const
  return options.map(([name, value]) => (value === undefined ? '' : ` --${name} ${shellWord(value)}`)).join('')
}

/** The path of the cluster's document. Throws where the name cannot be used or is taken. */
function checkName(name: string, { source }: FleetFolder, overwrite: boolean): string {
  const problem = clusterNameProblem(name)
  if (problem) throw new Error(`the name "${name}" ${problem}`)
  const same = source.clusters.find((cluster) => cluster.name.toLowerCase() === name.toLowerCase())
  const path = `clusters/${name}.yaml`
  if (same === undefined) return path
  if (same.name !== name) throw new Error(`there is a cluster "${same.name}" already, in ${same.path}`)
  if (overwrite && same.path === path) return path
  const how =
    same.path === path
      ? `"flotilla cluster rotate ${shellWord(name)}" gives it a new credential, --overwrite writes it anew`
      : 'take that document out first'
  throw new Error(`${name} is in the fleet already, in ${same.path}; ${how}`)
}

function described(name: string, path: string, { source }: FleetFolder, flags: AddFlags): MemberCluster {
  const before = source.clusters.find((cluster) => cluster.name === name)
  const labels = Object.fromEntries(flags.label.map(readLabel))
  const connection: Connection =
    flags.kubeconfigOut === undefined
      ? { type: 'secret', name: secretName(name), key: 'value' }
      : { type: 'file', path: flags.kubeconfigOut, context: undefined }
  const fresh = newCluster(name, labels, path)
  return { ...(before ?? fresh), ...(flags.label.length > 0 ? { labels, region: fresh.region } : {}), connection }
}

function readLabel(text: string): readonly [string, string] {
  const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
  if (key === undefined || value === undefined) throw new Error(`--label ${text}: expected KEY=VALUE`)
  return [key, value]
}

/** A Secret's name for a cluster; the names of clusters may hold more than those of objects. */
function secretName(cluster: string): string {
  const plain = cluster
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
  return `${plain || 'cluster'}-kubeconfig`
}

function checkAccount({ found, cluster, fleet }: AccountPlan, { context }: Admin): void {
  const { madeFor } = found
  if (madeFor === undefined || madeFor === '' || madeFor === cluster) return
  throw new Error(
    `the cluster of context ${context} is in the fleet ${fleet} already, as "${madeFor}": two names for one cluster would undo each other's work`,
  )
}

/** Shows what is going to be asked for, with everything that a person should know before. */
export function showPlan(
  plan: AccountPlan,
  { context, endpoint }: Admin,
  fleet: FleetFolder,
  to: CommandContext,
): void {
  const { terminal } = to
  const screen = screenOf(to, {})
  const lines = plan.admin ? ['All rights (cluster-admin).'] : rightsTable(plan.rights, screen)
  const { body } = viewOf(lines, '', screen)
  terminal.note(
    `${plan.cluster}: context ${context}, ${endpoint.server}, Kubernetes ${plan.found.version}. The account of fleet ${plan.fleet} gets:`,
  )
  terminal.data(body)
  if (fleet.errors.length > 0)
    terminal.note(
      `! ${fleet.errors.length} errors in the source: kinds that stand there are not counted. See flotilla validate.`,
    )
  for (const { apiVersion, kind } of plan.admin ? [] : plan.missing)
    terminal.note(
      `! the cluster serves no ${kind} in ${apiVersion}: once it does, "flotilla cluster rotate" adds the right.`,
    )
  if (!plan.admin && plan.granting.length > 0)
    terminal.note(
      `! ${plan.granting.join(', ')}: Kubernetes lets an account grant only what it may do itself; --admin widens.`,
    )
}

/** Says so where the API server gives tokens for less time than was asked for. */
export function noteShort(expiresAt: string, { expires }: AccountFlags, { terminal, clock }: CommandContext): void {
  const asked = milliseconds(expires)
  if (Date.parse(expiresAt) - clock.now() > asked * 0.9) return
  terminal.note(`! the API server gives no token for ${expires}: this one has to be rotated before ${expiresAt}`)
}

async function openStore(
  cluster: MemberCluster,
  fleet: string,
  flags: AddFlags,
  host: Transport | undefined,
): Promise<Store> {
  const store = storeFor(cluster, flags, host)
  if (store.type === 'file') {
    const wrongPath = await filePathProblem(store.path, flags.source)
    if (wrongPath) throw new Error(`--kubeconfig-out: ${wrongPath}`)
  }
  const problem = await storeProblem(store)
  if (problem) throw new Error(problem)
  const there = await readStore(store, fleet)
  if (there && !there.ours && !flags.overwrite)
    throw new Error(`${storeText(store)} exists and was not made for fleet ${fleet}; --overwrite writes it anew`)
  return store
}

function storeFor({ connection }: MemberCluster, flags: AddFlags, host: Transport | undefined): Store {
  if (connection?.type === 'file') return { type: 'file', path: connection.path }
  if (connection?.type === 'secret' && host)
    return { type: 'secret', host, namespace: flags.hostNamespace, name: connection.name }
  throw new Error(
    'say where the credential goes: --host-kubeconfig or --host-context (a Secret of the host cluster), or --kubeconfig-out FILE',
  )
}

function endpointOf({ endpoint }: Admin, flags: AddFlags): Endpoint {
  return flags.server === undefined ? endpoint : { ...endpoint, server: flags.server }
}

/** Manifests as kubectl takes them. */
function manifestsText(manifests: readonly object[], output: 'yaml' | 'json'): string {
  if (output === 'json') return `${JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests }, null, 2)}\n`
  return manifests.map((manifest) => stringifyYaml(JSON.parse(JSON.stringify(manifest)))).join('---\n')
}
