import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fetch } from 'isomorphic-git'
import { type Clone, type CloneFolder, lastGeneratedRef, readRef, setRef, trackingRef } from './clone.ts'
import { commitClosure } from './closure.ts'
import { errorCode, GitError, toGitError } from './error.ts'
import { writeWhole } from './files.ts'
import type { GitHttp } from './http.ts'
import { type Branches, type Origin, type Push, readFirst } from './origin.ts'
import { writePack } from './pack.ts'
import { sendPack } from './receive-pack.ts'
import type { Remote } from './remote.ts'
import { listRemoteRefs, readRemoteRefs } from './remote-refs.ts'
import type { Store } from './store.ts'
import type { PushResult, Refs } from './types.ts'
import { createUploadPack } from './upload-pack.ts'

// How much further back each step reads; the last is what Git takes for "everything".
const depths = [50, 500, 2_147_483_647]
const fetchAttempts = 5

/** How a remote's clone is kept small. */
export interface CompactAfter {
  readonly packs: number
  readonly bytes: number
}

/**
 * A remote over http(s) with its clone. Packs pile up with every fetch, and the Git library holds each in memory: past
 * `compactAfter` a fresh shallow clone takes the place of the old one, which stays readable until the next time.
 */
export async function remoteOrigin(options: {
  readonly remote: Remote
  readonly http: GitHttp
  readonly branches: Branches
  readonly folder: CloneFolder
  readonly compactAfter: CompactAfter
  readonly warn: (message: string) => void
}): Promise<Origin> {
  const { remote, http, branches, folder, compactAfter, warn } = options
  const where = remote.url
  const uploadPack = createUploadPack(http)
  let current = await folder.open()
  let previous: Clone | undefined
  let broken = false

  const pull = async (
    store: Store,
    want: string,
    have: string,
    how: { readonly depth?: number; readonly relative?: boolean } = {},
  ) => {
    const { files: fs, gitdir, cache } = store
    try {
      await fetch({
        ...{ fs, gitdir, cache, http, url: where, remote: 'origin', singleBranch: true, tags: false },
        ...{ remoteRef: want, ref: have, ...how },
      })
    } catch (error) {
      throw toGitError(error, where)
    }
  }

  /** Brings what a clone lacks of a commit; false where the server does not give it in this way. */
  const update = async (store: Store, oid: string): Promise<boolean> => {
    const tips = [branches.source, branches.generated].map((branch) => readRef(store, trackingRef(branch)))
    const haves = (await Promise.all(tips)).filter((tip) => tip !== undefined)
    const pack = await uploadPack.fetchPack({ wants: [oid], haves, shallows: await readShallow(store) })
    if (!pack) return false
    await store.addFetchedPack(pack)
    return true
  }

  const bring = async (store: Store, branch: string, oid: string): Promise<boolean> => {
    const ref = trackingRef(branch)
    const before = await readRef(store, ref)
    // Read also where the ref is the same: a clone that went bad must show here, where it can be made anew.
    const atHand = (await store.read(oid)) !== undefined
    if (atHand && before === oid) return true
    if (!atHand && (before === undefined || !(await update(store, oid))))
      await pull(store, `refs/heads/${branch}`, ref, before === undefined ? { depth: 1 } : {})
    // The branch may have moved since it was listed; then what came may not hold the listed commit.
    if (!(await store.read(oid))) return false
    await setRef(store, ref, oid)
    return true
  }

  const bringAll = async (store: Store): Promise<Refs> => {
    for (let attempt = 0; attempt < fetchAttempts; attempt++) {
      const refs = await readRemoteRefs(http, uploadPack, remote, branches)
      const sourceCame = refs.source === undefined || (await bring(store, branches.source, refs.source))
      const generatedCame = refs.generated === undefined || (await bring(store, branches.generated, refs.generated))
      if (sourceCame && generatedCame) return refs
    }
    throw new GitError('server', `${where}: the branches moved at every one of ${fetchAttempts} readings`)
  }

  const renew = async (): Promise<Refs> => {
    const fresh = await folder.prepare()
    try {
      const refs = await bringAll(fresh.store)
      const kept = await readRef(current.store, lastGeneratedRef).catch(() => undefined)
      if (kept !== undefined) await keepCommit(kept, current.store, fresh.store, warn)
      await folder.adopt(fresh)
      if (previous) await folder.remove(previous)
      previous = current
      current = fresh
      broken = false
      return refs
    } catch (error) {
      await folder.remove(fresh)
      throw error
    }
  }

  const isFull = async () => {
    const { count, addedBytes } = await current.store.packs()
    return count > compactAfter.packs || addedBytes > compactAfter.bytes
  }

  const refAt = async (ref: string) => (await listRemoteRefs(http, uploadPack, remote, [ref])).get(ref)

  const settle = async (push: Push): Promise<PushResult | 'refused'> => {
    const now = await refAt(push.ref)
    if (now === push.commit) return { type: 'pushed' }
    return now === push.parent ? 'refused' : { type: 'lost', remote: now }
  }

  const send = async (push: Push): Promise<PushResult> => {
    const { ref } = push
    try {
      const answer = await sendPack(http, where, { ref, from: push.parent, to: push.commit, pack: push.pack.bytes })
      if (answer.type === 'ok') return { type: 'pushed' }
      // Servers have many words for a branch that moved; what it is at now says it surely.
      const settled = await settle(push)
      return settled === 'refused' ? { type: 'rejected', reason: answer.reason } : settled
    } catch (error) {
      const failure = toGitError(error, where)
      if (!['unreachable', 'timeout', 'server'].includes(failure.code)) throw failure
      // The connection may have died after the server had taken the push.
      const settled = await settle(push).catch(() => 'refused' as const)
      if (settled === 'refused') throw failure
      return settled
    }
  }

  return {
    where,
    fetch: async () => {
      if (broken) return renew()
      try {
        const refs = await bringAll(current.store)
        if (!(await isFull())) return refs
        return await renew().catch((error: unknown) => {
          warn(`the clone in ${current.store.gitdir} could not be made smaller: ${toGitError(error, where).message}`)
          return refs
        })
      } catch (error) {
        if (toGitError(error, where).code !== 'corrupt') throw toGitError(error, where)
        warn(`${toGitError(error, where).message}; cloning anew`)
        return renew()
      }
    },
    read: async (oid) => {
      try {
        return await readFirst(previous ? [current.store, previous.store] : [current.store], oid)
      } catch (error) {
        broken = true
        throw error
      }
    },
    distrust: () => {
      broken = true
    },
    obtain: async (oid) => {
      try {
        await pull(current.store, oid, trackingRef(branches.source), { depth: 1 })
      } catch (error) {
        if (['unreachable', 'timeout', 'unauthorized', 'forbidden'].includes(errorCode(error))) throw error
      }
    },
    tips: async () => {
      const tips = [branches.source, branches.generated].map((branch) => readRef(current.store, trackingRef(branch)))
      return (await Promise.all(tips)).filter((tip) => tip !== undefined)
    },
    refAt,
    deepen: async (tip, step) => {
      const depth = depths[step]
      if (depth === undefined) return false
      const generated = tip === (await readRef(current.store, trackingRef(branches.generated)))
      const have = trackingRef(generated ? branches.generated : branches.source)
      const everything = step === depths.length - 1
      await pull(current.store, tip, have, everything ? { depth } : { depth, relative: true })
      return true
    },
    push: async (push) => {
      const result = await send(push)
      if (result.type !== 'pushed') return result
      try {
        await current.store.addPack(push.pack)
        if (push.ref !== `refs/heads/${branches.generated}`) return result
        await setRef(current.store, trackingRef(branches.generated), push.commit)
        await setRef(current.store, lastGeneratedRef, push.commit)
      } catch (error) {
        // It is on the remote; the next fetch brings it.
        warn(`the pushed commit ${push.commit} could not be kept: ${toGitError(error, where).message}`)
      }
      return result
    },
    lastGenerated: () => readRef(current.store, lastGeneratedRef),
    close: () => http.close(),
  }
}

async function keepCommit(oid: string, from: Store, to: Store, warn: (message: string) => void): Promise<void> {
  const has = async (object: string) => (await to.read(object)) !== undefined
  if (!(await has(oid))) {
    const copied = await commitClosure(oid, from.read, has).catch((error: unknown) => {
      warn(`the last generated commit ${oid} could not be carried over: ${toGitError(error, from.gitdir).message}`)
    })
    if (!copied) return
    await to.addPack(await writePack(copied.objects))
    const shallow = await readShallow(to)
    if (copied.parents.length > 0) await writeWhole(shallowFile(to), `${[...new Set([...shallow, oid])].join('\n')}\n`)
  }
  await setRef(to, lastGeneratedRef, oid)
}

/** The commits at which the history of a clone is cut off. */
async function readShallow(store: Store): Promise<readonly string[]> {
  const text = await readFile(shallowFile(store), 'utf8').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return ''
    throw toGitError(error, store.gitdir)
  })
  return text.split('\n').filter((line) => line !== '')
}

function shallowFile(store: Store): string {
  return join(store.gitdir, 'shallow')
}
