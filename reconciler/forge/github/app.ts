import { createPrivateKey, sign } from 'node:crypto'
import { z } from 'zod'
import { ForgeError, failedAs } from '../error.ts'
import { createForgeHttp } from '../http.ts'
import { askedOnce } from '../once.ts'
import type { Surroundings } from '../place.ts'
import { readAs } from '../read-as.ts'

/** The id (or client id) of a GitHub App and its private key in PEM. */
export interface AppKey {
  readonly id: string
  readonly pem: string
}

/** An App as it is installed on one repository. */
export interface App {
  /** The number of the App, as check runs name it. */
  id(): Promise<number>
  /** The name that its comments are signed with. */
  login(): Promise<string>
  /** A token for this repository alone, renewed five minutes before its end. */
  token(): Promise<string>
  /** Drops the token, which GitHub did not accept: it was revoked, or the installation has changed. */
  forget(): void
  close(): Promise<void>
}

const installation = z.object({ id: z.int() })
const accessToken = z.object({ token: z.string(), expires_at: z.iso.datetime() })
const appAnswer = z.object({ id: z.int(), slug: z.string() })

/** A token that ends sooner is renewed, in milliseconds. */
const renewal = 300_000
/** How long a signed claim of ours counts, in seconds; GitHub takes ten minutes at most, and clocks differ. */
const claimLife = 540
const clockSkew = 60

/** An App on the repository whose API is at `root`. Throws where the key cannot be read. */
export function createApp(
  options: {
    readonly api: string
    readonly root: string
    readonly key: AppKey
    readonly headers: { readonly [name: string]: string }
    readonly page: { readonly sizeParameter: string; readonly size: number }
  },
  surroundings: Surroundings,
): App {
  const { api, root, key } = options
  const { clock } = surroundings
  const signer = privateKey(key.pem)
  const headers = async () => ({ ...options.headers, authorization: `Bearer ${claim()}` })
  const http = createForgeHttp({ api, headers }, surroundings, options.page)
  const self = askedOnce(async () => readAs(appAnswer, (await http.send('GET', '/app')).json, 'app'))

  function claim(): string {
    const now = Math.floor(clock.now() / 1000)
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const text = `${part({ alg: 'RS256', typ: 'JWT' })}.${part({ iat: now - clockSkew, exp: now + claimLife, iss: key.id })}`
    return `${text}.${sign('sha256', Buffer.from(text), signer).toString('base64url')}`
  }

  async function ask(): Promise<{ readonly token: string; readonly end: number }> {
    const asked = await http.send('GET', `${root}/installation`).catch((error: unknown) => {
      if (!failedAs(error, 'missing')) throw error
      const text = `the GitHub App ${key.id} is not installed on ${root.replace('/repos/', '')}; install it there`
      throw new ForgeError(text, { type: 'unauthorized' }, { cause: error })
    })
    const found = readAs(installation, asked.json, 'installation')
    const repository = decodeURIComponent(root.split('/').at(-1) ?? '')
    const answer = await http.send('POST', `/app/installations/${found.id}/access_tokens`, {
      body: { repositories: [repository] },
    })
    const { token, expires_at } = readAs(accessToken, answer.json, 'token of an installation')
    return { token, end: Date.parse(expires_at) }
  }

  let current = askedOnce(ask)
  const renew = () => {
    current = askedOnce(ask)
  }
  return {
    id: async () => (await self()).id,
    login: async () => `${(await self()).slug}[bot]`,
    async token() {
      const asked = current
      const { token, end } = await asked()
      if (end - clock.now() > renewal) return token
      // Whoever comes first starts the renewal, the others wait for the same one.
      if (current === asked) renew()
      return (await current()).token
    },
    forget: renew,
    close: () => http.close(),
  }
}

function privateKey(pem: string) {
  try {
    return createPrivateKey(pem)
  } catch (error) {
    throw new Error('FLOTILLA_GITHUB_APP_KEY is no private key; it is the text of the .pem file that GitHub gave', {
      cause: error,
    })
  }
}
