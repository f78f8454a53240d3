import { posix } from 'node:path'
import ignore from 'ignore'
import { compare, type Message } from '../message.ts'
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

  return {
    async read(tree) {
      let entries: readonly SourceEntry[]
      let selection: Selection
      try {
        entries = await tree.list()
        selection = await select(tree, entries)
      } catch (error) {
        const text = `the source cannot be listed: ${reasonOf(error)}`
        return { source: undefined, messages: [problem('.', 'tree-unreadable', text)] }
      }
      const { files, links, leftOut, unread } = selection
      const items: FileItems[] = []
      const next: typeof known = new Map()
      for (const entry of files) {
        const before = known.get(entry.path)
        const bytes = before?.oid === entry.oid ? undefined : await tryRead(tree, entry)
        if (bytes && 'problem' in bytes) {
          items.push(interpretFile(brokenFile(entry.path, '', [bytes.problem])))
          continue
        }
        const one = bytes ? interpretFile(readSourceFile(entry.path, bytes.content)) : before?.items
        if (!one) continue
        next.set(entry.path, { oid: entry.oid, items: one })
        items.push(one)
      }
      known = next
      for (const link of links) {
        const broken = await checkLink(tree, link, entries)
        // A link is never followed, so nothing of the fleet can have stood in it.
        if (broken) items.push(interpretFile({ ...brokenFile(link.path, '', [broken]), broken: false }))
      }
      const reading = assembleFleet(
        items.sort((a, b) => compare(a.file.path, b.file.path)),
        unread,
      )
      return { source: reading.source, messages: [...leftOut, ...reading.messages] }
    },
  }
}

/** The bytes of an entry, or why there are none. A failure is not remembered: the next reading may succeed. */
async function tryRead(
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

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

interface Selection {
  readonly files: readonly SourceEntry[]
  readonly links: readonly SourceEntry[]
  readonly leftOut: readonly Message[]
  /** Files of folders that are not read. */
  readonly unread: readonly string[]
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
  const isLeftOut = ({ path }: SourceEntry) => folders.some((folder) => isIn(path, folder))
  const files = seen.filter(({ path, type }) => type === 'file' && isRelevant(path))
  return {
    files: files.filter((entry) => !isLeftOut(entry)),
    unread: files.filter(isLeftOut).map(({ path }) => path),
    links: seen.filter((entry) => entry.type === 'link' && !isLeftOut(entry)),
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
  const bytes = await tryRead(tree, link)
  if ('problem' in bytes) return bytes.problem
  const target = Buffer.from(bytes.content).toString('utf8')
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
