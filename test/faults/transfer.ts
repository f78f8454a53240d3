import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import type { Json } from '../../repo-layout/json.ts'
import type { What } from './fault.ts'
import type { Upstream } from './upstream.ts'

/** A request with its whole body, and where its answer goes. */
export interface Call {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly body: Buffer
  readonly isWatch: boolean
  readonly isWrite: boolean
}

/** Told when the server has done what was asked, before the answer is passed back. */
export interface Witness {
  done(status: number, answer: Buffer): Promise<void>
}

/** Passes one request on and its answer back, or does to it what a fault says. */
export type Transfer = (
  call: Call,
  fault: { readonly what: What; readonly ended: AbortSignal } | undefined,
  witness: Witness,
) => Promise<void>

/** Makes the transfer of a proxy. `passable` resolves once the network lets something pass. */
export function createTransfer(options: {
  readonly upstream: Upstream
  readonly passable: () => Promise<void> | undefined
  readonly recorded: ReadonlyMap<string, { readonly status: number; readonly body: Buffer }>
}): Transfer {
  const { upstream, passable, recorded } = options

  async function send({ request, response, body, isWrite }: Call): Promise<IncomingMessage> {
    const gone = new AbortController()
    // A server goes on with a write whose client went away; a watch without a client would stay open for ever.
    if (!isWrite) response.once('close', () => gone.abort())
    return upstream.send({
      method: request.method ?? 'GET',
      path: request.url ?? '/',
      headers: request.headers,
      body,
      ...(isWrite ? {} : { signal: gone.signal }),
    })
  }

  async function whole(call: Call, witness: Witness): Promise<{ head: IncomingMessage; body: Buffer }> {
    const head = await send(call)
    const chunks: Buffer[] = []
    for await (const chunk of head) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    await witness.done(head.statusCode ?? 0, body)
    return { head, body }
  }

  async function give(call: Call, status: number, headers: IncomingMessage['headers'], body: Buffer): Promise<void> {
    await passable()
    const { 'transfer-encoding': _chunked, connection: _connection, ...kept } = headers
    call.response.writeHead(status, { ...kept, 'content-length': String(body.length) })
    call.response.end(body)
  }

  async function passOn(call: Call, witness: Witness): Promise<void> {
    if (!call.isWatch) {
      const { head, body } = await whole(call, witness)
      return give(call, head.statusCode ?? 502, head.headers, body)
    }
    const head = await send(call)
    await witness.done(head.statusCode ?? 0, Buffer.alloc(0))
    await passable()
    const { 'transfer-encoding': _chunked, connection: _connection, ...kept } = head.headers
    call.response.writeHead(head.statusCode ?? 502, kept)
    call.response.flushHeaders()
    for await (const chunk of head) {
      await passable()
      call.response.write(chunk)
    }
    call.response.end()
  }

  return async (call, fault, witness) => {
    const { request, response } = call
    if (!fault) return passOn(call, witness)
    const { what, ended } = fault
    const cut = () => void request.socket.destroy()
    const forever = () => Promise.race([closed(response), aborted(ended)]).then(cut)
    switch (what.type) {
      case 'delay':
        await pause(what.ms)
        return passOn(call, witness)
      case 'hang':
        return forever()
      case 'hang after':
        await whole(call, witness)
        return forever()
      case 'late':
        await aborted(ended)
        await whole(call, witness)
        return cut()
      case 'cut':
        return cut()
      case 'cut after':
        await whole(call, witness)
        return cut()
      case 'answer after':
        await whole(call, witness)
        return give(call, what.status, what.headers ?? {}, Buffer.from(what.body ?? ''))
      case 'answer':
        return give(call, what.status, what.headers ?? {}, Buffer.from(what.body ?? ''))
      case 'truncate': {
        const { head, body } = await whole(call, witness)
        const part = body.subarray(0, what.bytes)
        if (what.clean) return give(call, head.statusCode ?? 502, head.headers, part)
        response.writeHead(head.statusCode ?? 502, { ...plain(head), 'content-length': String(body.length + 1) })
        await new Promise<void>((resolve) => response.write(part, () => resolve()))
        return cut()
      }
      case 'watch':
        response.writeHead(200, { 'content-type': 'application/json' })
        response.end(what.events.map((event) => `${JSON.stringify(event)}\n`).join(''))
        return
      case 'stale': {
        const old = recorded.get(request.url ?? '')
        return old ? give(call, old.status, { 'content-type': 'application/json' }, old.body) : passOn(call, witness)
      }
      case 'slow': {
        const { head, body } = await whole(call, witness)
        response.writeHead(head.statusCode ?? 502, { ...plain(head), 'content-length': String(body.length) })
        const step = Math.max(1, Math.ceil(what.bytesPerSecond / 20))
        for (let at = 0; at < body.length && !response.destroyed; at += step) {
          response.write(body.subarray(at, at + step))
          if (!ended.aborted) await pause(50)
        }
        response.end()
        return
      }
      case 'skew': {
        const { head, body } = await whole(call, witness)
        const date = new Date(Date.now() + what.ms).toUTCString()
        return give(call, head.statusCode ?? 502, { ...head.headers, date }, body)
      }
      case 'edit': {
        const { head, body } = await whole(call, witness)
        const edited = what.edit(JSON.parse(body.toString()) as Json)
        return give(call, head.statusCode ?? 502, head.headers, Buffer.from(JSON.stringify(edited)))
      }
    }
  }
}

function plain(head: IncomingMessage): IncomingMessage['headers'] {
  const { 'transfer-encoding': _chunked, connection: _connection, 'content-length': _length, ...kept } = head.headers
  return kept
}

async function closed(response: ServerResponse): Promise<void> {
  if (!response.destroyed) await once(response, 'close')
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort')
}
