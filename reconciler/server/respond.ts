import type { ServerResponse } from 'node:http'
import type { Json } from '../../repo-layout/json.ts'

/** What a handler answers; `text` bodies carry their own type. */
export type Reply =
  | { readonly status: number; readonly json: unknown }
  | { readonly status: number; readonly text: string; readonly type: string }

/** A reply in JSON; the value must be plain data, undefined fields are left out. */
export function jsonReply(value: unknown, status = 200): Reply {
  return { status, json: value }
}

/** A reply in plain text. */
export function textReply(text: string, status = 200, type = 'text/plain; charset=utf-8'): Reply {
  return { status, text, type }
}

/** Every refusal looks alike: one sentence in `error`, and more fields where they help. */
export function errorReply(status: number, error: string, more: { readonly [key: string]: Json } = {}): Reply {
  return { status, json: { error, ...more } }
}

/** Sends a reply. Answers to HEAD have no body; nothing here may be cached or read as another type. */
export function send(response: ServerResponse, reply: Reply, method: string | undefined): void {
  const body = 'json' in reply ? `${JSON.stringify(reply.json)}\n` : reply.text
  response.writeHead(reply.status, {
    ...sharedHeaders,
    'content-type': 'json' in reply ? 'application/json; charset=utf-8' : reply.type,
    'content-length': Buffer.byteLength(body),
  })
  response.end(method === 'HEAD' ? undefined : body)
}

/** Headers of every answer. */
export const sharedHeaders = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const
