import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ownApiVersion } from '../../repo-layout/schema/common.ts'
import { stringifyYaml } from '../../repo-layout/yaml/stringify.ts'

/** A member cluster of the demo. */
export interface DemoCluster {
  readonly name: string
  readonly region: string
}

/** Two regions, three member clusters. */
export const clusters: readonly DemoCluster[] = [
  { name: 'eu-1', region: 'eu-west' },
  { name: 'eu-2', region: 'eu-west' },
  { name: 'us-1', region: 'us-east' },
]

/** Where the workload lies that the tour moves. */
export const placedFile = 'workloads/test-namespace.yaml'

const folder = join(import.meta.dirname, 'fleet')

/**
 * The files of the fleet repository by path: the settings and workloads as they lie beside this file, and an inventory that
 * finds each cluster by its context in `kubeconfig`.
 */
export async function fleetFiles(kubeconfig: string): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>()
  for (const entry of await readdir(folder, { recursive: true })) {
    if (entry.endsWith('.yaml')) files.set(entry.replaceAll('\\', '/'), await readFile(join(folder, entry), 'utf8'))
  }
  for (const { name, region } of clusters) {
    const connection = { kubeConfigFile: { path: kubeconfig, context: name } }
    const document = { apiVersion: ownApiVersion, kind: 'Cluster', metadata: { name }, spec: { region, connection } }
    files.set(`clusters/${name}.yaml`, stringifyYaml(document))
  }
  return files
}
