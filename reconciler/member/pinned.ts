import type { Pin, Transport } from './transport.ts'

/**
 * The same transport, whose requests all go to the API server that the first one went to. A kubeconfig that is replaced by one
 * of another cluster ends the session, and the next one begins with the question which cluster this is.
 */
export function pinnedTransport(transport: Transport): Transport {
  const pin: Pin = {}
  return {
    request: (method, path, options) => transport.request(method, path, { ...options, pin }),
    stream: (path, options) => transport.stream(path, { ...options, pin }),
    close: () => transport.close(),
  }
}
