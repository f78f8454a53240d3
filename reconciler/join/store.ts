import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { getIn } from '../../repo-layout/json.ts'
import { liesIn } from '../member/credentials.ts'
import { isRejected } from '../member/errors.ts'
import { markOf } from '../member/manifest.ts'
import type { Transport } from '../member/transport.ts'
import { applyManifest, getOrNothing } from './account.ts'
import { accountLabel } from './manifests.ts'

/** Where the credential of a member is kept: a Secret of the host cluster, or a file of the daemon's machine. */
export type Store =
  | { readonly type: 'secret'; readonly host: Transport; readonly namespace: string; readonly name: string }
  | { readonly type: 'file'; readonly path: string }

/** What lies in a store now. */
export interface Stored {
  /** Values by key; a file has the one key `value`. */
  readonly values: { readonly [key: string]: string }
  /** Whether these commands wrote it, for this fleet. */
  readonly ours: boolean
}

const markFor = (fleet: string) => `# Written for fleet ${fleet}; "flotilla cluster rotate" writes it anew.\n`

/** Reads a store; undefined where nothing is there. Rejects where that cannot be told. */
export async function readStore(store: Store, fleet: string): Promise<Stored | undefined> {
  if (store.type === 'file') {
    try {
      const text = await readFile(store.path, 'utf8')
      return { values: { value: text }, ours: text.startsWith(markFor(fleet)) }
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }
  const secret = await getOrNothing(store.host, secretPath(store))
  if (!secret) return undefined
  const data = getIn(secret, ['data'])
  const values = Object.entries(typeof data === 'object' && data !== null ? data : {})
  return {
    values: Object.fromEntries(values.map(([key, value]) => [key, Buffer.from(String(value), 'base64').toString()])),
    ours: markOf(secret, 'labels', accountLabel) === fleet,
  }
}

/**
 * Writes a store whole: a file beside and swapped in, readable by its owner alone; of a Secret the keys that are given. A
 * reader sees the old or the new credential, never half of one.
 */
export async function writeStore(
  store: Store,
  fleet: string,
  values: { readonly [key: string]: string },
): Promise<void> {
  if (store.type === 'file') return writeFileWhole(store.path, `${markFor(fleet)}${values.value ?? ''}`)
  const encoded = Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')])
  await applyManifest(store.host, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: store.name, namespace: store.namespace, labels: { [accountLabel]: fleet } },
    data: Object.fromEntries(encoded),
  })
}

/** Why a store cannot be written, as far as that can be told before; undefined where nothing speaks against it. */
export async function storeProblem(store: Store): Promise<string | undefined> {
  if (store.type === 'file') return undefined
  try {
    await store.host.request('GET', `/api/v1/namespaces/${encodeURIComponent(store.namespace)}`)
    return undefined
  } catch (error) {
    // Who may write Secrets there may not be allowed to look at the namespace.
    if (!isRejected(error, 404)) return undefined
    return `there is no namespace "${store.namespace}" in the host cluster: install the daemon there first, or name another with --host-namespace`
  }
}

/** Where a store is, for people. */
export function storeText(store: Store): string {
  return store.type === 'file' ? store.path : `Secret ${store.namespace}/${store.name}`
}

/**
 * Why no credential may be written to a file; undefined where it may. Neither the folder of the fleet nor the Git repository
 * around it may hold one.
 */
export async function filePathProblem(path: string, source: string): Promise<string | undefined> {
  if (!isAbsolute(path)) return `${path} is no absolute path: the daemon may run in another folder`
  const folder = await repositoryAround(resolve(source))
  // The file is not there yet: what leads to its folder decides.
  const inside = await liesIn(folder, join(await nearestReal(dirname(path)), 'credential'))
  return inside ? `${path} lies in the fleet repository (${folder}), where no credential may be` : undefined
}

async function repositoryAround(folder: string): Promise<string> {
  for (let at = folder; ; at = dirname(at)) {
    const isRoot = await stat(join(at, '.git')).then(
      () => true,
      () => false,
    )
    if (isRoot) return at
    if (at === dirname(at)) return folder
  }
}

async function nearestReal(folder: string): Promise<string> {
  try {
    return await realpath(folder)
  } catch {
    const above = dirname(folder)
    return above === folder ? folder : join(await nearestReal(above), folder.slice(above.length))
  }
}

async function writeFileWhole(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const beside = `${path}.${randomBytes(4).toString('hex')}`
  try {
    await writeFile(beside, text, { mode: 0o600, flag: 'wx' })
    await chmod(beside, 0o600)
    await rename(beside, path)
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
}

function secretPath({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets/${encodeURIComponent(name)}`
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
