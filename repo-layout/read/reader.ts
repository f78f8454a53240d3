import { posix } from 'node:path'
import ignore from 'ignore'
import type { Message } from '../message.ts'
import { assembleFleet, type FleetReading } from './assemble.ts'
import { brokenFile, problem, readSourceFile } from './file.ts'
import { isRelevant } from './folder.ts'
import { type FileItems, interpretFile } from './interpret.ts'
import type { SourceEntry, SourceTree } from './tree.ts'

/** Reads fleets and remembers what each file said, so that an unchanged file is never read again. */
export interface FleetReader {
  /** Reads the fleet of a tree. Never rejects: what cannot be read is a message. */
  read(tree: SourceTree): Promise<FleetReading>
}

/** File names that make a folder the property of a template engine. */
const engineFiles = /^(Chart\.ya?ml|kustomization\.ya?ml)$/

/** Makes a reader; what it remembers is bounded by the last tree that it read. */
export function createFleetReader(): FleetReader {
  let known = new Map<string, { readonly oid: string; readonly items: FileItems }>()

  async function readItems(tree: SourceTree, entry: SourceEntry): Promise<FileItems> {
    const before = known.get(entry.path)
    if (before?.oid === entry.oid) return before.items
    try {
      return interpretFile(readSourceFile(entry.path, await tree.read(entry)))
    } catch (error) {
      const text = `the file cannot be read: ${error instanceof Error ? error.message : String(error)}`
      return interpretFile(brokenFile(entry.path, undefined, [problem(entry.path, 'tree-unreadable', text)]))
    }
  }

  return {
    async read(tree) {
      let entries: readonly SourceEntry[]
      try {
        entries = await tree.list()
      } catch (error) {
        const text = `the source cannot be listed: ${error instanceof Error ? error.message : String(error)}`
        return { source: undefined, messages: [problem('.', 'tree-unreadable', text)] }
      }
      const { files, links, leftOut } = await select(tree, entries)
      const items: FileItems[] = []
      const next: typeof known = new Map()
      for (const entry of files) {
        const one = await readItems(tree, entry)
        next.set(entry.path, { oid: entry.oid, items: one })
        items.push(one)
      }
      known = next
      for (const link of links) {
        const broken = await checkLink(tree, link, entries)
        if (broken) items.push(interpretFile(brokenFile(link.path, undefined, [broken])))
      }
      const reading = assembleFleet(items.sort((a, b) => (a.file.path < b.file.path ? -1 : 1)))
      return { source: reading.source, messages: [...leftOut, ...reading.messages] }
    },
  }
}

interface Selection {
  readonly files: readonly SourceEntry[]
  readonly links: readonly SourceEntry[]
  readonly leftOut: readonly Message[]
}

async function select(tree: SourceTree, entries: readonly SourceEntry[]): Promise<Selection> {
  const rules = ignore()
  const ignoreFile = entries.find(({ path, type }) => path === '.flotillaignore' && type === 'file')
  if (ignoreFile) rules.add(Buffer.from(await tree.read(ignoreFile)).toString('utf8'))
  const seen = entries.filter(({ path }) => !isHidden(path) && !rules.ignores(path))
  const engines = seen.filter(({ path }) => engineFiles.test(posix.basename(path)))
  const folders = engines.map(({ path }) => posix.dirname(path))
  const outermost = engines.filter(
    ({ path }) => !folders.some((folder) => folder !== posix.dirname(path) && isIn(path, folder)),
  )
  return {
    files: seen.filter(
      ({ path, type }) => type === 'file' && isRelevant(path) && !folders.some((folder) => isIn(path, folder)),
    ),
    links: seen.filter(({ path, type }) => type === 'link' && !folders.some((folder) => isIn(path, folder))),
    leftOut: outermost.map(({ path }) => ({
      ...problem(path, 'left-out', `the folder ${posix.dirname(path)} belongs to a template engine and is not read`),
      severity: 'warning',
    })),
  }
}

function isHidden(path: string): boolean {
  return path.split('/').some((part) => part.startsWith('.'))
}

function isIn(path: string, folder: string): boolean {
  return folder === '.' || path.startsWith(`${folder}/`)
}

/** A link inside the tree needs no reading: its target is read where it lies. */
async function checkLink(
  tree: SourceTree,
  link: SourceEntry,
  entries: readonly SourceEntry[],
): Promise<Message | undefined> {
  const target = Buffer.from(await tree.read(link)).toString('utf8')
  const path = posix.normalize(posix.join(posix.dirname(link.path), target))
  if (target.startsWith('/') || path === '..' || path.startsWith('../')) {
    return problem(link.path, 'file-symlink', `the link leads out of the tree, to ${target}; copy the file here`)
  }
  if (entries.some((entry) => entry.path === path || entry.path.startsWith(`${path}/`))) return undefined
  return {
    ...problem(link.path, 'file-symlink', `the link leads to ${target}, which is not read`),
    severity: 'warning',
  }
}
