import { createHmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { bearerOf, isSameSecret } from './guard.ts'

/**
 * Whether a push notification knows the token: signed with it (`X-Hub-Signature-256`, as GitHub, Gitea and Forgejo do) or
 * carrying it (`X-Gitlab-Token`, `Authorization: Bearer`). What the notification says is not believed: it only makes the
 * daemon look at the remote.
 */
export function isGenuine(request: Pick<IncomingMessage, 'headers'>, body: Buffer, token: string): boolean {
  const signature = request.headers['x-hub-signature-256']
  if (typeof signature === 'string') {
    return isSameSecret(signature, `sha256=${createHmac('sha256', token).update(body).digest('hex')}`)
  }
  const gitlab = request.headers['x-gitlab-token']
  if (typeof gitlab === 'string') return isSameSecret(gitlab, token)
  const bearer = bearerOf(request)
  return bearer !== undefined && isSameSecret(bearer, token)
}
