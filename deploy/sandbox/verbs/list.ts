import type { JsonObject } from '../../../repo-layout/json.ts'
import { type AnyReply, json } from '../http/message.ts'
import { badRequest, StatusError } from '../status.ts'
import { type Entry, keyOf } from '../store/entry.ts'
import type { Call } from './call.ts'
import { listText, outputOf } from './output.ts'
import { selectionOf } from './select.ts'

/**
 * Lists in pages. All pages show the state of the first: a `continue` token holds its revision, and leads to 410 once that
 * is forgotten.
 */
export function list({ backend, target, request }: Call): AnyReply {
  const { resource, namespace } = target
  const { query } = request
  const token = readToken(query.get('continue') ?? '')
  const limit = Number(query.get('limit') ?? 0) || 0
  const revision = token?.revision ?? exactRevision(query) ?? backend.store.revision()
  if (revision > backend.store.revision()) throw tooLarge(revision, backend.store.revision())
  const all = backend.store.listAt(resource.storage, revision, namespace === '' ? undefined : namespace)
  if (!all) throw token ? expiredToken() : expired(revision)

  const selected = all.filter(selectionOf(query, resource, namespace, ''))
  const rest = token ? selected.filter((entry) => keyOf(entry.namespace, entry.name) > token.after) : selected
  const page = limit > 0 ? rest.slice(0, limit) : rest
  const last = page.at(-1)
  const more = rest.length - page.length
  const metadata: JsonObject = {
    ...(resource.custom && { continue: '' }),
    resourceVersion: String(revision),
    ...(more > 0 &&
      last && { continue: writeToken(revision, last), ...(plainSelection(query) && { remainingItemCount: more }) }),
  }
  return json(200, listText(outputOf(request, backend.clock.now()), resource, page, metadata))
}

/** A server that has to look at every object does not say how many are left. */
function plainSelection(query: URLSearchParams): boolean {
  return (query.get('labelSelector') ?? '') === '' && (query.get('fieldSelector') ?? '') === ''
}

function exactRevision(query: URLSearchParams): number | undefined {
  const version = query.get('resourceVersion') ?? ''
  const match = query.get('resourceVersionMatch') ?? ''
  if (version === '' || version === '0') return undefined
  const revision = Number(version)
  if (!Number.isInteger(revision)) throw badRequest(`invalid resource version ${JSON.stringify(version)}`)
  return match === 'Exact' || (match === '' && Number(query.get('limit') ?? 0) > 0) ? revision : undefined
}

interface Token {
  readonly revision: number
  readonly after: string
}

function writeToken(revision: number, last: Entry): string {
  const token: Token = { revision, after: keyOf(last.namespace, last.name) }
  return Buffer.from(JSON.stringify(token)).toString('base64url')
}

function readToken(text: string): Token | undefined {
  if (text === '') return undefined
  try {
    const { revision, after } = JSON.parse(Buffer.from(text, 'base64url').toString()) as Partial<Token>
    if (typeof revision === 'number' && typeof after === 'string') return { revision, after }
  } catch {
    // A token that is no JSON is as invalid as one with other keys.
  }
  throw badRequest('continue key is not valid: invalid continue token')
}

/** 410 for a state that is no longer known. */
export function expired(revision: number): StatusError {
  return new StatusError(410, 'Expired', `too old resource version: ${revision}`)
}

function expiredToken(): StatusError {
  return new StatusError(
    410,
    'Expired',
    'The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.',
  )
}

function tooLarge(revision: number, current: number): StatusError {
  return new StatusError(504, 'Timeout', `Too large resource version: ${revision}, current: ${current}`, {}, [
    { reason: 'ResourceVersionTooLarge', message: 'Too large resource version', field: '' },
  ])
}
