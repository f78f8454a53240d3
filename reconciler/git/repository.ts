import type { Clock } from '../clock.ts'
import { createAncestry } from './ancestry.ts'
import { commitClosure } from './closure.ts'
import { GitError } from './error.ts'
import { createLister } from './listing.ts'
import { decodeCommit, encodeCommit, objectOid } from './object.ts'
import type { Origin } from './origin.ts'
import { type PackObject, writePack } from './pack.ts'
import { patchTree } from './patch-tree.ts'
import { createTreeBuilder } from './tree-builder.ts'
import type { BranchChange, Commit, NewFile, PushResult, Repository } from './types.ts'

/** What the contract promises, over a remote or a repository on this disk. Fetches and pushes are done one by one. */
export function createRepository(origin: Origin, clock: Clock, generatedRef: string): Repository {
  const inTurn = createTurns(origin.where)
  const builder = createTreeBuilder()
  const otherBuilder = createTreeBuilder()
  const lister = createLister(origin.read)

  const commitAtHand = async (oid: string): Promise<Commit | undefined> => {
    const found = await origin.read(oid)
    return found?.type === 'commit' ? decodeCommit(oid, found.content) : undefined
  }
  const obtain = async (oid: string) => {
    await inTurn(() => origin.obtain(oid))
    return commitAtHand(oid)
  }
  const readCommit = async (oid: string): Promise<Commit> => {
    const commit = (await commitAtHand(oid)) ?? (await obtain(oid))
    if (commit) return commit
    throw new GitError('not-found', `${origin.where} has no commit ${oid}`)
  }
  const ancestry = createAncestry({
    commit: commitAtHand,
    obtain,
    tips: origin.tips,
    deepen: (tip, step) => inTurn(() => origin.deepen(tip, step)),
  })

  const listing = async (commit: string) => {
    const { tree } = await readCommit(commit)
    return lister.list(tree).catch((error: unknown) => {
      origin.distrust()
      throw error
    })
  }
  const read = async (oid: string): Promise<Uint8Array> => {
    const found = await origin.read(oid)
    if (found?.type === 'blob') return found.content
    if (!found) origin.distrust()
    throw new GitError('not-found', `${origin.where} has no file content ${oid}`)
  }

  const commitTo: Repository['commitTo'] = async (ref, { parent, files, message, author }) => {
    const { oid: tree, trees } = (ref === generatedRef ? builder : otherBuilder).build(files)
    if (parent !== undefined && (await readCommit(parent)).tree === tree) {
      return { commit: parent, push: { type: 'pushed' } }
    }
    const known = parent === undefined ? new Set<string>() : (await listing(parent)).oids
    const objects = new Map<string, PackObject>()
    for (const [path, file] of files) {
      if (known.has(file.oid) || objects.has(file.oid)) continue
      objects.set(file.oid, { type: 'blob', content: await contentOf(path, file, read) })
    }
    for (const { oid, content } of trees) {
      if (!known.has(oid) && !objects.has(oid)) objects.set(oid, { type: 'tree', content: content() })
    }
    const time = Math.floor(clock.now() / 1000)
    const parents = parent === undefined ? [] : [parent]
    const content = encodeCommit({ tree, parents, message, author: { ...author, time } })
    const commit = objectOid('commit', content)
    const pack = await writePack([{ type: 'commit', content }, ...objects.values()])
    const push = await inTurn(() => origin.push({ ref, commit, parent, pack }))
    if (push.type === 'pushed') {
      for (const [oid, { type, content }] of objects) if (type === 'tree') lister.learn(oid, content)
    }
    return { commit, push }
  }

  const commitUpon = async ({ branch, upon, changes, message, author }: BranchChange, parent: string | undefined) => {
    const { tree: root } = await readCommit(upon)
    const { oid: tree, trees } = await patchTree(root, changes, async (oid) => {
      const found = await origin.read(oid)
      if (found?.type === 'tree') return found.content
      throw new GitError('corrupt', `${origin.where}: the tree ${oid} of commit ${upon} is not there`)
    })
    const time = Math.floor(clock.now() / 1000)
    const content = encodeCommit({ tree, parents: [upon], message, author: { ...author, time } })
    const blobs = new Map([...changes.values()].flatMap((file) => (file ? [[file.oid, file.content] as const] : [])))
    const pack = await writePack([
      { type: 'commit', content },
      ...[...trees].map(([, bytes]) => ({ type: 'tree', content: bytes }) as const),
      ...[...blobs.values()].map((bytes) => ({ type: 'blob', content: bytes }) as const),
    ])
    const commit = objectOid('commit', content)
    const push = await inTurn(() => origin.push({ ref: `refs/heads/${branch}`, commit, parent, pack }))
    return { commit, push }
  }

  const restoreGenerated = async (commit: string, over?: string): Promise<PushResult> => {
    const packed = new Set<string>()
    const objects: PackObject[] = []
    const waiting = new Set([commit])
    for (const oid of waiting) {
      if (oid !== commit && !(await commitAtHand(oid))) continue
      const closure = await commitClosure(oid, origin.read, async (object) => packed.has(object))
      for (const object of closure.objects) packed.add(objectOid(object.type, object.content))
      objects.push(...closure.objects)
      for (const parent of closure.parents) waiting.add(parent)
    }
    const pack = await writePack(objects)
    return inTurn(() => origin.push({ ref: generatedRef, commit, parent: over, pack }))
  }

  return {
    fetch: () => inTurn(origin.fetch),
    list: async (commit) => (await listing(commit)).entries,
    read,
    readCommit,
    log: ancestry.log,
    logAll: ancestry.logAll,
    refAt: (ref) => inTurn(() => origin.refAt(ref)),
    isAncestor: ancestry.isAncestor,
    mergeBase: ancestry.mergeBase,
    commitGenerated: (change) => commitTo(generatedRef, change),
    commitTo,
    createBranch: (change) => commitUpon(change, undefined),
    advanceBranch: (change) => commitUpon(change, change.upon),
    treeOf: (files) => builder.build(files).oid,
    lastGenerated: origin.lastGenerated,
    restoreGenerated,
    close: async () => {
      inTurn.close()
      await origin.close()
    },
  }
}

async function contentOf(path: string, file: NewFile, read: (oid: string) => Promise<Uint8Array>): Promise<Uint8Array> {
  if (!('text' in file)) return read(file.oid)
  const content = Buffer.from(file.text)
  if (objectOid('blob', content) === file.oid) return content
  throw new GitError('corrupt', `the text of ${path} is not what its id ${file.oid} says`)
}

interface Turns {
  <T>(work: () => Promise<T>): Promise<T>
  close(): void
}

function createTurns(where: string): Turns {
  let last: Promise<unknown> = Promise.resolve()
  let closed = false
  const check = () => {
    if (closed) throw new GitError('unreachable', `${where} was closed`)
  }
  const take = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(() => {
      check()
      return work()
    })
    last = turn.catch(() => undefined)
    return turn
  }
  return Object.assign(take, {
    close: () => {
      closed = true
    },
  })
}
