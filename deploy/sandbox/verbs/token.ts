import { getIn, type JsonObject } from '../../../repo-layout/json.ts'
import { type Backend, timeText } from '../backend.ts'
import { objectOf, textOf } from '../defaults/fill.ts'
import { StatusError } from '../status.ts'
import { type Entry, readEntry } from '../store/entry.ts'

const hour = 3_600_000

/** The answer to a TokenRequest for a ServiceAccount: a token that may be bound to a Secret, and ends with it. */
export function tokenRequest(backend: Backend, account: Entry, body: JsonObject): JsonObject {
  const spec = objectOf(body.spec)
  const asked = typeof spec.expirationSeconds === 'number' ? spec.expirationSeconds : hour / 1000
  if (asked < 600)
    throw new StatusError(
      422,
      'Invalid',
      `TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: ${asked}: may not specify a duration less than 10 minutes`,
    )
  const { namespace, name } = account
  const bound = objectOf(spec.boundObjectRef)
  const secret = { name: textOf(bound.name), uid: textOf(bound.uid) }
  if (secret.name !== '' && !hasSecret(backend, namespace, secret))
    throw new StatusError(409, 'Conflict', `the Secret "${secret.name}" to bind to is not there`)
  const expires = backend.clock.now() + asked * 1000
  const token = backend.tokens.tokenWith({
    sub: `system:serviceaccount:${namespace}:${name}`,
    exp: Math.floor(expires / 1000),
    'kubernetes.io': {
      namespace,
      serviceaccount: { name, uid: textOf(getIn(readEntry(account), ['metadata', 'uid'])) },
      ...(secret.name === '' ? {} : { secret }),
    },
  })
  return {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name, namespace, creationTimestamp: timeText(backend.clock.now()) },
    spec: { ...spec, expirationSeconds: asked },
    status: { token, expirationTimestamp: timeText(expires) },
  }
}

/** Whether what a token claims still holds: it has not expired, and what it is bound to is there. */
export function claimsHold(backend: Backend, claims: JsonObject): boolean {
  if (typeof claims.exp !== 'number' || claims.exp * 1000 <= backend.clock.now()) return false
  const namespace = textOf(getIn(claims, ['kubernetes.io', 'namespace']))
  const secret = getIn(claims, ['kubernetes.io', 'secret'])
  return secret === undefined || hasSecret(backend, namespace, objectOf(secret))
}

function hasSecret({ store }: Backend, namespace: string, { name, uid }: JsonObject): boolean {
  const entry = store.get('secrets', namespace, textOf(name))
  return entry !== undefined && getIn(readEntry(entry), ['metadata', 'uid']) === uid
}
