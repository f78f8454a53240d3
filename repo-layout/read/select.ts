import { posix } from 'node:path'
import ignore from 'ignore'
import type { Message } from '../message.ts'
import { problem } from './file.ts'
import { isRelevant } from './folder.ts'
import type { SourceEntry, SourceTree } from './tree.ts'

/** What of a tree is read, and what is not. */
export interface Selection {
  readonly files: readonly SourceEntry[]
  readonly links: readonly SourceEntry[]
  readonly leftOut: LeftOut
  /** Whether a file, or a folder with files, stands at the path and is neither hidden nor ignored. */
  has(path: string): boolean
}

/** Files of folders that belong to a template engine. */
export interface LeftOut {
  readonly files: readonly string[]
  /** One for each such folder that is in no other. */
  readonly messages: readonly Message[]
}

/** File names that make a folder the property of a template engine. */
const engineFiles = /^(Chart\.ya?ml|kustomization\.ya?ml|Kustomization)$/

/**
 * Selects the files of a tree that can hold documents: no hidden ones, none that `.flotillaignore` at the root names, none
 * of a folder with a `Chart.yaml` or `kustomization.yaml`. Rejects where `.flotillaignore` cannot be read.
 */
export async function selectFiles(tree: SourceTree, entries: readonly SourceEntry[]): Promise<Selection> {
  const rules = ignore()
  const ignoreFile = entries.find(({ path, type }) => path === '.flotillaignore' && type === 'file')
  if (ignoreFile) {
    const text = Buffer.from(await tree.read(ignoreFile)).toString('utf8')
    rules.add(text.replace(/^\uFEFF/, ''))
  }
  const seen = entries.filter(({ path }) => !isHidden(path) && !rules.ignores(path))
  const engines = new Set(seen.filter(isEngineFile).map(({ path }) => posix.dirname(path)))
  const isLeftOut = ({ path }: SourceEntry) => foldersOf(path).some((folder) => engines.has(folder))
  const files = seen.filter(({ path, type }) => type === 'file' && isRelevant(path))
  let places: ReadonlySet<string> | undefined
  return {
    files: files.filter((entry) => !isLeftOut(entry)),
    links: seen.filter((entry) => entry.type === 'link' && !isLeftOut(entry)),
    leftOut: {
      files: files.filter(isLeftOut).map(({ path }) => path),
      messages: seen
        .filter(isEngineFile)
        .map(({ path }) => path)
        .filter((path) => {
          const [folder = '.', ...parents] = foldersOf(path)
          return engines.has(folder) && !parents.some((parent) => engines.has(parent))
        })
        .map(explainLeftOut),
    },
    has(path) {
      places ??= new Set(seen.flatMap((entry) => [entry.path, ...foldersOf(entry.path)]))
      return places.has(path)
    },
  }
}

/** The bytes of an entry, or why there are none. A failure is not remembered: the next reading may succeed. */
export async function tryRead(
  tree: SourceTree,
  entry: SourceEntry,
): Promise<{ readonly content: Uint8Array } | { readonly problem: Message }> {
  try {
    return { content: await tree.read(entry) }
  } catch (error) {
    const what = entry.type === 'link' ? 'link' : 'file'
    return { problem: problem(entry.path, 'tree-unreadable', `the ${what} cannot be read: ${reasonOf(error)}`) }
  }
}

/** What an error says, whatever was thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function explainLeftOut(path: string): Message {
  const folder = posix.dirname(path)
  const what = folder === '.' ? 'the source' : `the folder ${folder}`
  const text = `${what} belongs to a template engine and is not read`
  return { ...problem(path, 'left-out', text), severity: 'warning' }
}

function isEngineFile({ path }: SourceEntry): boolean {
  return engineFiles.test(posix.basename(path))
}

function isHidden(path: string): boolean {
  return path.split('/').some((part) => part.startsWith('.'))
}

/** The folders that a path lies in, innermost first; the last is `.`. */
function foldersOf(path: string): string[] {
  const folders: string[] = []
  for (let folder = posix.dirname(path); folder !== '.' && folder !== '/'; folder = posix.dirname(folder))
    folders.push(folder)
  return [...folders, '.']
}
