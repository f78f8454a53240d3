import { HeldBackError } from './hold-back.ts'
import type { Method, RequestOptions, Transport } from './transport.ts'

/** Says whether this process may write now. Asked right before every write, so every answer is from memory. */
export interface Fence {
  /** How often the process has stood still so far: what it read before the last time may have been overtaken. */
  standstills(): number
  /** Why nothing may be written now; undefined where it may. */
  closed(): string | undefined
  /** Resolves once it may be written; rejects where that takes long, or can never be again. */
  opened(): Promise<void>
}

/**
 * The same transport, whose writes pass the fence. After a standstill the first of them reads anew in whose hands the cluster
 * is (`reread`, one request for all that wait; rejects where it is in others'), and a write whose bytes had not left yet
 * is held back until then. Reading is never held back.
 */
export function fencedTransport(transport: Transport, fence: Fence, reread: () => Promise<void>): Transport {
  let known = fence.standstills()
  let rereading: Promise<void> | undefined

  const mayWrite = () => fence.closed() === undefined && fence.standstills() === known

  async function ready(): Promise<void> {
    while (!mayWrite()) {
      await fence.opened()
      const now = fence.standstills()
      if (now === known) continue
      rereading ??= reread()
        .then(() => {
          known = now
        })
        .finally(() => {
          rereading = undefined
        })
      await rereading
    }
  }

  async function write(method: Method, path: string, options: RequestOptions = {}) {
    for (;;) {
      await ready()
      try {
        return await transport.request(method, path, { ...options, maySend: mayWrite })
      } catch (error) {
        if (!(error instanceof HeldBackError)) throw error
      }
    }
  }

  return {
    request: (method, path, options) =>
      method === 'GET' ? transport.request(method, path, options) : write(method, path, options),
    stream: (path, options) => transport.stream(path, options),
    close: () => transport.close(),
  }
}
