import { createHash, createHmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { bearerOf, isSameSecret } from './guard.ts'

/** A webhook request that knows the secret. */
export interface Genuine {
  /** By each of these the same delivery is known again; none where nothing tells two apart. */
  readonly ids: readonly string[]
}

/** Signatures of the body: GitHub's, which Gitea and Forgejo send too, and their own without a prefix. */
const signatures: readonly (readonly [header: string, prefix: string])[] = [
  ['x-hub-signature-256', 'sha256='],
  ['x-gitea-signature', ''],
  ['x-forgejo-signature', ''],
]

/**
 * Whether a webhook request knows the secret: its body is signed with it, or it carries it (`X-Gitlab-Token`,
 * `Authorization: Bearer`); undefined where it does not. One wrong proof is enough to refuse it. What the request says is not
 * believed: it only makes the daemon look.
 */
export function genuine(request: Pick<IncomingMessage, 'headers'>, body: Buffer, secret: string): Genuine | undefined {
  const { headers } = request
  const given = signatures.filter(([header]) => headers[header] !== undefined)
  if (given.length > 0) {
    const mac = createHmac('sha256', secret).update(body).digest('hex')
    const areOurs = given.map(([header, prefix]) => isSameSecret(String(headers[header]), `${prefix}${mac}`))
    // The id of a delivery is not signed, the body is: a body that comes again under another id is the same delivery.
    return areOurs.every((isOurs) => isOurs) ? { ids: [`body ${mac}`, ...idsOf(headers)] } : undefined
  }
  const gitlab = headers['x-gitlab-token']
  if (typeof gitlab === 'string') return isSameSecret(gitlab, secret) ? { ids: gitlabIds(headers, body) } : undefined
  const bearer = bearerOf(request)
  return bearer !== undefined && isSameSecret(bearer, secret) ? { ids: [] } : undefined
}

function idsOf(headers: IncomingMessage['headers']): readonly string[] {
  const id = headers['x-gitea-delivery'] ?? headers['x-forgejo-delivery'] ?? headers['x-github-delivery']
  return typeof id === 'string' ? [`id ${id.slice(0, 100)}`] : []
}

/** GitLab before 17.4 only has the id of the event, which all the webhooks that it leads to share. */
function gitlabIds(headers: IncomingMessage['headers'], body: Buffer): readonly string[] {
  const key = headers['idempotency-key']
  if (typeof key === 'string') return [`id ${key.slice(0, 100)}`]
  const event = headers['x-gitlab-event-uuid']
  if (typeof event !== 'string') return []
  return [`event ${event.slice(0, 100)} ${createHash('sha256').update(body).digest('hex')}`]
}
