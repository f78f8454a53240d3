import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { kubeconfigOf as kubeconfigWithTokens } from '../../deploy/sandbox/kubeconfig.ts'
import type { JsonObject } from '../../repo-layout/json.ts'

/** Someone who may talk to a control plane with a bearer token. */
export interface ClusterUser {
  readonly name: string
  readonly token: string
  readonly groups: readonly string[]
}

/** Where a control plane keeps what it reads and writes. */
export interface ClusterFiles {
  readonly folder: string
  readonly etcd: string
  readonly certs: string
  readonly tokens: string
  readonly serviceAccountKey: string
  readonly auditPolicy: string
  readonly auditLog: string
  readonly log: (program: string) => string
}

/** A user of `system:masters` with a fresh token. */
export function masterUser(name: string): ClusterUser {
  return { name, token: randomBytes(16).toString('hex'), groups: ['system:masters'] }
}

/** Writes what a kube-apiserver reads at its start into `folder`: tokens, the service account key, the audit policy. */
export function writeClusterFiles(folder: string, users: readonly ClusterUser[]): ClusterFiles {
  const files: ClusterFiles = {
    folder,
    etcd: join(folder, 'etcd'),
    certs: join(folder, 'certs'),
    tokens: join(folder, 'tokens.csv'),
    serviceAccountKey: join(folder, 'sa.key'),
    auditPolicy: join(folder, 'audit-policy.yaml'),
    auditLog: join(folder, 'audit.log'),
    log: (program) => join(folder, `${program}.log`),
  }
  mkdirSync(files.certs)
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const lines = users.map((user) => `${user.token},${user.name},${user.name},"${user.groups.join(',')}"\n`)
  writeFileSync(files.tokens, lines.join(''), { mode: 0o600 })
  writeFileSync(files.serviceAccountKey, privateKey.export({ type: 'sec1', format: 'pem' }), { mode: 0o600 })
  writeFileSync(files.auditPolicy, JSON.stringify(auditPolicy))
  return files
}

// The API server's calls to itself are left out: they would hide what a test asks about.
const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    { level: 'None', users: ['system:apiserver', 'system:anonymous'] },
    { level: 'None', nonResourceURLs: ['/readyz', '/livez', '/healthz'] },
    { level: 'Metadata' },
  ],
}

/**
 * The certificate authority that a kube-apiserver made for itself, as PEM. Its certificate file holds its own
 * certificate first and the authority's last. Throws where the server has not written it yet.
 */
export function readAuthority(files: ClusterFiles): string {
  const text = readFileSync(join(files.certs, 'apiserver.crt'), 'utf8')
  const last = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)?.at(-1)
  if (last === undefined) throw new Error(`no certificate in ${files.certs}/apiserver.crt`)
  return `${last}\n`
}

/** One cluster as a kubeconfig names it. */
export interface KubeconfigEntry {
  readonly name: string
  readonly server: string
  readonly caData: string
  readonly user: ClusterUser
}

/** A kubeconfig with a context of the same name for each cluster, as its user; the first is the current one. */
export function kubeconfigOf(entries: readonly KubeconfigEntry[]): JsonObject {
  return kubeconfigWithTokens(
    entries.map(({ name, server, caData, user }) => ({ name, server, caData, token: user.token })),
  )
}
