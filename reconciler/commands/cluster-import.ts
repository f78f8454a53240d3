import { join } from 'node:path'
import { clusterNameProblem } from '../../repo-layout/names.ts'
import { stringifyYaml } from '../../repo-layout/yaml/stringify.ts'
import { copySecret } from '../join/copy-secret.ts'
import { type FleetFolder, readFleet } from '../join/fleet.ts'
import { type ImportedCluster, type Inventory, readInventory } from '../join/inventories.ts'
import { storeProblem } from '../join/store.ts'
import { writeDocument } from '../join/write-document.ts'
import type { Transport } from '../member/transport.ts'
import { count } from '../views/text.ts'
import { withAccess } from './access.ts'
import { againFlags } from './cluster-add.ts'
import type { AddFlags } from './cluster-flags.ts'
import type { CommandContext } from './context.ts'

/** Options of `flotilla cluster add --from`. */
export interface ImportFlags extends AddFlags {
  readonly from: Inventory
  readonly copySecrets?: true
}

/**
 * `flotilla cluster add --from TOOL [NAME…]`: writes the clusters of another tool's inventory into the fleet, and says which
 * Secrets the daemon needs, or copies them. What is there already stays. Exit 2 where nothing can be read, or a Secret that
 * was to be copied is missing.
 */
export async function clusterImportCommand(
  names: readonly string[],
  flags: ImportFlags,
  context: CommandContext,
): Promise<number> {
  const { terminal, clock } = context
  return withAccess(flags, context, async (access) => {
    const fleet = await readFleet(flags.source)
    const admin = await access.admin()
    const clusters = chosen(await readInventory(admin.transport, flags.from, clock), names)
    const host = await access.host()
    let [written, missing] = [0, 0]
    for (const cluster of clusters) {
      if (await writeCluster(cluster, fleet, flags, context)) written++
      if (!(await bringSecret(cluster, fleet, flags, { from: admin.transport, to: host ?? admin.transport }, context)))
        missing++
    }
    const done = flags.dryRun ? 'Nothing was written' : `${count(written, 'file')} written`
    terminal.note(
      `${count(clusters.length, 'cluster')} of ${flags.from}: ${done}. Next: flotilla cluster check${againFlags(flags)}.`,
    )
    return missing > 0 ? 2 : 0
  })
}

function chosen(all: readonly ImportedCluster[], names: readonly string[]): readonly ImportedCluster[] {
  if (names.length === 0) return all
  return names.map((name) => {
    const found = all.find((cluster) => cluster.name === name)
    if (!found) throw new Error(`there is no cluster "${name}" in that inventory`)
    return found
  })
}

async function writeCluster(
  { name, document }: ImportedCluster,
  { folder, source }: FleetFolder,
  flags: ImportFlags,
  { terminal }: CommandContext,
): Promise<boolean> {
  const problem = clusterNameProblem(name)
  const path = `clusters/${name}.yaml`
  const there = source.clusters.find((cluster) => cluster.name.toLowerCase() === name.toLowerCase())
  if (problem) {
    terminal.note(`! the name "${name}" ${problem}: it is left out`)
    return false
  }
  if (there && !(flags.overwrite && there.path === path)) {
    terminal.note(`${name} is in ${there.path} and stays as it is`)
    return false
  }
  const text = stringifyYaml(JSON.parse(JSON.stringify(document)))
  if (flags.dryRun || flags.output !== undefined) {
    terminal.data(`---\n# ${path}\n${text}`)
    return false
  }
  await writeDocument(join(folder, path), text, flags.overwrite === true)
  return true
}

/** False where the daemon will not find the credential although it was to be brought. */
async function bringSecret(
  cluster: ImportedCluster,
  { source }: FleetFolder,
  flags: ImportFlags,
  { from, to }: { readonly from: Transport; readonly to: Transport },
  { terminal }: CommandContext,
): Promise<boolean> {
  const { name, secret } = cluster
  if (!secret) {
    terminal.note(`! ${name}: its inventory names no Secret, so it cannot be reached`)
    return !flags.copySecrets
  }
  const place = `Secret ${flags.hostNamespace}/${secret.name}`
  if (!flags.copySecrets || flags.dryRun || flags.output !== undefined) {
    terminal.note(`${name}: needs ${place}, as in ${secret.namespace}/${secret.name}; --copy-secrets copies it`)
    return true
  }
  const store = { type: 'secret', host: to, namespace: flags.hostNamespace, name: secret.name } as const
  const problem = await storeProblem(store)
  if (problem) throw new Error(problem)
  const copied = await copySecret(from, cluster, store, source.fleet.metadata.name, flags.overwrite === true)
  if (copied.type === 'missing') terminal.fail(`${name}: ${copied.reason}`)
  else terminal.note(`${name}: ${place} ${copied.type === 'copied' ? 'was written' : `stays: ${copied.reason}`}`)
  if (copied.type === 'copied' && copied.warning !== '') terminal.note(`! ${name}: ${copied.warning}`)
  return copied.type !== 'missing'
}
