import { ApiError } from './errors.ts'
import type { TlsCheck } from './tls.ts'

/** Everything that a connection is made of at one moment. */
export interface Access {
  readonly server: string
  readonly proxyUrl: string
  readonly ca: string | Buffer | undefined
  readonly cert: string | Buffer | undefined
  readonly key: string | Buffer | undefined
  readonly servername: string | undefined
  /** Checks of the server's certificate that are left out. */
  readonly skips: readonly TlsCheck[]
  readonly headers: { readonly [name: string]: string }
  /** Whether something else gives a new credential before this one expires: an exec plugin, the kubelet. */
  readonly renewed: boolean
}

/** Gives the access of now. */
export interface AccessSource {
  access(): Promise<Access>
  /** Forgets what was cached, after a 401; false where the source cannot, so that it has to be made anew. */
  drop(): boolean
}

/** A connection that cannot be made with what we were given: the cluster itself may well be alive. */
export function unusable(message: string): ApiError {
  return new ApiError(message, { type: 'unauthorized' })
}

/**
 * The URL of an API server. Inventories may leave out the scheme, which then is https. Throws where it is no address, or
 * where a credential would be sent in clear to a server that was not exempt from all checks.
 */
export function serverUrl({ server, headers, skips }: Access): URL {
  if (server === '') throw unusable('the inventory names no address of the API server')
  let url: URL
  try {
    url = new URL(/^[a-z]+:\/\//i.test(server) ? server : `https://${server}`)
  } catch {
    throw unusable(`${server} is no address of an API server`)
  }
  if (url.protocol === 'http:' && headers.authorization !== undefined && !skips.includes('*'))
    throw unusable(`${server} would get a credential in clear; use https`)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw unusable(`${server} is no https address`)
  return url
}
