import { GitError } from './error.ts'
import type { GitAuth } from './types.ts'

/** A remote over http(s): where it is, how it is named in messages, and the header that authenticates to it. */
export interface Remote {
  /** Without a credential and without a closing slash. */
  readonly url: string
  readonly authorization: string | undefined
}

/**
 * Reads the address of a remote. A credential that stands in the address counts where `auth` gives none, and is taken
 * out, so that no message, log or file ever holds it. Rejects other schemes than http and https with `config`.
 */
export function parseRemote(address: string, auth: GitAuth): Remote {
  if (!URL.canParse(address))
    throw new GitError('config', `not an address of a repository: ${withoutUserinfo(address)}`)
  const url = new URL(address)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new GitError('config', `${withoutUserinfo(address)}: only http(s) addresses and local paths are supported`, {
      hint: 'use the https address of the repository with a token',
    })
  }
  const inAddress: GitAuth =
    url.username === '' && url.password === ''
      ? { type: 'none' }
      : { type: 'basic', username: decodeURIComponent(url.username), password: decodeURIComponent(url.password) }
  url.username = ''
  url.password = ''
  url.hash = ''
  url.search = ''
  return {
    url: url.href.replace(/\/+$/, ''),
    authorization: authorization(auth.type === 'none' ? inAddress : auth),
  }
}

/** The address as it may be shown: without what stands before an `@` in its authority. */
export function withoutUserinfo(address: string): string {
  return address.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, '$1')
}

// Git hosts take a token as the password of any user; this name is the one that hosts with a fixed name ask for.
const tokenUser = 'x-access-token'

function authorization(auth: GitAuth): string | undefined {
  if (auth.type === 'none') return undefined
  const pair = auth.type === 'token' ? `${tokenUser}:${auth.token}` : `${auth.username}:${auth.password}`
  return `Basic ${Buffer.from(pair).toString('base64')}`
}
