import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { digestOf, type PackedChart } from '../../charts/pack.ts'
import { indexOf } from '../../charts/repository.ts'

/** A request that arrived. */
export interface SeenRequest {
  readonly path: string
  readonly authorization: string | undefined
  readonly status: number
}

/** A web server whose answers a test can change while it runs. */
export interface TestServer {
  readonly url: string
  readonly seen: SeenRequest[]
  answer: (request: IncomingMessage, response: ServerResponse) => void
  close(): Promise<void>
}

/** Starts a server on a free port of this machine. */
export async function startServer(
  answer: TestServer['answer'],
  tls?: { readonly key: string; readonly cert: string },
): Promise<TestServer> {
  const seen: SeenRequest[] = []
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    const { url = '', headers } = request
    response.on('close', () =>
      seen.push({ path: url, authorization: headers.authorization, status: response.statusCode }),
    )
    server.answer(request, response)
  }
  const listener = tls ? createTlsServer(tls, handle) : createServer(handle)
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const { port } = listener.address() as AddressInfo
  const server: TestServer = {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    seen,
    answer,
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve())
        listener.closeAllConnections()
      }),
  }
  return server
}

/** Answers as a chart repository does, with ETags. `index` overrides its index. */
export function serveCharts(charts: readonly PackedChart[], index = indexOf(charts)): TestServer['answer'] {
  const files = new Map<string, Uint8Array>([
    ['index.yaml', Buffer.from(index)],
    ...charts.map(({ name, version, bytes }) => [`${name}-${version}.tgz`, bytes] as const),
  ])
  return (request, response) => {
    const bytes = files.get((request.url ?? '').replace(/^.*\//, ''))
    if (!bytes) return void response.writeHead(404).end()
    const etag = `"${digestOf(bytes)}"`
    if (request.headers['if-none-match'] === etag) return void response.writeHead(304).end()
    response.writeHead(200, { etag }).end(bytes)
  }
}

/** Answers a request only where it has this user and password. */
export function guarded(user: string, password: string, inner: TestServer['answer']): TestServer['answer'] {
  const expected = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  return (request, response) => {
    if (request.headers.authorization === expected) inner(request, response)
    else response.writeHead(401, { 'www-authenticate': 'Basic realm="charts"' }).end()
  }
}
