import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '../../../../reconciler/clock.ts'
import type { Json } from '../../../../repo-layout/json.ts'

/** A request to a fake, below the root of its API. */
export interface FakeRequest {
  readonly method: string
  /** Still encoded, without the query. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly body: { readonly [key: string]: Json }
}

/** What a fake answers. */
export interface FakeAnswer {
  readonly status: number
  readonly json?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** Whether a fake can be reached: not at all, or behind a proxy that says 502. */
export type Weather = 'up' | 'down' | 'failing'

/** A request as it was seen, with what came of it; 0 where the connection was broken off. */
export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly status: number
  /** The time of the injected clock. */
  readonly at: number
}

/** The HTTP server of a fake. */
export interface FakeServer {
  readonly url: string
  readonly requests: readonly SeenRequest[]
  /** Requests that are being answered now. */
  underWay(): number
  weather(next: Weather): void
  close(): Promise<void>
}

/** Serves `answer` below `prefix` on a loopback port. */
export async function startFakeServer(
  prefix: string,
  clock: Clock,
  answer: (request: FakeRequest) => FakeAnswer | Promise<FakeAnswer>,
): Promise<FakeServer> {
  const requests: SeenRequest[] = []
  let weather: Weather = 'up'
  let underWay = 0
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://fake')
    const method = request.method ?? 'GET'
    const see = (status: number) => void requests.push({ method, path: url.pathname, status, at: clock.now() })
    if (weather === 'down') {
      see(0)
      request.socket.destroy()
      return
    }
    underWay += 1
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString('utf8')
    const isOurs = url.pathname.startsWith(`${prefix}/`)
    const given: FakeAnswer =
      weather === 'failing'
        ? { status: 502, json: '<html>Bad Gateway</html>' }
        : isOurs
          ? await answer({
              method,
              path: url.pathname.slice(prefix.length),
              query: url.searchParams,
              headers: request.headers,
              body: text === '' ? {} : JSON.parse(text),
            })
          : { status: 404, json: '<html>Not Found</html>' }
    see(given.status)
    underWay -= 1
    response.writeHead(given.status, { 'content-type': 'application/json', ...given.headers })
    response.end(given.json === undefined ? '' : JSON.stringify(given.json))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    underWay: () => underWay,
    weather: (next) => {
      weather = next
    },
    async close() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

/** A time as forges give it, in whole seconds. */
export function inSeconds(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`
}

/** One page of a list with the `Link` header by which forges tell of the next; `most` is what a page holds at most. */
export function pageOf<T>(
  items: readonly T[],
  { query, path }: FakeRequest,
  { parameter, most, usual }: { readonly parameter: string; readonly most: number; readonly usual: number },
): { readonly items: readonly T[]; readonly headers: Readonly<Record<string, string>> } {
  const size = Math.min(most, Number(query.get(parameter) ?? usual))
  const page = Math.max(1, Number(query.get('page') ?? 1))
  const isLast = page * size >= items.length
  const links = [
    ...(isLast ? [] : [`<http://fake${path}?page=${page + 1}>; rel="next"`]),
    ...(page > 1 ? [`<http://fake${path}?page=1>; rel="first"`] : []),
  ]
  return {
    items: items.slice((page - 1) * size, page * size),
    headers: links.length > 0 ? { link: links.join(', ') } : {},
  }
}
