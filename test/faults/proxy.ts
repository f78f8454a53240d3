import { createServer as createPlainServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import { createServer, type Socket } from 'node:net'
import { type CertificateKind, certificateOf } from './certificates.ts'
import { type Asked, type Fault, matches, type What } from './fault.ts'
import { createTransfer } from './transfer.ts'
import type { Upstream } from './upstream.ts'

/** How the network in front of a server is. */
export type Network =
  | 'open'
  /** Connections are closed, and new ones at once. */
  | 'refused'
  /** Half open: connections stay and new ones are taken, and nothing passes; what was sent passes once it is open again. */
  | 'silent'

/** A request that changes something, on its way. */
export interface Write extends Asked {
  /** Counts writes of this proxy from 1. */
  readonly n: number
  readonly body: string
}

/**
 * Told of each write when it has arrived and is not passed on yet, and when it is done and not answered yet. One that
 * `before` answers with `drop` is not passed on.
 */
export interface WriteHook {
  before?(write: Write): Promise<'drop' | undefined> | 'drop' | undefined
  after?(write: Write, status: number): Promise<void> | void
}

/** A server's place as clients see it, with faults on the way there. */
export interface FaultProxy {
  readonly port: number
  /** Puts faults in force until the function that it returns is called. */
  inject(...faults: readonly Fault[]): () => void
  setNetwork(network: Network): void
  /** Which certificate new connections are shown; the connections that are open are closed. */
  present(kind: CertificateKind): void
  /** Remembers from now on what GETs are answered, each one's last answer, for `stale`. */
  record(): void
  /** Has a hook told of writes until the function that it returns is called. */
  onWrite(hook: WriteHook): () => void
  /** From now on nothing of this client passes in either direction: it is as good as dead. */
  cutOff(client: string): void
  /** What was asked so far, oldest first; a status of 0 where no answer was passed back. */
  readonly asked: readonly (Asked & { readonly client: string; status: number })[]
  stop(): Promise<void>
}

/** What a proxy stands in front of. */
export interface ProxyOptions {
  readonly upstream: Upstream
  /** Whether clients speak TLS to it. */
  readonly tls: boolean
  readonly isWrite: (method: string, path: string) => boolean
  /** A number from 0 up to 1 for faults that hit a share of the requests. */
  readonly random?: () => number
}

/** Starts a proxy on a free port of this machine; it does not keep Node running. */
export async function startProxy(options: ProxyOptions): Promise<FaultProxy> {
  const { upstream, isWrite, random = Math.random } = options
  const sockets = new Set<Socket>()
  const asked: (Asked & { readonly client: string; status: number })[] = []
  const faults = new Set<{ readonly fault: Fault; matched: number; hit: number; readonly ended: AbortController }>()
  const hooks = new Set<WriteHook>()
  const dead = new Set<string>()
  const socketsOf = new Map<string, Set<Socket>>()
  const recorded = new Map<string, { readonly status: number; readonly body: Buffer }>()
  let recording = false
  let network: Network = 'open'
  const waiting: (() => void)[] = []
  let writes = 0

  const passable = () => (network === 'silent' ? new Promise<void>((resolve) => waiting.push(resolve)) : undefined)
  const transfer = createTransfer({ upstream, passable, recorded })

  function pick(one: Asked): { readonly what: What; readonly ended: AbortSignal } | undefined {
    for (const entry of faults) {
      const { on = {}, skip = 0, times = Number.POSITIVE_INFINITY, share = 1, what } = entry.fault
      if (!matches(on, one) || entry.matched++ < skip || entry.hit >= times || (share < 1 && random() >= share))
        continue
      entry.hit++
      return { what, ended: entry.ended.signal }
    }
    return undefined
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const client = clientOf(request.headers.authorization)
    const { socket } = request
    const own = socketsOf.get(client) ?? new Set()
    if (!own.has(socket)) socket.once('close', () => own.delete(socket))
    socketsOf.set(client, own.add(socket))
    const body = await readBody(request)
    await passable()
    if (dead.has(client) || network === 'refused' || body === undefined) return void socket.destroy()
    const [method, path] = [request.method ?? 'GET', request.url ?? '/']
    const one = {
      method,
      path,
      client,
      isWatch: /[?&]watch=true/.test(path),
      isWrite: isWrite(method, path),
      status: 0,
    }
    asked.push(one)
    const write = one.isWrite ? { ...one, n: ++writes, body: body.toString() } : undefined
    for (const hook of hooks) if (write && (await hook.before?.(write)) === 'drop') return void socket.destroy()
    if (dead.has(client)) return void socket.destroy()
    await transfer({ request, response, body, isWatch: one.isWatch, isWrite: one.isWrite }, pick(one), {
      async done(status, answer) {
        one.status = status
        if (recording && method === 'GET' && !one.isWatch) recorded.set(path, { status, body: answer })
        for (const hook of hooks) if (write) await hook.after?.(write, status)
      },
    })
  }

  const listener = (request: IncomingMessage, response: ServerResponse) => {
    response.on('error', () => undefined)
    handle(request, response).catch(() => request.socket.destroy())
  }
  const inner = options.tls ? createTlsServer(pairOf('good'), listener) : createPlainServer(listener)
  inner.on('tlsClientError', () => undefined)
  inner.on('clientError', (_error: Error, socket: Socket) => socket.destroy())
  inner.keepAliveTimeout = 120_000
  const outer = createServer((socket) => {
    socket.on('error', () => undefined)
    if (network === 'refused') return void socket.destroy()
    sockets.add(socket)
    socket.unref()
    socket.once('close', () => sockets.delete(socket))
    const pass = () => void inner.emit('connection', socket)
    const wait = passable()
    if (wait) void wait.then(pass)
    else pass()
  })
  await new Promise<void>((resolve) => outer.listen(0, '127.0.0.1', resolve))
  outer.unref()
  const address = outer.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')

  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: address.port,
    asked,
    inject(...added) {
      const entries = added.map((fault) => ({ fault, matched: 0, hit: 0, ended: new AbortController() }))
      for (const entry of entries) faults.add(entry)
      return () => {
        for (const entry of entries) {
          faults.delete(entry)
          entry.ended.abort()
        }
      }
    },
    setNetwork(next) {
      network = next
      if (next === 'refused') cut()
      if (next !== 'silent') for (const go of waiting.splice(0)) go()
    },
    present(kind) {
      if (!isTls(inner)) throw new Error('this proxy shows no certificate')
      inner.setSecureContext(pairOf(kind))
      cut()
    },
    record() {
      recording = true
    },
    onWrite(hook) {
      hooks.add(hook)
      return () => void hooks.delete(hook)
    },
    cutOff(client) {
      dead.add(client)
      for (const socket of socketsOf.get(client) ?? []) socket.destroy()
    },
    async stop() {
      network = 'refused'
      cut()
      for (const go of waiting.splice(0)) go()
      for (const { ended } of faults) ended.abort()
      upstream.close()
      await new Promise<void>((resolve) => outer.close(() => resolve()))
    },
  }
}

/** Who asks: the bearer's token, or the name before a password. */
function clientOf(authorization = ''): string {
  const [scheme, value = ''] = authorization.split(' ')
  if (scheme !== 'Basic') return value
  return Buffer.from(value, 'base64').toString().split(':')[0] ?? ''
}

function pairOf(kind: CertificateKind): { key: string; cert: string } {
  const { key, cert } = certificateOf(kind)
  return { key, cert }
}

function isTls(server: object): server is TlsServer {
  return 'setSecureContext' in server
}

/** The whole body; undefined where the client went away before its end. */
function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.once('end', () => resolve(Buffer.concat(chunks)))
    request.once('error', () => resolve(undefined))
    request.once('close', () => resolve(undefined))
  })
}
