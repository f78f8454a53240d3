import fs from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import {
  add,
  addRemote,
  checkout,
  commit as commitIndex,
  fetch,
  init,
  push,
  readCommit,
  resolveRef,
} from 'isomorphic-git'
import http from 'isomorphic-git/http/node'

/** A person with a clone of the fleet repository, who knows Git and nothing else. */
export interface Person {
  /** The text of a file as it is checked out. */
  read(path: string): Promise<string>
  /** Writes files, commits them on `main` and pushes; gives the commit's id. */
  commit(files: ReadonlyMap<string, string>, message: string): Promise<string>
  /** Takes back the last commit by one that undoes it, as `git revert HEAD` does, and pushes; gives its id. */
  revert(): Promise<string>
  /** The message of a commit of the remote; undefined where the remote's branches do not hold it. */
  message(oid: string): Promise<string | undefined>
  /** What the generated branch is at. */
  generated(): Promise<string>
}

const author = { name: 'You', email: 'you@example.com' }
const ref = 'main'

/** Makes an empty work tree in `dir` whose remote is `url`. Needs no Git on the machine. */
export async function createPerson(dir: string, url: string): Promise<Person> {
  await mkdir(dir, { recursive: true })
  const where = { fs, dir, cache: {} }
  await init({ fs, dir, defaultBranch: ref })
  await addRemote({ fs, dir, remote: 'origin', url })
  const send = () => push({ ...where, http, remote: 'origin', ref })
  let last: Promise<unknown> = Promise.resolve()
  // One fetch after the other: the library does not lock the folder that it writes to.
  const bring = (branch: string) => {
    const options = { ...where, http, remote: 'origin', ref: branch, singleBranch: true, tags: false }
    const turn = last.then(() => fetch(options))
    last = turn.catch(() => undefined)
    return turn
  }
  const read = async (oid: string) => {
    const found = await readCommit({ ...where, oid }).catch(() => undefined)
    return found?.commit
  }

  return {
    read: (path) => readFile(join(dir, path), 'utf8'),
    async commit(files, message) {
      for (const [path, text] of files) {
        await mkdir(dirname(join(dir, path)), { recursive: true })
        await writeFile(join(dir, path), text)
        await add({ ...where, filepath: path })
      }
      const oid = await commitIndex({ ...where, message, author })
      await send()
      return oid
    },
    async revert() {
      const head = await resolveRef({ fs, dir, ref })
      const undone = await readCommit({ ...where, oid: head })
      const [parent = ''] = undone.commit.parent
      const { commit: before } = await readCommit({ ...where, oid: parent })
      const [subject = ''] = undone.commit.message.split('\n')
      const message = `Revert "${subject}"\n\nThis reverts commit ${head}.\n`
      const oid = await commitIndex({
        ...where,
        message,
        author,
        tree: before.tree,
        parent: [head],
        ref: `refs/heads/${ref}`,
      })
      await checkout({ ...where, ref, force: true })
      await send()
      return oid
    },
    async message(oid) {
      const known = await read(oid)
      if (known) return known.message
      for (const branch of ['generated', ref]) await bring(branch).catch(() => undefined)
      return (await read(oid))?.message
    },
    async generated() {
      const { fetchHead } = await bring('generated')
      if (fetchHead === null) throw new Error('the remote has no branch "generated"')
      return fetchHead
    },
  }
}
