import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Admit } from '../../deploy/sandbox/types.ts'
import type { JsonObject } from '../../repo-layout/json.ts'
import { type ApiRequest, apiClient } from './api-client.ts'
import { type AuditEntry, auditLogReader } from './audit-log.ts'
import { type ClusterUser, kubeconfigOf, masterUser, writeClusterFiles } from './cluster-files.ts'
import { createFakeNode, startControllers } from './controllers.ts'
import { freePort } from './ports.ts'
import { type OwnedProcess, removeAtExit, removeNow } from './processes.ts'
import { type ServerPlan, startServers, waitUntilReady } from './servers.ts'

/** What `startControlPlane` can be asked for. */
export interface ControlPlaneOptions {
  /** The name of its kubeconfig context; `cluster1` by default. */
  readonly name?: string
  /** Adds kube-controller-manager, kube-scheduler and kwok with one fake node, so that workloads get ready. */
  readonly controllers?: boolean
  /** Records every request's metadata for `auditEntries`. */
  readonly audit?: boolean
  /** More users than the two of `system:masters` that are always there; RBAC decides what they may do. */
  readonly users?: readonly ClusterUser[]
  /** More flags for kube-apiserver, each in the form `--name=value`. */
  readonly apiServerFlags?: readonly string[]
}

/** A running member cluster: real etcd and real kube-apiserver on loopback ports. */
export interface ControlPlane {
  readonly name: string
  /** `https://127.0.0.1:<port>`. */
  readonly server: string
  /** The bearer token of the user `admin`, who may do everything. */
  readonly token: string
  /** The certificate authority of the server: PEM in base64, as a kubeconfig holds it. */
  readonly caData: string
  readonly kubeconfig: JsonObject
  readonly kubeconfigPath: string
  /** Speaks as the user `testbed`, so that an audit log tells a test's own requests from those of `admin`. */
  readonly request: ApiRequest
  /** Where the requests are recorded, one JSON object a line, with the option `audit`. */
  readonly auditLogPath: string
  /** The requests that were answered so far, oldest first; throws where the option `audit` was not given. */
  auditEntries(): readonly AuditEntry[]
  /** Ends every process and removes the data; the control plane cannot be started again. */
  stop(): Promise<void>
  /** Ends every process at once as a crash would. The data stays for `restart`. */
  kill(): Promise<void>
  /** Ends what still runs and starts it on the same ports with the same data; resolves when it is ready. */
  restart(): Promise<void>
  /** Stops the API server from answering while its connections stay open: a cluster that hangs, until `thaw`. */
  freeze(): void
  thaw(): void
  /** What a cluster in memory does not admit; undefined for a real one, which has policies of its own. See `refuse`. */
  readonly policies?: Set<Admit>
}

/**
 * Starts one control plane and resolves when it answers, some seconds later. It dies with this process. Throws an error
 * with the end of the log of the program that failed.
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const name = options.name ?? 'cluster1'
  const folder = mkdtempSync(join(tmpdir(), `flotilla-${name}-`))
  removeAtExit(folder)
  const [admin, testbed, controllers] = [masterUser('admin'), masterUser('testbed'), masterUser('controllers')]
  const plan: ServerPlan = {
    files: writeClusterFiles(folder, [admin, testbed, controllers, ...(options.users ?? [])]),
    etcdPort: await freePort(),
    peerPort: await freePort(),
    port: await freePort(),
    audit: options.audit === true,
    flags: options.apiServerFlags ?? [],
  }
  const server = `https://127.0.0.1:${plan.port}`

  let processes: readonly OwnedProcess[] = []
  let stopped = false
  const kill = async () => {
    await Promise.all(processes.map((process) => process.kill()))
    processes = []
  }
  const start = async () => {
    processes = startServers(plan)
    const authority = await waitUntilReady(plan, processes, testbed.token)
    const entry = { name, server, caData: Buffer.from(authority).toString('base64') }
    const request = apiClient({ server, ca: authority, token: testbed.token })
    if (options.controllers === true) {
      const path = join(folder, 'controllers.kubeconfig')
      writeFileSync(path, JSON.stringify(kubeconfigOf([{ ...entry, user: controllers }])), { mode: 0o600 })
      processes = [...processes, ...startControllers(plan.files, path)]
      await createFakeNode(request)
    }
    return { entry, request }
  }
  const stop = async () => {
    stopped = true
    await kill()
    removeNow(folder)
  }

  try {
    const { entry, request } = await start()
    const kubeconfig = kubeconfigOf([{ ...entry, user: admin }])
    const kubeconfigPath = join(folder, 'kubeconfig')
    writeFileSync(kubeconfigPath, JSON.stringify(kubeconfig, null, 2), { mode: 0o600 })
    const auditEntries = auditLogReader(plan.files.auditLog)
    const apiServer = () => processes.find((process) => process.name === 'kube-apiserver')
    return {
      ...entry,
      token: admin.token,
      kubeconfig,
      kubeconfigPath,
      request,
      auditLogPath: plan.files.auditLog,
      auditEntries: () => {
        if (!plan.audit) throw new Error(`${name} was started without the option audit`)
        return auditEntries()
      },
      stop,
      kill,
      restart: async () => {
        if (stopped) throw new Error(`${name} was stopped and its data is gone`)
        await kill()
        await start()
      },
      freeze: () => apiServer()?.signal('SIGSTOP'),
      thaw: () => apiServer()?.signal('SIGCONT'),
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Starts `count` control planes at the same time, named `cluster1` and so on; all of them or none. */
export async function startControlPlanes(
  count: number,
  options: ControlPlaneOptions = {},
): Promise<readonly ControlPlane[]> {
  const names = Array.from({ length: count }, (_, i) => `${options.name ?? 'cluster'}${i + 1}`)
  const results = await Promise.allSettled(names.map((name) => startControlPlane({ ...options, name })))
  const started = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const failed = results.find((result) => result.status === 'rejected')
  if (failed === undefined) return started
  await Promise.all(started.map((plane) => plane.stop()))
  throw failed.reason
}
