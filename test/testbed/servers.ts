import { setTimeout as sleep } from 'node:timers/promises'
import { apiClient } from './api-client.ts'
import { requireBinary } from './binaries.ts'
import { type ClusterFiles, readAuthority } from './cluster-files.ts'
import { type OwnedProcess, startProcess } from './processes.ts'

/** All that decides how etcd and kube-apiserver of one control plane are started; the same plan starts them again. */
export interface ServerPlan {
  readonly files: ClusterFiles
  readonly etcdPort: number
  readonly peerPort: number
  readonly port: number
  readonly audit: boolean
  readonly flags: readonly string[]
}

const readyLimitMs = 110_000

/** Starts etcd and kube-apiserver side by side: the second waits for the first by itself. */
export function startServers(plan: ServerPlan): readonly OwnedProcess[] {
  const { files } = plan
  const etcdUrl = `http://127.0.0.1:${plan.etcdPort}`
  const etcd = startProcess(
    requireBinary('etcd'),
    [
      `--data-dir=${files.etcd}`,
      `--listen-client-urls=${etcdUrl}`,
      `--advertise-client-urls=${etcdUrl}`,
      `--listen-peer-urls=http://127.0.0.1:${plan.peerPort}`,
      '--unsafe-no-fsync',
      '--log-level=warn',
    ],
    files.log('etcd'),
  )
  const apiServer = startProcess(
    requireBinary('kube-apiserver'),
    [
      `--etcd-servers=${etcdUrl}`,
      `--secure-port=${plan.port}`,
      '--bind-address=127.0.0.1',
      // Without one the server looks for a default route, which a machine without a network does not have.
      '--advertise-address=127.0.0.1',
      `--cert-dir=${files.certs}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${files.serviceAccountKey}`,
      `--service-account-signing-key-file=${files.serviceAccountKey}`,
      '--service-cluster-ip-range=10.0.0.0/24',
      '--authorization-mode=RBAC',
      `--token-auth-file=${files.tokens}`,
      // The first wants a controller that makes service accounts, the second a kubelet that unties new nodes.
      '--disable-admission-plugins=ServiceAccount,TaintNodesByCondition',
      ...(plan.audit
        ? [
            `--audit-policy-file=${files.auditPolicy}`,
            `--audit-log-path=${files.auditLog}`,
            // A request is in the log before its answer is sent, so a test need not wait for it.
            '--audit-log-mode=blocking-strict',
          ]
        : []),
      ...plan.flags,
    ],
    files.log('kube-apiserver'),
  )
  return [etcd, apiServer]
}

/**
 * Resolves with the server's certificate authority (PEM) once it is ready and the namespace `default` is there. Throws
 * with the end of the log if a process ends before, or after 110 seconds.
 */
export async function waitUntilReady(
  plan: ServerPlan,
  processes: readonly OwnedProcess[],
  token: string,
): Promise<string> {
  const giveUp = Date.now() + readyLimitMs
  while (Date.now() < giveUp) {
    const dead = processes.find((process) => !process.running())
    if (dead !== undefined) throw new Error(`${dead.name} ended before it was ready:\n${dead.logTail()}`)
    const authority = await readyAuthority(plan, token)
    if (authority !== undefined) return authority
    await sleep(100)
  }
  const last = processes.at(-1)
  throw new Error(`not ready after ${readyLimitMs / 1000} s:\n${last?.logTail() ?? ''}`)
}

async function readyAuthority(plan: ServerPlan, token: string): Promise<string | undefined> {
  try {
    const ca = readAuthority(plan.files)
    const request = apiClient({ server: `https://127.0.0.1:${plan.port}`, ca, token })
    if ((await request('GET', '/readyz')).status !== 200) return undefined
    return (await request('GET', '/api/v1/namespaces/default')).status === 200 ? ca : undefined
  } catch {
    // Its certificate is not written or its port is not open yet.
    return undefined
  }
}
