/** One request as the API sees it, from HTTPS or from this process. */
export interface ApiRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  /** Names in lower case. */
  readonly headers: { readonly [name: string]: string | undefined }
  /** Text; of protobuf each character is a byte. */
  readonly body: string
  /** The name of the user; the groups do not matter as everybody may do everything. */
  readonly user: string
}

/** An answer that is complete. */
export interface Reply {
  readonly status: number
  readonly headers: { readonly [name: string]: string | readonly string[] }
  readonly text: string
}

/** An answer that goes on: lines are written until either side ends it. */
export interface StreamReply {
  readonly status: 200
  readonly headers: { readonly [name: string]: string }
  /** Starts to write; gives what stops it. `end` is called once at most, when the server ends the stream. */
  start(write: (line: string) => void, end: () => void): () => void
}

/** What an API request is answered. */
export type AnyReply = Reply | StreamReply

/** Tells an answer that goes on. */
export function isStream(reply: AnyReply): reply is StreamReply {
  return 'start' in reply
}

/** A JSON answer. */
export function json(status: number, text: string, headers: Reply['headers'] = {}): Reply {
  return { status, headers: { 'content-type': 'application/json', ...headers }, text }
}

/** A plain text answer. */
export function plain(status: number, text: string): Reply {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, text }
}
