import type { Json } from '../../repo-layout/json.ts'

/** Which requests a fault is about; what is left out is not asked. */
export interface Match {
  readonly methods?: readonly string[]
  /** Tried on path and query. */
  readonly path?: RegExp
  /** Watches only, or everything else only. */
  readonly watch?: boolean
  /** Requests that change something only, or those that do not. */
  readonly write?: boolean
}

/** What is done to a request instead of passing it on. */
export type What =
  /** Passed on so many milliseconds later. */
  | { readonly type: 'delay'; readonly ms: number }
  /** Taken, never passed on and never answered. */
  | { readonly type: 'hang' }
  /** Passed on and done, never answered. */
  | { readonly type: 'hang after' }
  /** Not answered, and passed on only once the fault has ended, whether the client still waits or not. */
  | { readonly type: 'late' }
  /** The connection is closed before anything is passed on. */
  | { readonly type: 'cut' }
  /** Passed on and done; the connection is closed instead of the answer. */
  | { readonly type: 'cut after' }
  /** Answered with this, and not passed on. */
  | ({ readonly type: 'answer' } & FixedAnswer)
  /** Passed on and done, and then answered with this. */
  | ({ readonly type: 'answer after' } & FixedAnswer)
  /** The answer ends after so many bytes, by a closed connection or (`clean`) as if that were all of it. */
  | { readonly type: 'truncate'; readonly bytes: number; readonly clean?: boolean }
  /** A watch that begins, tells these events, and ends. */
  | { readonly type: 'watch'; readonly events: readonly Json[] }
  /** The answer that the same request got when answers were recorded; passed on where there is none. */
  | { readonly type: 'stale' }
  /** The answer comes at this rate. */
  | { readonly type: 'slow'; readonly bytesPerSecond: number }
  /** The answer's `Date` is so many milliseconds off. */
  | { readonly type: 'skew'; readonly ms: number }
  /** The answer's JSON is changed on its way. */
  | { readonly type: 'edit'; readonly edit: (answer: Json) => Json }

interface FixedAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** A fault as data: what happens to which requests. */
export interface Fault {
  readonly on?: Match
  readonly what: What
  /** So many requests that match pass first. */
  readonly skip?: number
  /** So many requests are hit, then it is over; all where left out. */
  readonly times?: number
  /** The share of requests that is hit, from 0 to 1, by the proxy's own dice. */
  readonly share?: number
}

/** What a match is asked about. */
export interface Asked {
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly isWatch: boolean
  readonly isWrite: boolean
}

/** Whether a request is one that a fault is about. */
export function matches({ methods, path, watch, write }: Match, asked: Asked): boolean {
  return (
    (methods === undefined || methods.includes(asked.method)) &&
    (path === undefined || path.test(asked.path)) &&
    (watch === undefined || watch === asked.isWatch) &&
    (write === undefined || write === asked.isWrite)
  )
}

/** A Kubernetes `Status` as an API server answers it. */
export function statusAnswer(
  status: number,
  reason: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): { readonly type: 'answer' } & FixedAnswer {
  const body = { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason, code: status }
  return {
    type: 'answer',
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  }
}
