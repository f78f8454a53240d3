import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ownApiVersion } from '../../repo-layout/schema/common.ts'
import { stringifyYaml } from '../../repo-layout/yaml/stringify.ts'

/** A member cluster of the demo. */
export interface DemoCluster {
  readonly name: string
  readonly region: string
}

/** Two regions, three member clusters: the fleet as it begins. */
export const clusters: readonly DemoCluster[] = [
  { name: 'eu-1', region: 'eu-west' },
  { name: 'eu-2', region: 'eu-west' },
  { name: 'us-1', region: 'us-east' },
]

/** The cluster that joins with the Application, in the region that this one asks for. */
export const joining: DemoCluster = { name: 'local-1', region: 'local' }

/** All clusters that run. */
export const allClusters: readonly DemoCluster[] = [...clusters, joining]

/** Where the Application comes from that is rolled out, as its own file says it. */
export const chartSource = 'https://storage.googleapis.com/shipper-demo'

/** Where the workload lies that the tour moves. */
export const placedFile = 'workloads/test-namespace.yaml'

const folder = join(import.meta.dirname, 'fleet')
const settingsFile = 'flotilla.yaml'

/**
 * The files of the fleet repository by path: the settings and workloads as they lie beside this file, and an inventory that
 * finds each cluster by its context in `kubeconfig`. Charts are read from the demo's own server at `charts`.
 */
export async function fleetFiles(kubeconfig: string, charts: string): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>()
  for (const entry of await readdir(folder, { recursive: true })) {
    if (entry.endsWith('.yaml')) files.set(entry.replaceAll('\\', '/'), await readFile(join(folder, entry), 'utf8'))
  }
  const settings = files.get(settingsFile) ?? ''
  files.set(settingsFile, `${settings}  charts:\n    mirrors:\n      - {from: ${chartSource}, to: '${charts}'}\n`)
  for (const cluster of clusters) files.set(...clusterFile(cluster, kubeconfig))
  return files
}

/** The path and text of the inventory of one cluster. */
export function clusterFile({ name, region }: DemoCluster, kubeconfig: string): readonly [path: string, text: string] {
  const connection = { kubeConfigFile: { path: kubeconfig, context: name } }
  const document = { apiVersion: ownApiVersion, kind: 'Cluster', metadata: { name }, spec: { region, connection } }
  return [`clusters/${name}.yaml`, stringifyYaml(document)]
}

/** The Application that is rolled out, as Shipper's users write it. */
export function applicationText(): Promise<string> {
  return readFile(join(import.meta.dirname, 'rollout/application.yaml'), 'utf8')
}
