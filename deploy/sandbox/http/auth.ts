import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** Bearer tokens that hold a user name and a proof of it, so that none needs to be kept. */
export interface Tokens {
  tokenFor(user: string): string
  /** The user of a token; undefined where it is not one of ours. */
  userOf(token: string): string | undefined
}

/** Tokens with a secret of their own: those of one sandbox are refused by another. */
export function createTokens(): Tokens {
  const secret = randomBytes(32)
  const proof = (user: string) => createHmac('sha256', secret).update(user).digest('base64url')
  return {
    tokenFor: (user) => `${Buffer.from(user).toString('base64url')}.${proof(user)}`,
    userOf(token) {
      const [name = '', given = ''] = token.split('.')
      const user = Buffer.from(name, 'base64url').toString()
      const expected = Buffer.from(proof(user))
      const found = Buffer.from(given)
      return expected.length === found.length && timingSafeEqual(expected, found) ? user : undefined
    },
  }
}

/** The user that a request speaks as, impersonation included; undefined for 401. */
export function authenticate(
  tokens: Tokens,
  headers: { readonly [name: string]: string | undefined },
): string | undefined {
  const found = headers.authorization?.match(/^Bearer (.+)$/)
  const user = found?.[1] === undefined ? undefined : tokens.userOf(found[1])
  return user === undefined ? undefined : (headers['impersonate-user'] ?? user)
}
