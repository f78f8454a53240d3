import { markOf } from '../member/manifest.ts'
import type { Transport } from '../member/transport.ts'
import { readSecretOf } from '../run/host.ts'
import type { ImportedCluster, SecretPlace } from './inventories.ts'
import { readStore, type Store, writeStore } from './store.ts'

/** What became of the Secret of an imported cluster. */
export type Copied =
  | {
      readonly type: 'copied' /** What the other tool heeds in it and Flotilla does not; empty where there is nothing. */
      readonly warning: string
    }
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
  return { type: 'copied', warning: await skipWarning(from, secret) }
}

/** Shipper's word that the server's certificate is not to be checked, on the Secret. */
const skipAnnotation = 'shipper.booking.com/cluster-secret.insecure-tls-skip-verify'

async function skipWarning(from: Transport, { namespace, name }: SecretPlace): Promise<string> {
  const { json } = await from.request('GET', `/api/v1/namespaces/${namespace}/secrets/${name}`)
  const skips = /^(1|t|true)$/i.test(markOf(json, 'annotations', skipAnnotation) ?? '')
  return skips
    ? `${skipAnnotation} is not heeded: the certificate of the server is checked, so the Secret needs its ca.crt`
    : ''
}

function pick(values: { readonly [key: string]: string }, key: string): { readonly [key: string]: string } {
  const value = values[key]
  return value === undefined ? {} : { [key]: value }
}
