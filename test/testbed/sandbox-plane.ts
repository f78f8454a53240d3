import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startSandbox } from '../../deploy/sandbox/start.ts'
import type { Admit, AuditRecord } from '../../deploy/sandbox/types.ts'
import { apiClient } from './api-client.ts'
import type { AuditEntry } from './audit-log.ts'
import type { ControlPlane } from './control-plane.ts'
import { removeAtExit, removeNow } from './processes.ts'

/** A member cluster in this process that a suite takes for a control plane; see `ControlPlane` for what it does. */
export async function startSandboxPlane(name: string, controllers: boolean): Promise<ControlPlane> {
  const nodes = controllers ? [{ name: 'node1' }] : []
  const policies = new Set<Admit>()
  const admit: Admit = (write) => {
    for (const policy of policies) {
      const why = policy(write)
      if (why !== undefined) return why
    }
    return undefined
  }
  const sandbox = await startSandbox({ clusters: [{ name, controllers, nodes, audit: true, admit }] })
  const cluster = sandbox.cluster(name)
  const folder = mkdtempSync(join(tmpdir(), `flotilla-${name}-`))
  removeAtExit(folder)
  const kubeconfigPath = join(folder, 'kubeconfig')
  writeFileSync(kubeconfigPath, JSON.stringify(cluster.kubeconfig()), { mode: 0o600 })
  const { server, caData, token } = cluster
  const ca = Buffer.from(caData, 'base64').toString()
  return {
    name,
    server,
    caData,
    token,
    kubeconfig: cluster.kubeconfig(),
    kubeconfigPath,
    auditLogPath: '',
    request: apiClient({ server, ca, token: cluster.tokenFor('testbed') }),
    auditEntries: () => cluster.audit().map(entryOf),
    async stop() {
      await sandbox.stop()
      removeNow(folder)
    },
    kill: () => cluster.setReachable(false),
    restart: () => cluster.setReachable(true),
    freeze: () => cluster.setHanging(true),
    thaw: () => cluster.setHanging(false),
    policies,
  }
}

function entryOf(record: AuditRecord): AuditEntry {
  return {
    stage: 'ResponseComplete',
    verb: record.verb,
    requestURI: record.uri,
    user: { username: record.user },
    userAgent: record.userAgent,
    objectRef: {
      resource: record.resource,
      namespace: record.namespace,
      name: record.objectName,
      subresource: record.subresource,
    },
    responseStatus: { code: record.status },
    requestReceivedTimestamp: new Date(record.receivedAt).toISOString(),
    stageTimestamp: new Date(record.answeredAt).toISOString(),
  }
}
