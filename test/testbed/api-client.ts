import { Agent, request as httpsRequest } from 'node:https'
import type { Json } from '../../repo-layout/json.ts'

/** What an API server answered; `body` is the parsed JSON, or the text where it is none. */
export interface ApiResponse {
  readonly status: number
  readonly body: Json
}

/**
 * Sends one request and resolves with whatever was answered, errors included; rejects only where no answer came. A body
 * that is a string is sent as it is, any other as JSON. `PATCH` is a merge patch unless a header says otherwise.
 */
export type ApiRequest = (
  method: string,
  path: string,
  body?: Json,
  headers?: Readonly<Record<string, string>>,
) => Promise<ApiResponse>

/** What `apiClient` needs to know of a server; `ca` is PEM. */
export interface ApiEndpoint {
  readonly server: string
  readonly ca: string
  readonly token: string
}

const requestLimitMs = 30_000

/** A small client for tests. Its connections are kept for later requests and do not keep Node running. */
export function apiClient(endpoint: ApiEndpoint): ApiRequest {
  const agent = new Agent({ keepAlive: true, ca: endpoint.ca })
  return (method, path, body, headers = {}) => {
    const payload = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
    return new Promise((resolve, reject) => {
      const request = httpsRequest(
        new URL(path, endpoint.server),
        {
          agent,
          method,
          timeout: requestLimitMs,
          headers: {
            accept: 'application/json',
            authorization: `Bearer ${endpoint.token}`,
            ...(payload === undefined
              ? {}
              : { 'content-type': type, 'content-length': String(Buffer.byteLength(payload)) }),
            ...lowerCased(headers),
          },
        },
        (response) => {
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => chunks.push(chunk))
          response.once('error', reject)
          response.once('end', () => {
            const text = Buffer.concat(chunks).toString('utf8')
            resolve({ status: response.statusCode ?? 0, body: parsed(text) })
          })
        },
      )
      request.once('timeout', () => request.destroy(new Error(`${method} ${path}: no answer in ${requestLimitMs} ms`)))
      request.once('error', reject)
      request.end(payload)
    })
  }
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
