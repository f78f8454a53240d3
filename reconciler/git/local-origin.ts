import { readdir, readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { getConfig } from 'isomorphic-git'
import type { Clock } from '../clock.ts'
import { lastGeneratedRef, readRef, setRef } from './clone.ts'
import { GitError, toGitError } from './error.ts'
import type { Branches, Origin } from './origin.ts'
import { moveRef } from './ref-lock.ts'
import { openStore, type Store } from './store.ts'

/**
 * A repository on this disk, bare or with a work tree, used in place. Nothing of it is touched but its packs, the
 * generated branch and a ref below `refs/flotilla`. Rejects with `config` where it is none that can be used so. With
 * `tracking`, a checkout that has no generated branch of its own is read as its remote `origin` had both branches at the last
 * fetch; it is called with the name then.
 */
export async function localOrigin(
  path: string,
  branches: Branches,
  clock: Clock,
  tracking?: (branch: string) => void,
): Promise<Origin> {
  const folder = resolve(path)
  const gitdir = await findGitFolder(folder)
  const store = openStore(gitdir, { own: false, where: folder })
  await checkUsable(store, folder)
  await refuseCheckedOut(store, folder, `refs/heads/${branches.generated}`)

  const refAt = (ref: string) =>
    readRef(store, ref).catch((error: unknown) => {
      throw toGitError(error, folder)
    })
  const at = (branch: string) => refAt(`refs/heads/${branch}`)
  const ofRemote = (branch: string) => refAt(`refs/remotes/origin/${branch}`)
  return {
    where: folder,
    // The generated branch first: a source that is read later is never older than what was generated from it.
    fetch: async () => {
      const generated = await at(branches.generated)
      const remote = generated === undefined && tracking ? await ofRemote(branches.generated) : undefined
      if (remote === undefined) return { source: await at(branches.source), generated }
      tracking?.(branches.generated)
      return { source: (await ofRemote(branches.source)) ?? (await at(branches.source)), generated: remote }
    },
    read: store.read,
    obtain: () => Promise.resolve(),
    tips: () => Promise.resolve([]),
    refAt,
    deepen: () => Promise.resolve(false),
    distrust: () => undefined,
    push: async ({ ref, commit, parent, pack }) => {
      const isGenerated = ref === `refs/heads/${branches.generated}`
      // A new branch is checked out nowhere.
      if (isGenerated || parent !== undefined) await refuseCheckedOut(store, folder, ref)
      const now = await refAt(ref)
      if (now !== parent) return { type: 'lost', remote: now }
      try {
        await store.addPack(pack)
        const move = await moveRef({ gitdir, ref, from: parent, to: commit, read: () => refAt(ref), clock })
        // Kept apart from the branch, so that one which is deleted or rewound is noticed.
        if (move.type === 'moved' && isGenerated) await setRef(store, lastGeneratedRef, commit)
        return move.type === 'moved' ? { type: 'pushed' } : { type: 'lost', remote: move.at }
      } catch (error) {
        throw toGitError(error, folder)
      }
    },
    lastGenerated: () => readRef(store, lastGeneratedRef),
    close: () => Promise.resolve(),
  }
}

async function findGitFolder(folder: string): Promise<string> {
  const inside = join(folder, '.git')
  const found = await stat(inside).catch(() => undefined)
  if (found?.isFile()) return linkedGitFolder(folder, await readFile(inside, 'utf8'))
  const gitdir = found ? inside : folder
  const isRepository = await stat(join(gitdir, 'objects')).then(
    (objects) => objects.isDirectory(),
    () => false,
  )
  if (isRepository) return gitdir
  throw new GitError('not-found', `there is no Git repository at ${folder}`, { hint: 'make one with "git init"' })
}

// In a linked work tree `.git` is a file that leads to a folder, which leads to the repository's own.
async function linkedGitFolder(folder: string, text: string): Promise<string> {
  const target = resolve(folder, text.replace(/^gitdir:/, '').trim())
  const common = await readFile(join(target, 'commondir'), 'utf8').catch(() => '.')
  return resolve(target, common.trim())
}

async function checkUsable(store: Store, folder: string): Promise<void> {
  const config = (path: string) => getConfig({ fs: store.files, gitdir: store.gitdir, path })
  const format = await config('extensions.objectformat')
  if (format !== undefined && format !== 'sha1') {
    throw new GitError('config', `${folder} names objects by ${String(format)}; only sha1 is supported`)
  }
  if ((await config('extensions.refstorage')) === 'reftable') {
    throw new GitError('config', `${folder} keeps its branches in a reftable, which is not supported`, {
      hint: 'change it with "git refs migrate --ref-format=files"',
    })
  }
  const alternates = await readFile(join(store.gitdir, 'objects/info/alternates'), 'utf8').catch(() => '')
  if (alternates.trim() !== '') {
    throw new GitError('config', `${folder} borrows objects from another repository, which is not supported`, {
      hint: 'copy them in with "git repack -a -d" and remove objects/info/alternates',
    })
  }
}

// Moving a branch under somebody's work tree would make it look as if they had undone every change.
async function refuseCheckedOut(store: Store, folder: string, ref: string): Promise<void> {
  const bare = await getConfig({ fs: store.files, gitdir: store.gitdir, path: 'core.bare' })
  const linked = await readdir(join(store.gitdir, 'worktrees')).catch(() => [])
  const heads = [
    ...(bare === true ? [] : [join(store.gitdir, 'HEAD')]),
    ...linked.map((name) => join(store.gitdir, 'worktrees', name, 'HEAD')),
  ]
  for (const head of heads) {
    const text = await readFile(head, 'utf8').catch(() => '')
    if (text.trim() !== `ref: ${ref}`) continue
    throw new GitError('config', `${folder}: the branch ${ref.replace('refs/heads/', '')} is checked out there`, {
      hint: 'check out another branch in that work tree, or use a bare repository',
    })
  }
}
