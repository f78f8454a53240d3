import { compare } from '../message.ts'
import { assembleFleet, type FleetReading } from './assemble.ts'
import { brokenFile, problem, readSourceFile } from './file.ts'
import { type FileItems, interpretFile } from './interpret.ts'
import { checkLinks } from './links.ts'
import { reasonOf, type Selection, selectFiles, tryRead } from './select.ts'
import type { SourceEntry, SourceTree } from './tree.ts'

/** Reads fleets and remembers what each file said, so that an unchanged file is never read again. */
export interface FleetReader {
  /** Reads the fleet of a tree. Never rejects: what cannot be read is a message. */
  read(tree: SourceTree): Promise<FleetReading>
}

/** Makes a reader; what it remembers is bounded by the last tree that it read. */
export function createFleetReader(): FleetReader {
  let known = new Map<string, { readonly oid: string; readonly items: FileItems }>()

  return {
    async read(tree) {
      let entries: readonly SourceEntry[]
      let selection: Selection
      try {
        entries = await tree.list()
        selection = await selectFiles(tree, entries)
      } catch (error) {
        const text = `the source cannot be listed: ${reasonOf(error)}`
        return { source: undefined, messages: [problem('.', 'tree-unreadable', text)] }
      }
      const { files, leftOut } = selection
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
      for (const message of await checkLinks(tree, selection)) {
        // A link is never followed, but a file may have stood in its place before: what came from it stays.
        items.push(interpretFile(brokenFile(message.path, '', [message])))
      }
      return assembleFleet(
        items.sort((a, b) => compare(a.file.path, b.file.path)),
        leftOut,
      )
    },
  }
}
