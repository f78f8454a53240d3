import type { Json } from '../../repo-layout/json.ts'
import { stringifyYaml } from '../../repo-layout/yaml/stringify.ts'
import type { Endpoint } from './admin.ts'

/** Writes a kubeconfig of one context for an account's token. */
export function kubeconfigText(name: string, endpoint: Endpoint, token: string): string {
  const { server, caData, tlsServerName, skipTlsVerify, proxyUrl } = endpoint
  const cluster: { [key: string]: Json } = {
    server,
    ...(caData === undefined ? {} : { 'certificate-authority-data': caData }),
    ...(tlsServerName === undefined ? {} : { 'tls-server-name': tlsServerName }),
    ...(skipTlsVerify ? { 'insecure-skip-tls-verify': true } : {}),
    ...(proxyUrl === undefined ? {} : { 'proxy-url': proxyUrl }),
  }
  return stringifyYaml({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster }],
    users: [{ name: 'flotilla', user: { token } }],
    contexts: [{ name, context: { cluster: name, user: 'flotilla' } }],
    'current-context': name,
  })
}
