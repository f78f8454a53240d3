import type { Transport } from '../member/transport.ts'

/**
 * A transport that lets through only what writes nothing: reads, and applies that are dry runs. Whatever else is asked of
 * it rejects before a byte is sent, so that a plan cannot change a cluster whatever its code does.
 */
export function readOnly(transport: Transport): Transport {
  return {
    request(method, path, options) {
      const isDryRun = method === 'PATCH' && options?.query?.dryRun === 'All'
      if (method === 'GET' || isDryRun) return transport.request(method, path, options)
      return Promise.reject(new Error(`a plan writes nothing, and this would: ${method} ${path}`))
    },
    stream: (path, options) => transport.stream(path, options),
    close: () => transport.close(),
  }
}
