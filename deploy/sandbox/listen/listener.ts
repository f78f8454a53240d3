import type { ServerResponse } from 'node:http'
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import { createServer, type Server, type Socket } from 'node:net'
import { protobufType } from '../decode/protobuf.ts'
import type { AnyReply, ApiRequest } from '../http/message.ts'
import { isStream } from '../http/message.ts'
import type { ServerCertificate } from './certificate.ts'

/** A request that has not been authenticated yet. */
export type RawRequest = Omit<ApiRequest, 'user'>

/** Answers one request; never rejects. */
export type Handler = (request: RawRequest) => Promise<AnyReply>

/** One port of the listener. */
export interface Port {
  readonly port: number
  /** `false` destroys its connections and every new one at once; the port stays taken. */
  setReachable(reachable: boolean): void
  close(): Promise<void>
}

/** Opens ports that share one TLS context and one HTTP machinery: a port alone costs a few kilobytes. */
export interface Listener {
  /** Listens on `port`, or on a free one where it is 0. Rejects where the port is taken. */
  open(port: number, handler: Handler): Promise<Port>
  close(): Promise<void>
}

/** Largest body that is read, in bytes, as a kube-apiserver limits it. */
const bodyLimit = 3 * 1024 * 1024

/** Serves HTTP/1.1 with keep-alive and HTTP/2 behind TLS on `host`. */
export function createListener(certificate: ServerCertificate, host: string): Listener {
  const handlers = new Map<number, Handler>()
  const options = { key: certificate.key, cert: certificate.cert, allowHTTP1: true, keepAliveTimeout: 120_000 }
  const secure = createSecureServer(options, (request, response) => {
    void serve(request, response, handlers.get(portOf(request)))
  })
  // A client that goes away in the middle of something is no error of ours.
  secure.on('sessionError', () => undefined)
  secure.on('tlsClientError', () => undefined)
  secure.on('clientError', (_error: Error, socket: Socket) => socket.destroy())
  const ports = new Set<Port>()

  return {
    async open(wanted, handler) {
      const sockets = new Set<Socket>()
      let reachable = true
      const server = createServer((socket) => {
        if (!reachable) return socket.destroy()
        sockets.add(socket)
        socket.setNoDelay(true)
        socket.on('error', () => undefined)
        socket.once('close', () => sockets.delete(socket))
        secure.emit('connection', socket)
        // Whoever is connected keeps his own end open; ours alone is no reason to go on.
        socket.unref()
        return undefined
      })
      const port = await listen(server, wanted, host)
      handlers.set(port, handler)
      const cut = () => {
        for (const socket of sockets) socket.destroy()
      }
      const opened: Port = {
        port,
        setReachable(value) {
          reachable = value
          if (!value) cut()
        },
        close: () =>
          new Promise((resolve) => {
            handlers.delete(port)
            ports.delete(opened)
            server.close(() => resolve())
            cut()
          }),
      }
      ports.add(opened)
      return opened
    },
    async close() {
      await Promise.all([...ports].map((port) => port.close()))
    },
  }
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.removeListener('error', reject)
      server.unref()
      const address = server.address()
      if (address === null || typeof address === 'string') reject(new Error('no port'))
      else resolve(address.port)
    })
  })
}

function portOf(request: Http2ServerRequest): number {
  const socket = request.httpVersionMajor === 2 ? request.stream.session?.socket : request.socket
  return socket?.localPort ?? 0
}

async function serve(
  request: Http2ServerRequest,
  response: Http2ServerResponse,
  handler: Handler | undefined,
): Promise<void> {
  request.on('error', () => undefined)
  response.on('error', () => undefined)
  const body = await readBody(request)
  if (handler === undefined || response.destroyed) return void request.socket.destroy()
  if (body === undefined) {
    response.writeHead(413)
    response.end()
    return
  }
  const url = new URL(request.url, 'https://sandbox')
  const reply = await handler({
    method: request.method,
    path: url.pathname,
    query: url.searchParams,
    headers: request.headers as RawRequest['headers'],
    body,
  })
  send(response, reply)
}

function send(response: Http2ServerResponse, reply: AnyReply): void {
  if (response.destroyed) return
  const headers = { ...reply.headers, 'cache-control': 'no-cache, private' } as Record<string, string | string[]>
  if (!isStream(reply)) {
    response.writeHead(reply.status, { ...headers, 'content-length': String(Buffer.byteLength(reply.text)) })
    response.end(reply.text)
    return
  }
  response.writeHead(reply.status, headers)
  const stop = reply.start(
    (line) => void response.write(line),
    () => void response.end(),
  )
  // Both versions of HTTP say so, also when the connection was destroyed.
  response.once('close', stop)
  if (response.destroyed) stop()
  else if ('flushHeaders' in response) (response as unknown as ServerResponse).flushHeaders()
}

/** The whole body, or undefined where it is too large; a connection that ends before gives what there was. */
function readBody(request: Http2ServerRequest): Promise<string | undefined> {
  if (request.method === 'GET' || request.method === 'HEAD') {
    request.resume()
    return Promise.resolve('')
  }
  const encoding = (request.headers['content-type'] ?? '').startsWith(protobufType) ? 'latin1' : 'utf8'
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= bodyLimit) chunks.push(chunk)
    })
    request.once('close', () => resolve(size > bodyLimit ? undefined : Buffer.concat(chunks).toString(encoding)))
    request.once('end', () => resolve(size > bodyLimit ? undefined : Buffer.concat(chunks).toString(encoding)))
  })
}
