import type { Transport } from '../member/transport.ts'

/**
 * A transport that sends dry runs as another user, as Kubernetes impersonates: what that user may not do is refused there.
 * Reads stay our own.
 */
export function asUser(transport: Transport, user: string | undefined): Transport {
  if (user === undefined) return transport
  return {
    request: (method, path, options) =>
      transport.request(method, path, method === 'PATCH' ? { ...options, asUser: user } : options),
    stream: (path, options) => transport.stream(path, options),
    close: () => transport.close(),
  }
}

/** The user that a service account is, from `namespace/name`. */
export function serviceAccountUser(account: string): string {
  return `system:serviceaccount:${account.replace('/', ':')}`
}
