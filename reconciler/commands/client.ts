import { Agent, request } from 'undici'
import type { z } from 'zod'
import { type Observations, observationsSchema } from '../../repo-layout/observations.ts'
import { secretOf } from '../run/settings.ts'
import { requestHeader } from '../server/guard.ts'
import type { StatusQuery } from '../server/select.ts'
import type { DiffReport, FleetStatus, HistoryReport, PauseReply } from '../server/types.ts'
import {
  diffReportSchema,
  fleetStatusSchema,
  historyReportSchema,
  pauseReplySchema,
  type SyncReply,
  syncReplySchema,
} from '../server/wire.ts'
import { eventData } from './event-stream.ts'

/** Why the daemon could not be asked, in a sentence for the person who asked. */
export class DaemonError extends Error {}

/** The daemon's API as the commands use it. Every method rejects with a DaemonError. */
export interface DaemonClient {
  status(query: StatusQuery): Promise<FleetStatus>
  /** Live objects compared with what is wanted; all clusters where no pattern is given. */
  diff(clusters: readonly string[]): Promise<DiffReport>
  /** What was written over, as far as it is kept; all clusters where no pattern is given. */
  history(clusters: readonly string[]): Promise<HistoryReport>
  /** Resolves when the pause is in force. */
  pause(order: PauseOrder): Promise<PauseReply>
  /** Resolves when the pause is taken back. */
  resume(order: PauseTarget): Promise<PauseReply>
  observations(): Promise<Observations>
  /** Resolves when the pull that this asks for has ended. */
  sync(): Promise<SyncReply>
  /** The status now and after each change, until the signal is aborted or the connection ends. */
  events(query: StatusQuery, signal: AbortSignal): AsyncGenerator<FleetStatus>
  /** Closes the connections. */
  close(): Promise<void>
}

/** What a pause is of, and who asks. */
export interface PauseTarget {
  readonly cluster: string
  /** Undefined for the whole cluster. */
  readonly subject: string | undefined
  readonly by: string
}

/** A pause to be put in force. */
export interface PauseOrder extends PauseTarget {
  /** A duration such as `2h`. */
  readonly for: string
  readonly reason: string
}

/** Longest wait for an answer that costs the daemon nothing, in milliseconds. */
const answerTime = 30_000

/** Longest silence of an event stream, in milliseconds: the daemon sends something every 15 seconds. */
const silence = 45_000

/**
 * Opens a client of the daemon at a URL; connects only when it is used. The token that the daemon may ask for is taken from
 * the environment: `FLOTILLA_API_TOKEN`, or the file that `FLOTILLA_API_TOKEN_FILE` names.
 */
export function openClient(server: string, env: NodeJS.ProcessEnv): DaemonClient {
  const base = server.replace(/\/+$/, '')
  const agent = new Agent({ connect: { timeout: 5000 } })

  interface Asking {
    readonly method?: 'GET' | 'POST'
    readonly wait: number
    readonly signal?: AbortSignal
    readonly body?: PauseTarget
  }

  async function ask(path: string, options: Asking) {
    if (!URL.canParse(base) || !/^https?:/.test(base)) throw new DaemonError(`${server} is no http or https URL`)
    const token = await secretOf(env, 'FLOTILLA_API_TOKEN').catch((error: unknown) => {
      throw new DaemonError(`FLOTILLA_API_TOKEN_FILE: ${error instanceof Error ? error.message : error}`)
    })
    try {
      return await request(`${base}${path}`, {
        dispatcher: agent,
        method: options.method ?? 'GET',
        headers: {
          ...(options.method === 'POST' ? { [requestHeader]: '1' } : {}),
          ...(options.body ? { 'content-type': 'application/json' } : {}),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        ...(options.body ? { body: JSON.stringify(options.body) } : {}),
        headersTimeout: options.wait,
        bodyTimeout: silence,
        ...(options.signal ? { signal: options.signal } : {}),
      })
    } catch (error) {
      throw noAnswer(base, error)
    }
  }

  async function get<T>(schema: z.ZodType<T>, path: string, options: Asking): Promise<T> {
    const { statusCode, body } = await ask(path, options)
    const text = await body.text().catch((error: unknown) => {
      throw noAnswer(base, error)
    })
    return read(schema, { base, statusCode, text })
  }

  return {
    status: (query) => get(fleetStatusSchema, `/api/v1/status${search(query)}`, { wait: answerTime }),
    // Comparing is one request an object, so a fleet may take minutes.
    diff: (clusters) => get(diffReportSchema, `/api/v1/diff${search({ clusters })}`, { wait: 0 }),
    history: (clusters) => get(historyReportSchema, `/api/v1/history${search({ clusters })}`, { wait: answerTime }),
    // In force only when the writes under way have ended, and those may take their time.
    pause: (body) => get(pauseReplySchema, '/api/v1/pause', { method: 'POST', wait: 0, body }),
    resume: (body) => get(pauseReplySchema, '/api/v1/resume', { method: 'POST', wait: 0, body }),
    observations: () => get(observationsSchema, '/api/v1/observations', { wait: answerTime }),
    sync: () => get(syncReplySchema, '/api/v1/sync', { method: 'POST', wait: 0 }),
    async *events(query, signal) {
      const { statusCode, body } = await ask(`/api/v1/events${search(query)}`, { wait: answerTime, signal })
      if (statusCode !== 200) throw refusal(base, statusCode, await body.text())
      try {
        for await (const text of eventData(body)) yield read(fleetStatusSchema, { base, statusCode, text })
      } catch (error) {
        if (signal.aborted) return
        throw error instanceof DaemonError ? error : noAnswer(base, error)
      }
    },
    close: () => agent.destroy(),
  }
}

function search({ clusters = [], objects }: StatusQuery): string {
  const query = new URLSearchParams(clusters.map((name): [string, string] => ['cluster', name]))
  if (objects === 'notable') query.set('objects', objects)
  const text = query.toString()
  return text === '' ? '' : `?${text}`
}

interface Answer {
  readonly base: string
  readonly statusCode: number
  readonly text: string
}

function read<T>(schema: z.ZodType<T>, { base, statusCode, text }: Answer): T {
  if (statusCode >= 300) throw refusal(base, statusCode, text)
  const result = schema.safeParse(parse(text))
  if (result.success) return result.data
  const [issue] = result.error.issues
  const where = issue && issue.path.length > 0 ? ` (${issue.path.join('.')}: ${issue.message})` : ''
  throw new DaemonError(`what answers at ${base} does not speak like a flotilla daemon of this version${where}`)
}

function refusal(base: string, statusCode: number, text: string): DaemonError {
  const body = parse(text)
  const said = typeof body === 'object' && body !== null && 'error' in body ? body.error : undefined
  if (typeof said === 'string') return new DaemonError(said)
  return new DaemonError(`what answers at ${base} is no flotilla daemon (HTTP ${statusCode})`)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // told apart by the schema or the status code
  }
}

function noAnswer(base: string, error: unknown): DaemonError {
  if (error instanceof DaemonError) return error
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
  const why = code === 'ECONNREFUSED' || code === '' ? '' : ` (${code})`
  return new DaemonError(`no daemon answers at ${base}${why}; start one with flotilla run`)
}
