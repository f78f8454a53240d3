import { X509Certificate } from 'node:crypto'
import { getIn, type Json } from '../../repo-layout/json.ts'
import type { Access } from './access.ts'

/** What a connection shows to be let in, as far as it can be read here. */
export interface Credential {
  readonly kind: 'token' | 'client certificate' | 'password' | 'nothing'
  /** Who it is for: `system:serviceaccount:<namespace>:<name>`, or the common name of a certificate. */
  readonly user: string | undefined
  /**
   * Milliseconds since the epoch; undefined where it does not expire, where it does not say so, and where something renews
   * it by itself: an exec plugin, the token file of a pod.
   */
  readonly expiresAt: number | undefined
}

/** Reads a credential: what expires first of it counts. Never throws; what cannot be read says nothing. */
export function credentialOf({ cert, headers, renewed }: Access): Credential {
  const [, token] = /^Bearer (.+)$/i.exec(headers.authorization ?? '') ?? []
  const claims = token === undefined ? undefined : claimsOf(token)
  const certificate = cert === undefined ? undefined : certificateOf(cert)
  const ends = [claims?.expiresAt, certificate?.expiresAt].filter((time) => time !== undefined)
  return {
    kind: kindOf(token, cert, headers.authorization),
    user: claims?.user ?? certificate?.user,
    expiresAt: renewed || ends.length === 0 ? undefined : Math.min(...ends),
  }
}

function kindOf(
  token: string | undefined,
  cert: Access['cert'],
  authorization: string | undefined,
): Credential['kind'] {
  if (token !== undefined) return 'token'
  if (cert !== undefined) return 'client certificate'
  return authorization === undefined ? 'nothing' : 'password'
}

interface Facts {
  readonly user: string | undefined
  readonly expiresAt: number | undefined
}

/** What a JSON Web Token says of itself; nobody but its issuer can tell whether that is true. */
export function claimsOf(token: string): Facts & { readonly secret: string | undefined } {
  const claims = parse(Buffer.from(token.trim().split('.')[1] ?? '', 'base64url').toString())
  const [exp, sub] = [getIn(claims, ['exp']), getIn(claims, ['sub'])]
  const secret = getIn(claims, ['kubernetes.io', 'secret', 'name'])
  return {
    user: typeof sub === 'string' ? sub : undefined,
    expiresAt: typeof exp === 'number' ? exp * 1000 : undefined,
    secret: typeof secret === 'string' ? secret : undefined,
  }
}

function certificateOf(pem: string | Buffer): Facts {
  try {
    const { subject, validTo } = new X509Certificate(pem)
    const [, name] = /(?:^|\n)CN=(.+)/.exec(subject) ?? []
    return { user: name, expiresAt: Date.parse(validTo) }
  } catch {
    return { user: undefined, expiresAt: undefined } // the connection itself says what is wrong with it
  }
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined // most tokens are no JSON Web Tokens
  }
}

/** A warning begins so many milliseconds before a credential expires. */
const warnBefore = 14 * 86_400_000

/** When to warn of an expiry from; milliseconds since the epoch. */
export function warnsFrom(expiresAt: number): number {
  return expiresAt - warnBefore
}

/** A point in time for people, in whole seconds. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
}
