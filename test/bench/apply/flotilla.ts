import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Json } from '../../../repo-layout/json.ts'
import { stringifyYaml } from '../../../repo-layout/yaml/stringify.ts'
import type { KubeconfigEntry } from '../../testbed/cluster-files.ts'
import { kubeconfigOf } from '../../testbed/cluster-files.ts'
import { createWorkTree, type WorkTree } from '../../testbed/work-tree.ts'
import { buildFlotilla, createDaemon } from '../daemon.ts'
import type { Contender } from './contender.ts'
import { startGitRemote } from './git-remote.ts'
import { federatedFile, lone, type Versions } from './objects.ts'

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
  const program = await buildFlotilla()
  const git = await startGitRemote(folder)
  const people = await createWorkTree(git.url)
  people.write('flotilla.yaml', document('Fleet', 'bench', {}))
  for (const entry of entries) people.write(`clusters/${entry.name}.yaml`, clusterFile(entry, folder))
  const daemon = await createDaemon(program, git.url, folder, profile)
  let written: Versions | undefined

  return {
    name: 'flotilla',
    user: 'flotilla',
    async publish(versions) {
      writeWorkloads(people, count, written, versions)
      const isFirst = written === undefined
      written = versions
      await people.commit(`Version ${versions.all}.${versions.one}`)
      await people.push()
      return isFirst ? daemon.start('--new-fleet') : daemon.tell()
    },
    lookAgain: () => daemon.tell(),
    async settled() {
      const commit = await people.git('rev-parse', 'HEAD')
      // Nothing makes Deployments ready in these clusters, so that they are synced is never said; applied is what counts.
      await daemon.until(commit, (all) => all.length > 0 && all.every(({ isApplied }) => isApplied))
    },
    async restart() {
      await daemon.stop()
      return daemon.start()
    },
    usage: () => daemon.usage(),
    async stop() {
      await daemon.stop()
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

/** One of our own kinds as a file. */
export function document(kind: string, name: string, spec: Json): string {
  return stringifyYaml({ apiVersion: 'flotilla.dev/v1alpha1', kind, metadata: { name }, spec })
}
