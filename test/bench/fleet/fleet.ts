import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { JsonObject } from '../../../repo-layout/json.ts'
import { freePort } from '../../testbed/ports.ts'
import { type OwnedProcess, removeAtExit, removeNow, startProcess } from '../../testbed/processes.ts'
import { createWorkTree, type WorkTree } from '../../testbed/work-tree.ts'
import { document } from '../apply/flotilla.ts'
import { startGitRemote } from '../apply/git-remote.ts'
import { federatedFile } from '../apply/objects.ts'
import { createDaemon, type Daemon } from '../daemon.ts'
import { type Usage, usageOf } from '../usage.ts'

/** Sandbox clusters in one process of their own, and a daemon that is not started yet on a repository that names them. */
export interface Fleet {
  readonly daemon: Daemon
  /** Writes all objects with a version, or only the first of them with it, and pushes; gives the commit. */
  publish(version: number, what: 'all' | 'first'): Promise<string>
  /** What the sandbox's process has used; undefined where the system cannot tell. */
  sandboxUsage(): Usage | undefined
  stop(): Promise<void>
}

/** What a fleet is like. */
export interface FleetOptions {
  /** The folder with the built program. */
  readonly program: string
  readonly clusters: number
  /** Of these clusters the last so many refuse every connection, and were never there. */
  readonly dead: number
  /** ConfigMaps in each, beside their namespaces. */
  readonly objects: number
  readonly profile?: string | undefined
}

const sandboxMain = fileURLToPath(new URL('../../../deploy/sandbox/main.ts', import.meta.url))
const patience = 60_000

/** Starts the sandbox and a Git server and pushes the clusters. Everything ends with this process. */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-bench-'))
  removeAtExit(folder)
  const kubeconfig = join(folder, 'kubeconfig')
  const sandbox = await startClusters(options, folder, kubeconfig)
  const names = await nameDead(kubeconfig, options.dead)
  const git = await startGitRemote(folder)
  const people = await createWorkTree(git.url)
  people.write('flotilla.yaml', document('Fleet', 'bench', {}))
  for (const name of names) {
    const connection = { kubeConfigFile: { path: kubeconfig, context: name } }
    people.write(`clusters/${name}.yaml`, document('Cluster', name, { connection }))
  }
  const daemon = await createDaemon(options.program, git.url, folder, options.profile)
  return {
    daemon,
    async publish(version, what) {
      writeWorkloads(people, version, what === 'all' ? options.objects : 1)
      const commit = await people.commit(`Version ${version}`)
      await people.push()
      return commit
    },
    sandboxUsage: () => (sandbox.pid === undefined ? undefined : usageOf(sandbox.pid)),
    async stop() {
      await daemon.stop()
      sandbox.signal('SIGTERM')
      await sandbox.ended
      people.dispose()
      await git.stop()
      removeNow(folder)
    },
  }
}

async function startClusters(options: FleetOptions, folder: string, kubeconfig: string): Promise<OwnedProcess> {
  const flags = [String(options.clusters), '--kubeconfig', kubeconfig]
  const output = join(folder, 'sandbox.log')
  const sandbox = startProcess(process.execPath, ['--import', 'tsx', sandboxMain, ...flags], output)
  for (const end = Date.now() + patience; ; await sleep(50)) {
    if (existsSync(output) && / are ready\./.test(readFileSync(output, 'utf8'))) return sandbox
    if (!sandbox.running() || Date.now() > end) throw new Error(`the sandbox did not start:\n${sandbox.logTail()}`)
  }
}

interface Kubeconfig {
  readonly clusters: readonly { readonly name: string; readonly cluster: JsonObject }[]
}

/** Points the last clusters of a kubeconfig at a port that nothing listens on; gives the names of all. */
async function nameDead(path: string, dead: number): Promise<readonly string[]> {
  const whole = JSON.parse(readFileSync(path, 'utf8')) as Kubeconfig
  const server = `https://127.0.0.1:${await freePort()}`
  const firstDead = whole.clusters.length - dead
  const clusters = whole.clusters.map((one, i) =>
    i < firstDead ? one : { ...one, cluster: { ...one.cluster, server } },
  )
  writeFileSync(path, JSON.stringify({ ...whole, clusters }), { mode: 0o600 })
  return clusters.map(({ name }) => name)
}

function writeWorkloads(people: WorkTree, version: number, count: number): void {
  for (let i = 0; i < count; i++) {
    const index = 2 * i + 1 // the odd ones are ConfigMaps
    people.write(`workloads/app-${index}.yaml`, federatedFile('flotilla', index, { all: version, one: 0 }))
  }
}
