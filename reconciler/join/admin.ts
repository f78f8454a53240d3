import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import type { Clock } from '../clock.ts'
import { connect } from '../member/connect.ts'
import { parseKubeConfig } from '../member/kubeconfig.ts'
import type { Transport } from '../member/transport.ts'

/** A person's own way to a cluster: a context of a kubeconfig. */
export interface Admin {
  readonly path: string
  readonly context: string
  readonly endpoint: Endpoint
  readonly transport: Transport
}

/** Where an API server is and how it is trusted, as a kubeconfig says it. */
export interface Endpoint {
  readonly server: string
  /** PEM in base64; undefined where the machine's own authorities count. */
  readonly caData: string | undefined
  readonly tlsServerName: string | undefined
  readonly skipTlsVerify: boolean
  readonly proxyUrl: string | undefined
}

/** Which context is meant: by name, in a file or where kubectl looks. */
export interface ContextFlags {
  readonly context?: string | undefined
  readonly kubeconfig?: string | undefined
}

/**
 * Opens the way of a person to a cluster. Rejects with a message for people where there is no such file or context; asks
 * the cluster nothing. Where KUBECONFIG names several files, the first that has the context counts.
 */
export async function openAdmin(flags: ContextFlags, env: NodeJS.ProcessEnv, clock: Clock): Promise<Admin> {
  const paths = flags.kubeconfig === undefined ? defaultPaths(env) : [flags.kubeconfig]
  const problems: string[] = []
  for (const path of paths) {
    let text: string
    try {
      text = await readFile(path, 'utf8')
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error))
      continue
    }
    const { name: context, cluster } = parseKubeConfig(text, flags.context, path, dirname(path))
    if (!cluster) {
      problems.push(`${path} has no context ${context === '' ? 'that is the current one' : `"${context}"`}`)
      continue
    }
    const caData = cluster.caData ?? (cluster.caFile ? (await readFile(cluster.caFile)).toString('base64') : undefined)
    const connection = { type: 'file', path, context } as const
    return {
      path,
      context,
      endpoint: {
        server: cluster.server,
        caData,
        tlsServerName: cluster.tlsServerName,
        skipTlsVerify: cluster.skipTLSVerify === true,
        proxyUrl: cluster.proxyUrl,
      },
      transport: connect(
        { name: context, connection, proxyURL: '', serviceAccountName: '' },
        { clock, readSecret: () => Promise.reject(new Error('a kubeconfig reads no Secrets')) },
      ),
    }
  }
  throw new Error(problems.join('; '))
}

function defaultPaths(env: NodeJS.ProcessEnv): readonly string[] {
  const named = (env.KUBECONFIG ?? '').split(delimiter).filter((path) => path !== '')
  return named.length > 0 ? named : [join(homedir(), '.kube', 'config')]
}
