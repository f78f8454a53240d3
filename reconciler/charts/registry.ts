import { z } from 'zod'
import type { Clock } from '../clock.ts'
import type { FindCredential } from './credentials.ts'
import { ChartError, passingError } from './error.ts'
import { basic, type ChartHttp, type ChartHttpAnswer, isPrivate } from './http.ts'
import { maxAnswerSize } from './limits.ts'

/** Reads from one registry by the OCI distribution specification. */
export interface Registry {
  /** One request below `/v2/<repository>/`. Rejects with a `ChartError`; 404 is given back. */
  get(repository: string, path: string, options?: RegistryRequest): Promise<ChartHttpAnswer>
}

/** What a request to a registry may say. */
export interface RegistryRequest {
  readonly accept?: string
  readonly maxSize?: number
}

interface Token {
  readonly header: string
  readonly expires: number
}

const tokenSchema = z.looseObject({
  token: z.string().optional(),
  access_token: z.string().optional(),
  expires_in: z.number().optional(),
})

/** How long a token counts where its server does not say, in seconds; the specification's word. */
const tokenLife = 60
/** Tokens are renewed so long before they end, in seconds. */
const tokenSkew = 10

/**
 * Opens a registry. Where it asks for a token, one is got from the server that it names, which is sent user and password
 * only if it is the registry itself or what the credential names as `tokenServer`; else it is asked without. Tokens go to this
 * registry alone.
 */
export function openRegistry(
  origin: URL,
  { http, find, clock }: { readonly http: ChartHttp; readonly find: FindCredential; readonly clock: Clock },
): Registry {
  const tokens = new Map<string, Token>()

  async function get(repository: string, path: string, options: RegistryRequest = {}): Promise<ChartHttpAnswer> {
    const url = new URL(`/v2/${repository}/${path}`, origin)
    const scope = `repository:${repository}:pull`
    const send = (authorization?: string) =>
      http.get({
        url,
        maxSize: options.maxSize ?? maxAnswerSize,
        accept: [401, 404],
        headers: options.accept === undefined ? {} : { accept: options.accept },
        // Asked without a credential first, a registry says which kind it wants.
        ...(authorization === undefined ? { anonymous: true } : { authorization }),
      })
    const known = tokens.get(scope)
    const first = await send(known && clock.now() < known.expires ? known.header : undefined)
    if (first.status !== 401) return first
    const header = await authorize(first.headers['www-authenticate'] ?? '', scope)
    const second = await send(header)
    if (second.status === 401) throw passingError(`${origin.host} refused the credential (401)`)
    return second
  }

  async function authorize(header: string, scope: string): Promise<string> {
    const challenges = challengesOf(header)
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer')
    if (bearer) {
      const token = await fetchToken(bearer, scope)
      tokens.set(scope, token)
      return token.header
    }
    if (!challenges.some(({ scheme }) => scheme === 'basic'))
      throw passingError(`${origin.host} answered 401 and does not say what it wants`)
    const user = find(origin)?.user
    if (user) return basic(user)
    throw passingError(`${origin.host} wants a credential (401), and none is configured for ${origin.origin}`)
  }

  async function fetchToken({ parameters }: Challenge, scope: string): Promise<Token> {
    const { realm = '', service } = parameters
    const url = URL.canParse(realm) ? new URL(realm) : undefined
    if (!url || !isPrivate(url))
      throw passingError(`${origin.host} sends for a token to ${realm || 'nowhere'}, without TLS`)
    if (service !== undefined) url.searchParams.set('service', service)
    url.searchParams.set('scope', scope)
    const credential = find(origin)
    const isTrusted = url.origin === origin.origin || url.origin === credential?.tokenServer
    const authorization = isTrusted && credential?.user ? basic(credential.user) : undefined
    const answer = await http
      .get({ url, maxSize: maxAnswerSize, ...(authorization === undefined ? { anonymous: true } : { authorization }) })
      .catch((error: unknown) => {
        const hint = `; if ${url.origin} gives the tokens of ${origin.host}, say so as its tokenServer`
        if (error instanceof ChartError && credential?.user && !isTrusted)
          throw passingError(error.message + hint, error)
        throw error
      })
    const parsed = tokenSchema.safeParse(parseJson(answer.bytes, url.host))
    const text = parsed.data?.token ?? parsed.data?.access_token
    if (text === undefined) throw passingError(`${url.host} gave no token`)
    const life = Math.max((parsed.data?.expires_in ?? tokenLife) - tokenSkew, 0)
    return { header: `Bearer ${text}`, expires: clock.now() + life * 1000 }
  }

  return { get }
}

/** One way to be let in. */
interface Challenge {
  readonly scheme: string
  readonly parameters: Readonly<Record<string, string>>
}

/** What a server would take, several ways in one line: `Bearer realm="https://…",service="…", Basic realm="…"`. */
function challengesOf(header: string): readonly Challenge[] {
  const found: { scheme: string; parameters: Record<string, string> }[] = []
  for (const [, scheme, key = '', value = ''] of header.matchAll(/(?:([a-z]+) +)?([a-z_]+)="([^"]*)"/gi)) {
    if (scheme !== undefined) found.push({ scheme: scheme.toLowerCase(), parameters: {} })
    const last = found.at(-1)
    if (last) last.parameters[key.toLowerCase()] = value
  }
  return found
}

/** Reads JSON that a registry sent. Throws a `ChartError` that is not final where it is none. */
export function parseJson(bytes: Buffer, host: string): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    throw passingError(`${host} does not answer as a registry does`, error)
  }
}
