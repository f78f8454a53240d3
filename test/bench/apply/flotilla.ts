import { execFile } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { request } from 'undici'
import { requestHeader } from '../../../reconciler/server/guard.ts'
import { isJsonArray, isJsonObject, type Json } from '../../../repo-layout/json.ts'
import { stringifyYaml } from '../../../repo-layout/yaml/stringify.ts'
import type { KubeconfigEntry } from '../../testbed/cluster-files.ts'
import { kubeconfigOf } from '../../testbed/cluster-files.ts'
import { freePort } from '../../testbed/ports.ts'
import { type OwnedProcess, startProcess } from '../../testbed/processes.ts'
import { createWorkTree, type WorkTree } from '../../testbed/work-tree.ts'
import { usageOf } from '../usage.ts'
import type { Contender } from './contender.ts'
import { startGitRemote } from './git-remote.ts'
import { federatedFile, lone, type Versions } from './objects.ts'

const checkout = fileURLToPath(new URL('../../../', import.meta.url))
/** Below `node_modules`, so that the built program finds its dependencies as an installed one does. */
const built = join(checkout, 'node_modules', '.cache', 'flotilla-bench')
const patience = 120_000

/** What the daemon is started for. */
export interface FlotillaOptions {
  /** The member clusters, with the user that Flotilla is in each. */
  readonly entries: readonly KubeconfigEntry[]
  /** Objects in each cluster. */
  readonly count: number
  readonly folder: string
  /** Where Node writes a profile of the daemon when it ends; none where undefined. */
  readonly profile: string | undefined
}

/** Builds Flotilla as it is installed and starts `flotilla run` as a process of its own, on a real Git server. */
export async function startFlotilla({ entries, count, folder, profile }: FlotillaOptions): Promise<Contender> {
  rmSync(built, { recursive: true, force: true })
  const tsc = join(checkout, 'node_modules', '.bin', 'tsc')
  await promisify(execFile)(tsc, ['--project', join(checkout, 'tsconfig.build.json'), '--outDir', built])

  const git = await startGitRemote(folder)
  const { url } = git
  const people = await createWorkTree(url)
  people.write('flotilla.yaml', document('Fleet', 'bench', {}))
  for (const entry of entries) people.write(`clusters/${entry.name}.yaml`, clusterFile(entry, folder))
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`

  function start(...more: readonly string[]): OwnedProcess {
    const flags = ['--repo', url, '--dir', join(folder, 'clone'), '--listen', `127.0.0.1:${port}`]
    const node = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]
    const program = join(built, 'reconciler', 'main.js')
    return startProcess(process.execPath, [...node, program, 'run', ...flags, ...more], join(folder, 'flotilla.log'))
  }

  let daemon: OwnedProcess | undefined
  let written: Versions | undefined

  async function tell(): Promise<void> {
    const { statusCode, body } = await request(`${origin}/api/v1/sync`, {
      method: 'POST',
      headers: { [requestHeader]: '1' },
    })
    await body.dump()
    if (statusCode !== 202) throw new Error(`flotilla refused to sync: ${statusCode}`)
  }

  return {
    name: 'flotilla',
    user: 'flotilla',
    async publish(versions) {
      writeWorkloads(people, count, written, versions)
      written = versions
      await people.commit(`Version ${versions.all}.${versions.one}`)
      await people.push()
      const at = Date.now()
      if (daemon) await tell()
      else daemon = start('--new-fleet')
      return at
    },
    async lookAgain() {
      const at = Date.now()
      await tell()
      return at
    },
    async settled() {
      const commit = await people.git('rev-parse', 'HEAD')
      for (const end = Date.now() + patience; ; await sleep(50)) {
        const status = await statusOf(origin)
        if (isSettled(status, commit)) return
        if (Date.now() > end || daemon?.running() !== true)
          throw new Error(`flotilla does not settle: ${JSON.stringify(status)}\n${daemon?.logTail()}`)
      }
    },
    async restart() {
      daemon?.signal('SIGTERM')
      await daemon?.ended
      const at = Date.now()
      daemon = start()
      return at
    },
    usage: () => (daemon?.pid === undefined ? undefined : usageOf(daemon.pid)),
    async stop() {
      daemon?.signal('SIGTERM')
      await daemon?.ended
      people.dispose()
      await git.stop()
    },
  }
}

function writeWorkloads(people: WorkTree, count: number, before: Versions | undefined, now: Versions): void {
  for (let index = 0; index < count; index++) {
    if (before?.all === now.all && index !== lone.index) continue
    people.write(`workloads/app-${index}.yaml`, federatedFile('flotilla', index, now))
  }
}

function clusterFile(entry: KubeconfigEntry, folder: string): string {
  const path = join(folder, `${entry.name}.kubeconfig`)
  writeFileSync(path, JSON.stringify(kubeconfigOf([entry])), { mode: 0o600 })
  return document('Cluster', entry.name, { connection: { kubeConfigFile: { path } } })
}

function document(kind: string, name: string, spec: Json): string {
  return stringifyYaml({ apiVersion: 'flotilla.dev/v1alpha1', kind, metadata: { name }, spec })
}

async function statusOf(origin: string): Promise<Json | undefined> {
  try {
    const { body } = await request(`${origin}/api/v1/status?objects=notable`)
    return (await body.json()) as Json
  } catch {
    return undefined // it does not listen yet
  }
}

/** Nothing makes Deployments ready in these clusters, so `synced` is never said; applied is what counts. */
function isSettled(status: Json | undefined, sourceCommit: string): boolean {
  if (!isJsonObject(status) || !isJsonObject(status.source) || !isJsonObject(status.generated)) return false
  const generated = status.generated.commit
  const clusters = isJsonArray(status.clusters) ? status.clusters : []
  return (
    status.source.commit === sourceCommit &&
    clusters.length > 0 &&
    clusters.every(
      (one) =>
        isJsonObject(one) && one.appliedCommit === generated && one.applied === one.total && Number(one.total) > 0,
    )
  )
}
