import type { IncomingMessage } from 'node:http'

/** Who may use the server: a name and password, or a token as a bearer or as the password of any user. */
export type GitCredential = { readonly username: string; readonly password: string } | { readonly token: string }

/** Whether a request carries the credential; every request does where none is asked for. */
export function isAllowed(request: Pick<IncomingMessage, 'headers'>, credential: GitCredential | undefined): boolean {
  if (credential === undefined) return true
  const [scheme = '', value = ''] = (request.headers.authorization ?? '').split(' ')
  if (scheme.toLowerCase() === 'bearer') return 'token' in credential && value === credential.token
  if (scheme.toLowerCase() !== 'basic') return false
  const pair = Buffer.from(value, 'base64').toString('utf8')
  if ('token' in credential) return pair.slice(pair.indexOf(':') + 1) === credential.token
  return pair === `${credential.username}:${credential.password}`
}
