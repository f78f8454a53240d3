import { getIn, type KubeObject } from '../../repo-layout/json.ts'
import { claimsOf } from '../member/credential.ts'
import { ApiError, itemsOf } from '../member/errors.ts'
import { inventoryNamespace } from '../member/inventory.ts'
import { metadataText } from '../member/manifest.ts'
import type { Transport } from '../member/transport.ts'
import { accountPath, applyManifest, removeIfThere } from './account.ts'
import { accountName } from './manifests.ts'

/** Marks the Secrets that tokens are bound to; the value is the fleet's name. */
export const credentialLabel = 'flotilla.dev/credential'

/** A token that was issued. */
export interface IssuedToken {
  readonly token: string
  /** ISO time at which it expires: the server may give less than was asked for. */
  readonly expiresAt: string
}

const secrets = `/api/v1/namespaces/${inventoryNamespace}/secrets`

/**
 * Has a token issued to the fleet's account, bound to a new and empty Secret: deleting that Secret revokes the token.
 * `suffix` makes the Secret's name unique.
 */
export async function issueToken(
  transport: Transport,
  fleet: string,
  options: { readonly suffix: string; readonly lifetimeMs: number },
): Promise<IssuedToken> {
  const name = `${accountName(fleet)}-${options.suffix}`
  const secret: KubeObject = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: inventoryNamespace, labels: { [credentialLabel]: fleet } },
  }
  const uid = metadataText(await applyManifest(transport, secret), 'uid')
  const { json } = await transport.request('POST', `${accountPath(fleet)}/token`, {
    body: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {
        expirationSeconds: Math.round(options.lifetimeMs / 1000),
        boundObjectRef: { apiVersion: 'v1', kind: 'Secret', name, uid },
      },
    },
  })
  const [token, expiresAt] = [getIn(json, ['status', 'token']), getIn(json, ['status', 'expirationTimestamp'])]
  if (typeof token !== 'string' || typeof expiresAt !== 'string')
    throw new ApiError('the API server gave no token', { type: 'server', status: 502, retryAfterMs: 1000 })
  return { token, expiresAt }
}

/** Revokes every token of the fleet's account but this one; gives how many Secrets that took. Safe to repeat. */
export async function revokeOthers(transport: Transport, fleet: string, token: string): Promise<number> {
  const kept = claimsOf(token).secret
  // Without the name nothing tells which one is in use.
  if (kept === undefined) return 0
  const { json } = await transport.request('GET', secrets, {
    query: { labelSelector: `${credentialLabel}=${fleet}` },
  })
  const others = itemsOf(json)
    .map((secret) => metadataText(secret, 'name'))
    .filter((name) => name !== '' && name !== kept)
  for (const name of others) await removeIfThere(transport, `${secrets}/${encodeURIComponent(name)}`)
  return others.length
}
