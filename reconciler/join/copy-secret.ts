import type { Transport } from '../member/transport.ts'
import { readSecretOf } from '../run/host.ts'
import type { ImportedCluster } from './inventories.ts'
import { readStore, type Store, writeStore } from './store.ts'

/** What became of the Secret of an imported cluster. */
export type Copied =
  | { readonly type: 'copied' }
  | { readonly type: 'kept'; readonly reason: string }
  | { readonly type: 'missing'; readonly reason: string }

/**
 * Copies the Secret of an imported cluster to where the daemon reads it, pinned to its server where the inventory names one:
 * then nothing that is written in Git sends the credential elsewhere. One that is there stays, unless `overwrite`.
 */
export async function copySecret(
  from: Transport,
  cluster: ImportedCluster,
  store: Store,
  fleet: string,
  overwrite: boolean,
): Promise<Copied> {
  const { secret, server } = cluster
  if (!secret) return { type: 'missing', reason: 'its inventory names no Secret' }
  const there = await readStore(store, fleet)
  if (there && !overwrite) return { type: 'kept', reason: 'it is there already' }
  const values = await readSecretOf(from, secret.namespace)(secret.name)
  if (!values) return { type: 'missing', reason: `there is no Secret ${secret.namespace}/${secret.name}` }
  const wanted = secret.key === undefined ? values : pick(values, secret.key)
  if (Object.keys(wanted).length === 0)
    return { type: 'missing', reason: `Secret ${secret.namespace}/${secret.name} has no key ${secret.key}` }
  await writeStore(store, fleet, { ...wanted, ...(server === undefined ? {} : { server }) })
  return { type: 'copied' }
}

function pick(values: { readonly [key: string]: string }, key: string): { readonly [key: string]: string } {
  const value = values[key]
  return value === undefined ? {} : { [key]: value }
}
