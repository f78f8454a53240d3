import { decodeCommit } from '../../../reconciler/git/object.ts'
import type { Objects } from './objects.ts'
import { ProtocolError } from './section.ts'

/** The commits of a repository as a client may fetch them. */
export interface History {
  /** The parents of a commit, as they are stored. Rejects with a ProtocolError where it is no commit. */
  parents(oid: string): Promise<readonly string[]>
  /** Commits that can be reached from some, themselves among them, without looking behind those in `ends`. */
  reach(from: Iterable<string>, ends?: ReadonlySet<string>): Promise<ReadonlySet<string>>
  /** What an annotated tag leads to, with the tags on the way; anything else leads to itself. */
  peel(oid: string): Promise<{ readonly target: string; readonly isCommit: boolean; readonly tags: readonly string[] }>
}

/** Reads history; what was read is remembered as long as the value lives. */
export function createHistory(objects: Objects): History {
  const known = new Map<string, readonly string[]>()

  const parents = async (oid: string): Promise<readonly string[]> => {
    const found = known.get(oid)
    if (found) return found
    const object = await objects.read(oid)
    if (object?.type !== 'commit') throw new ProtocolError(`${oid} is no commit of this repository`)
    const read = decodeCommit(oid, object.content).parents
    known.set(oid, read)
    return read
  }

  return {
    parents,
    async reach(from, ends = new Set()) {
      const found = new Set(from)
      // A set that grows while it is walked gives what is new as well.
      for (const oid of found) if (!ends.has(oid)) for (const parent of await parents(oid)) found.add(parent)
      return found
    },
    async peel(oid) {
      const tags: string[] = []
      for (let at = oid; ; ) {
        const object = await objects.read(at)
        if (object?.type !== 'tag') return { target: at, isCommit: object?.type === 'commit', tags }
        tags.push(at)
        const target = /^object ([0-9a-f]{40})$/m.exec(Buffer.from(object.content).toString('utf8'))?.[1]
        if (target === undefined) throw new ProtocolError(`tag ${at} leads nowhere`)
        at = target
      }
    },
  }
}
