import { connect, createServer, type Socket } from 'node:net'
import { deferred } from '../../../reconciler/member/deferred.ts'

/** A wire to a server that a test can cut, block and mend: what a broken network looks like to a daemon. */
export interface Gate {
  readonly port: number
  /** While closed, connections are cut and refused. */
  setOpen(open: boolean): void
  /** Lets `bytes` more pass to the server and then nothing any more; resolves when that is so. */
  blockAfter(bytes: number): Promise<void>
  /** Lets pass again what comes from now on. */
  unblock(): void
  stop(): Promise<void>
}

/** Opens a gate in front of a server on this machine. */
export async function openGate(target: number): Promise<Gate> {
  const sockets = new Set<Socket>()
  let open = true
  let budget = Number.POSITIVE_INFINITY
  let blocked = deferred<void>()

  const server = createServer((client) => {
    if (!open) {
      client.destroy()
      return
    }
    const upstream = connect(target, '127.0.0.1')
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.on('data', (chunk: Buffer) => {
      budget -= chunk.length
      if (budget >= 0) upstream.write(chunk)
      else blocked.resolve()
    })
    upstream.on('data', (chunk: Buffer) => client.write(chunk))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  server.unref()
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the gate has no port')

  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: address.port,
    setOpen(next) {
      open = next
      if (!open) cut()
    },
    blockAfter(bytes) {
      blocked = deferred()
      budget = bytes
      return blocked.promise
    },
    unblock() {
      budget = Number.POSITIVE_INFINITY
      cut()
    },
    async stop() {
      open = false
      cut()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
