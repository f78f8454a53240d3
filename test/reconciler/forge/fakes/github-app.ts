import { generateKeyPairSync, verify } from 'node:crypto'
import type { Clock } from '../../../../reconciler/clock.ts'
import type { FakeAnswer, FakeRequest } from './server.ts'

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })

/** The App `flotilla`, installed on `acme/fleet`. */
export const fakeApp = {
  id: 4711,
  slug: 'flotilla',
  pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
}

/** What GitHub does for an App: knows it by a signed claim, and gives tokens of an hour. */
export interface FakeAppServer {
  /** Answers the paths that are for the App itself; undefined for others. */
  answer(request: FakeRequest): FakeAnswer | undefined
  /** Whether this is a token that counts now. */
  takes(token: string): boolean
  /** Every token so far counts no more. */
  revoke(): void
  /** The repository has it no more. */
  uninstall(): void
  /** How many were given. */
  given(): number
}

const life = 3_600_000

/** Starts without any token. */
export function createFakeApp(clock: Clock): FakeAppServer {
  const tokens = new Map<string, number>()
  let given = 0
  let isInstalled = true

  function isOurClaim(header: string): boolean {
    const [head, body, signature] = header.replace(/^Bearer /, '').split('.')
    if (head === undefined || body === undefined || signature === undefined) return false
    const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    const { iat, exp, iss } = read(body)
    const now = clock.now() / 1000
    return (
      read(head).alg === 'RS256' &&
      String(iss) === String(fakeApp.id) &&
      iat <= now &&
      exp > now &&
      exp - now <= 600 &&
      verify('sha256', Buffer.from(`${head}.${body}`), publicKey, Buffer.from(signature, 'base64url'))
    )
  }

  return {
    answer({ method, path, headers, body }) {
      const isApp = path === '/app' || path.endsWith('/installation') || path.startsWith('/app/')
      if (!isApp) return undefined
      if (!isOurClaim(headers.authorization ?? ''))
        return { status: 401, json: { message: 'A JSON web token could not be decoded' } }
      if (path === '/app') return { status: 200, json: { id: fakeApp.id, slug: fakeApp.slug } }
      if (path === '/repos/acme/fleet/installation' && isInstalled) return { status: 200, json: { id: 99 } }
      if (method !== 'POST' || path !== '/app/installations/99/access_tokens')
        return { status: 404, json: { message: 'Not Found' } }
      if (JSON.stringify(body.repositories) !== '["fleet"]')
        return { status: 422, json: { message: 'There is at least one repository that does not exist' } }
      // Longer than the forty signs that they once had.
      const token = `ghs_${++given}_${'x'.repeat(300)}`
      tokens.set(token, clock.now() + life)
      return {
        status: 201,
        json: { token, expires_at: new Date(clock.now() + life).toISOString().replace('.000Z', 'Z') },
      }
    },
    takes: (token) => (tokens.get(token) ?? 0) > clock.now(),
    revoke: () => tokens.clear(),
    uninstall: () => {
      isInstalled = false
    },
    given: () => given,
  }
}
