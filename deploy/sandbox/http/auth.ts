import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { JsonObject } from '../../../repo-layout/json.ts'
import { textOf } from '../defaults/fill.ts'

/** Bearer tokens that hold a user name and a proof of it, so that none needs to be kept. */
export interface Tokens {
  tokenFor(user: string): string
  /** The user of a token; undefined where it is not one of ours. */
  userOf(token: string): string | undefined
  /** A token of a ServiceAccount that holds these claims, as a JSON Web Token does. */
  tokenWith(claims: JsonObject): string
  /** The claims of such a token; undefined where it is none of ours. */
  claimsOf(token: string): JsonObject | undefined
}

/** Tokens with a secret of their own: those of one sandbox are refused by another. */
export function createTokens(): Tokens {
  const secret = randomBytes(32)
  const proof = (user: string) => createHmac('sha256', secret).update(user).digest('base64url')
  return {
    tokenFor: (user) => `${Buffer.from(user).toString('base64url')}.${proof(user)}`,
    userOf(token) {
      const [name = '', given = '', ...more] = token.split('.')
      const user = Buffer.from(name, 'base64url').toString()
      return more.length === 0 && isProof(given, proof(user)) ? user : undefined
    },
    tokenWith(claims) {
      const text = JSON.stringify(claims)
      return `sandbox.${Buffer.from(text).toString('base64url')}.${proof(text)}`
    },
    claimsOf(token) {
      const [kind, payload = '', given = ''] = token.split('.')
      const text = Buffer.from(payload, 'base64url').toString()
      return kind === 'sandbox' && isProof(given, proof(text)) ? JSON.parse(text) : undefined
    },
  }
}

function isProof(given: string, wanted: string): boolean {
  const [found, expected] = [Buffer.from(given), Buffer.from(wanted)]
  return expected.length === found.length && timingSafeEqual(expected, found)
}

/** The user that a request speaks as, impersonation included; undefined for 401. `holds` says whether claims still do. */
export function authenticate(
  tokens: Tokens,
  headers: { readonly [name: string]: string | undefined },
  holds: (claims: JsonObject) => boolean,
): string | undefined {
  const [, token] = headers.authorization?.match(/^Bearer (.+)$/) ?? []
  if (token === undefined) return undefined
  const claims = tokens.claimsOf(token)
  const user = claims ? (holds(claims) ? textOf(claims.sub) : undefined) : tokens.userOf(token)
  return user === undefined ? undefined : (headers['impersonate-user'] ?? user)
}
