import { getIn } from '../../repo-layout/json.ts'
import { isRejected } from './errors.ts'
import { asOurs } from './fields.ts'
import { inventoryNamespace } from './inventory.ts'
import { inventoryName } from './shards.ts'
import type { Transport } from './transport.ts'

/** The key of the fingerprints of Secrets, kept as a Secret in the member beside the inventory. */
export interface SecretKey {
  readonly key: string
  /** Writes the key where it was not there yet; the namespace must exist. Safe to call again. */
  store(): Promise<void>
}

/**
 * Reads the key, or takes `fresh` where there is none. A member that does not let us read it gets `fresh` too: then
 * Secrets are applied once after each restart, which changes nothing.
 */
export async function readSecretKey(transport: Transport, fleetName: string, fresh: string): Promise<SecretKey> {
  const name = `${inventoryName(fleetName)}-key`
  const collection = `/api/v1/namespaces/${inventoryNamespace}/secrets`
  let stored = false
  let key = fresh
  try {
    const { json } = await transport.request('GET', `${collection}/${name}`)
    const data = getIn(json, ['data', 'key'])
    if (typeof data === 'string' && data !== '') key = data
    stored = true
  } catch (error) {
    if (!isRejected(error, 404) && !isRejected(error, 403)) throw error
    stored = isRejected(error, 403)
  }
  return {
    key,
    async store() {
      if (stored) return
      const metadata = { name, namespace: inventoryNamespace }
      const body = { apiVersion: 'v1', kind: 'Secret', metadata, data: { key } }
      await transport.request('POST', collection, { query: asOurs, body }).catch((error: unknown) => {
        // Another daemon was first; its key is read with the next session. Forbidden: see above.
        if (!isRejected(error, 409) && !isRejected(error, 403)) throw error
      })
      stored = true
    },
  }
}
