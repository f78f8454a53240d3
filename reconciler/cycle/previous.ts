import type { PreviousTree } from '../../render/input.ts'
import { sourceOfGenerated } from '../../repo-layout/generated/file.ts'
import { filesOf, readText } from '../git/contents.ts'
import type { Repository } from '../git/types.ts'

/**
 * The generated tree of a commit, as rendering reads it: names and ids, and the records of decisions and rollouts. The first lines of
 * all files are read only `withSources`, which a broken source file asks for. Texts are kept by blob id in `texts`.
 */
export async function readPrevious(
  repository: Repository,
  commit: string,
  texts: TextCache,
  withSources: boolean,
): Promise<PreviousTree> {
  const files = await filesOf(repository, commit)
  const decisions = new Map<string, string>()
  const sources = new Map<string, string | undefined>()
  for (const [path, oid] of files) {
    const isRecord = /^(decisions|rollouts)\//.test(path)
    if (!isRecord && !withSources) continue
    const text = await texts.read(oid)
    if (isRecord) decisions.set(path, text)
    if (withSources) sources.set(path, sourceOfGenerated(text))
  }
  return { files, decisions, sourceOf: (path) => sources.get(path) }
}

/** Texts of blobs by their ids. */
export interface TextCache {
  /** Rejects where the blob cannot be read. */
  read(oid: string): Promise<string>
  /** Remembers a text that was just written. */
  put(oid: string, text: string): void
  /** Forgets every text whose id is not in use any more. */
  retain(used: ReadonlySet<string>): void
}

/** Keeps the texts of the generated branch that are in use, so that none is read twice. */
export function createTextCache(repository: Repository): TextCache {
  const texts = new Map<string, string>()
  return {
    async read(oid) {
      const known = texts.get(oid)
      if (known !== undefined) return known
      const text = await readText(repository, oid)
      texts.set(oid, text)
      return text
    },
    put: (oid, text) => void texts.set(oid, text),
    retain(used) {
      for (const oid of texts.keys()) if (!used.has(oid)) texts.delete(oid)
    },
  }
}
