import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { packTar, type TarHeader } from 'modern-tar'
import { parse } from 'yaml'

/** A chart as an archive, with what an index says of it. */
export interface PackedChart {
  readonly name: string
  readonly version: string
  readonly bytes: Uint8Array
  /** `sha256:<hex>` of the bytes. */
  readonly digest: string
}

/** One entry of an archive: a file, unless `header` says otherwise. */
export interface ArchiveEntry {
  readonly name: string
  readonly content?: string | Uint8Array
  readonly header?: Partial<TarHeader>
}

/** The chart `nginx`, version 0.0.1: one Deployment `<release>-nginx` and one Service `nginx`. */
export const nginxFolder = join(import.meta.dirname, 'nginx')

/**
 * Packs a chart without helm; the same content gives the same bytes. `version` replaces the one of its Chart.yaml, and
 * `files` adds files or replaces their content.
 */
export async function packChart(
  folder: string,
  change: { readonly version?: string; readonly files?: Readonly<Record<string, string>> } = {},
): Promise<PackedChart> {
  const files = { ...readFolder(folder), ...change.files }
  return packFiles({ ...files, 'Chart.yaml': withVersion(files['Chart.yaml'] ?? '', change.version) })
}

/** Packs the files of a chart, by their paths in its folder. */
export async function packFiles(files: Readonly<Record<string, string>>): Promise<PackedChart> {
  const { name, version } = parse(files['Chart.yaml'] ?? '') as { name: string; version: string }
  const entries = Object.entries(files).map(([path, content]) => ({ name: `${name}/${path}`, content }))
  const bytes = await packArchive(entries)
  return { name, version, bytes, digest: digestOf(bytes) }
}

/** Packs any entries, also those that no chart may have. */
export async function packArchive(entries: readonly ArchiveEntry[]): Promise<Uint8Array> {
  const tar = await packTar(
    entries.map(({ name, content = '', header }) => {
      const body = typeof content === 'string' ? Buffer.from(content) : content
      return { header: { name, size: body.length, mtime: new Date(0), ...header }, body }
    }),
  )
  return gzipSync(tar)
}

/** `sha256:<hex>` of the bytes. */
export function digestOf(bytes: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** The files of a chart's folder by their paths in it, sorted. */
export function readFolder(folder: string): Readonly<Record<string, string>> {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  return Object.fromEntries(paths.map((path) => [path.slice(folder.length + 1), readFileSync(path, 'utf8')]))
}

function withVersion(text: string, version: string | undefined): string {
  return version === undefined ? text : text.replace(/^version: .*$/m, `version: ${version}`)
}
