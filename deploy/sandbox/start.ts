import { systemClock } from '../../reconciler/clock.ts'
import { type Cluster, createCluster } from './cluster.ts'
import { createTokens } from './http/auth.ts'
import { kubeconfigOf } from './kubeconfig.ts'
import { makeServerCertificate } from './listen/certificate.ts'
import { createListener } from './listen/listener.ts'
import type { Delays, Sandbox, SandboxCluster, SandboxOptions } from './types.ts'

export type { Sandbox, SandboxCluster, SandboxOptions } from './types.ts'

const delays: Delays = { podStart: 200, podStop: 50, jobRun: 500 }

/**
 * Starts member clusters in this process and resolves when all of them answer. Rejects where two have one name or a port
 * is taken; nothing stays open then. The clusters do not keep Node running.
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const names = options.clusters.map(({ name }) => name)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) throw new Error(`two clusters are named ${twice}`)
  const host = options.host ?? '127.0.0.1'
  const clock = options.clock ?? systemClock
  const certificate = makeServerCertificate([host, 'localhost'], clock.now())
  const listener = createListener(certificate, host)
  const shared = {
    host,
    clock,
    delays: { ...delays, ...options.delays },
    tokens: createTokens(),
    caData: Buffer.from(certificate.ca).toString('base64'),
    listener,
  }
  const started: Cluster[] = []
  try {
    for (const cluster of options.clusters) started.push(await createCluster(cluster, shared))
  } catch (error) {
    for (const cluster of started) cluster.stop()
    await listener.close()
    throw error
  }
  return sandboxOf(started, () => listener.close())
}

function sandboxOf(started: readonly Cluster[], close: () => Promise<void>): Sandbox {
  const clusters: readonly SandboxCluster[] = started.map(({ api }) => api)
  let stopped: Promise<void> | undefined
  return {
    clusters,
    cluster(name) {
      const found = clusters.find((cluster) => cluster.name === name)
      if (found) return found
      throw new Error(`no cluster ${name}; there are ${clusters.map((one) => one.name).join(', ')}`)
    },
    kubeconfig: () => kubeconfigOf(clusters),
    stop() {
      stopped ??= (async () => {
        for (const cluster of started) cluster.stop()
        await close()
      })()
      return stopped
    },
  }
}
