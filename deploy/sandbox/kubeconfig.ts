import type { JsonObject } from '../../repo-layout/json.ts'

/** What a kubeconfig says of one cluster. */
export interface KubeconfigEntry {
  readonly name: string
  readonly server: string
  readonly caData: string
  readonly token: string
}

/** A kubeconfig with a context of the same name for each cluster; the first is the current one. */
export function kubeconfigOf(entries: readonly KubeconfigEntry[]): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': entries[0]?.name ?? '',
    clusters: entries.map(({ name, server, caData }) => ({
      name,
      cluster: { server, 'certificate-authority-data': caData },
    })),
    users: entries.map(({ name, token }) => ({ name, user: { token } })),
    contexts: entries.map(({ name }) => ({ name, context: { cluster: name, user: name } })),
  }
}
