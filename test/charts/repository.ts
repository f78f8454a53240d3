import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringifyYaml } from '../../repo-layout/yaml/stringify.ts'
import { nginxFolder, type PackedChart, packChart } from './pack.ts'

/** `index.yaml` of a Helm repository that holds these charts beside it. */
export function indexOf(charts: readonly PackedChart[]): string {
  const names = [...new Set(charts.map((chart) => chart.name))].sort()
  const entries = names.map((name) => [
    name,
    charts
      .filter((chart) => chart.name === name)
      .map(({ version, digest }) => ({
        apiVersion: 'v1',
        name,
        version,
        digest: digest.replace('sha256:', ''),
        created: '2020-06-22T14:38:21Z',
        urls: [`${name}-${version}.tgz`],
      })),
  ])
  return stringifyYaml({ apiVersion: 'v1', entries: Object.fromEntries(entries), generated: '2020-06-22T14:38:21Z' })
}

/** Writes a Helm repository to a folder: `index.yaml` with digests, and the archives. */
export function writeRepository(folder: string, charts: readonly PackedChart[]): void {
  mkdirSync(folder, { recursive: true })
  for (const { name, version, bytes } of charts) writeFileSync(join(folder, `${name}-${version}.tgz`), bytes)
  writeFileSync(join(folder, 'index.yaml'), indexOf(charts))
}

/**
 * Writes the repository of Shipper's demo: `nginx` 0.0.1 and 0.0.2, which differ in what they say of their version. `filesOf` gives
 * files that a version has beside its own.
 */
export async function writeNginxRepository(
  folder: string,
  filesOf: (version: string) => Readonly<Record<string, string>> = () => ({}),
): Promise<void> {
  const versions = ['0.0.1', '0.0.2']
  const packed = versions.map((version) => packChart(nginxFolder, { version, files: filesOf(version) }))
  writeRepository(folder, await Promise.all(packed))
}
