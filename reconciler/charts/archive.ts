import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { type ParsedTarEntryWithData, unpackTar } from 'modern-tar'
import { finalError, messageOf } from './error.ts'
import { formatSize, maxArchiveSize, maxEntries, maxFileSize, maxUnpackedSize } from './limits.ts'
import { checkSchemaRefs } from './schema-refs.ts'

const unzip = promisify(gunzip)

/**
 * Makes sure that an archive is a chart and nothing else: a gzip within the limits that holds plain files in one folder, with
 * a `Chart.yaml`. Nothing is written anywhere. Rejects with a final `ChartError` that names what is wrong.
 */
export async function checkArchive(bytes: Uint8Array): Promise<void> {
  const entries = await readEntries(await unpack(bytes))
  if (entries.length > maxEntries) throw finalError(`the archive holds more than ${maxEntries} files`)
  for (const entry of entries) checkEntry(entry)
  const folders = new Set(entries.map(({ header }) => header.name.replace(/^\.\//, '').split('/')[0]))
  if (folders.size > 1)
    throw finalError(`the archive must hold one folder, not ${[...folders].slice(0, 3).map(quote).join(', ')}`)
  const hasChart = entries.some(({ header }) => /^(\.\/)?[^/]+\/Chart\.yaml$/.test(header.name))
  if (!hasChart) throw finalError('the archive is no chart: it has no <name>/Chart.yaml')
}

async function unpack(bytes: Uint8Array): Promise<Uint8Array> {
  if (bytes.length > maxArchiveSize) throw finalError(`the archive is larger than ${formatSize(maxArchiveSize)}`)
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) throw finalError('the archive is no gzip file')
  try {
    return await unzip(bytes, { maxOutputLength: maxUnpackedSize })
  } catch (error) {
    const isLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
    if (isLarge) throw finalError(`the archive unpacks to more than ${formatSize(maxUnpackedSize)}`, error)
    throw finalError(`the archive is a damaged gzip file: ${messageOf(error)}`, error)
  }
}

async function readEntries(tar: Uint8Array): Promise<readonly ParsedTarEntryWithData[]> {
  try {
    return await unpackTar(tar, { strict: true })
  } catch (error) {
    throw finalError(`the archive is no tar file, or a damaged one: ${messageOf(error)}`, error)
  }
}

/** What a type of entry is called in messages; a chart may have files and folders alone. */
const refused: Readonly<Record<string, string>> = {
  link: 'a hard link',
  symlink: 'a symbolic link',
  'character-device': 'a device',
  'block-device': 'a device',
  fifo: 'a pipe',
}

function checkEntry({ header, data }: ParsedTarEntryWithData): void {
  const { name, type = 'file', size } = header
  const what = refused[type]
  if (what !== undefined) throw finalError(`the archive holds ${what}, ${quote(name)}; a chart may hold files only`)
  const problem = pathProblem(name)
  if (problem !== undefined) throw finalError(`the archive holds ${quote(name)}, ${problem}`)
  if (size > maxFileSize)
    throw finalError(`the archive holds ${quote(name)}, which is larger than ${formatSize(maxFileSize)}`)
  if (isSchema(name)) checkSchemaRefs(name, data ?? new Uint8Array())
}

/** Whether a file of a chart, or of a chart in it, says what its values must be. */
export function isSchema(path: string): boolean {
  return /(^|\/)values\.schema\.json$/.test(path)
}

/** Why a path must not be written to a folder as it is; undefined where it stays inside. */
export function pathProblem(path: string): string | undefined {
  if (path.includes('\0')) return 'a name with a NUL'
  if (path.includes('\\')) return 'a path with a backslash'
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) return 'an absolute path'
  if (path.split('/').includes('..')) return 'a path that leads out of the chart'
  return undefined
}

function quote(name: string | undefined): string {
  return JSON.stringify((name ?? '').slice(0, 100))
}
