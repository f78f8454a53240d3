import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

/**
 * Whether a push notification knows the token: signed with it (`X-Hub-Signature-256`, as GitHub, Gitea and Forgejo do) or
 * carrying it (`X-Gitlab-Token`, `Authorization: Bearer`). What the notification says is not believed: it only makes the
 * daemon look at the remote.
 */
export function isGenuine(headers: IncomingHttpHeaders, body: Buffer, token: string): boolean {
  const signature = headers['x-hub-signature-256']
  if (typeof signature === 'string') {
    return same(signature, `sha256=${createHmac('sha256', token).update(body).digest('hex')}`)
  }
  const gitlab = headers['x-gitlab-token']
  if (typeof gitlab === 'string') return same(gitlab, token)
  const bearer = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1]
  return bearer !== undefined && same(bearer, token)
}

/** Compares in a time that tells nothing, not even a length. */
function same(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}
