import { randomUUID } from 'node:crypto'
import { access, mkdir, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { clusterNameProblem } from '../../repo-layout/names.ts'
import { fleetSchema } from '../../repo-layout/schema/fleet.ts'
import { count } from '../views/text.ts'
import { clusterFile, exampleFile, fleetFile, type NewCluster, readmeFile } from './init-files.ts'
import type { Terminal } from './terminal.ts'

/** Options of `flotilla init`. */
export interface InitOptions {
  readonly name: string
  /** Each `NAME=KUBECONFIG` or `NAME=KUBECONFIG:CONTEXT`. */
  readonly cluster: readonly string[]
}

/**
 * `flotilla init DIR`: writes a fleet repository that validates. A file that exists is left as it is, and said so; running
 * it again with other clusters adds them. Exit 2 where a name cannot be used or nothing can be written.
 */
export async function initCommand(directory: string, options: InitOptions, terminal: Terminal): Promise<number> {
  const root = resolve(directory)
  const fleetUid = randomUUID()
  const clusters: NewCluster[] = []
  const problems: string[] = []
  const fleet = fleetSchema.shape.metadata.safeParse({ name: options.name })
  if (!fleet.success) problems.push(`--name ${options.name}: ${fleet.error.issues[0]?.message}`)
  for (const text of options.cluster) {
    const read = readCluster(text)
    const twin = 'problem' in read ? undefined : clusters.find(({ name }) => isSameName(name, read.name))
    if ('problem' in read) problems.push(`--cluster ${text}: ${read.problem}`)
    else if (twin) problems.push(`--cluster ${text}: there is a cluster "${twin.name}" already`)
    else clusters.push(read)
  }
  if (problems.length > 0) {
    for (const problem of problems) terminal.fail(problem)
    return 2
  }

  const files: readonly (readonly [path: string, text: string])[] = [
    ['flotilla.yaml', fleetFile(options.name, fleetUid)],
    ...clusters.map((cluster) => [`clusters/${cluster.name}.yaml`, clusterFile(cluster)] as const),
    ['workloads/hello.yaml', exampleFile()],
    ['README.md', readmeFile(options.name)],
  ]
  let written = 0
  try {
    for (const [path, text] of files) {
      if (await writeNew(join(root, path), text)) written += 1
      else terminal.note(`${path} exists and stays as it is`)
    }
  } catch (error) {
    terminal.fail(error instanceof Error ? error.message : String(error))
    return 2
  }
  for (const { name, kubeConfig } of clusters) {
    if (!(await exists(kubeConfig))) terminal.note(`${kubeConfig} of cluster ${name} is not there yet`)
  }
  if (clusters.length === 0) terminal.note('no cluster yet; add one with --cluster NAME=KUBECONFIG[:CONTEXT]')
  terminal.note(`${count(written, 'file')} written to ${directory}; next: flotilla validate --source ${directory}`)
  return 0
}

/** Reads `NAME=KUBECONFIG[:CONTEXT]`; contexts may hold colons, as those of EKS do, paths may not. */
function readCluster(text: string): NewCluster | { readonly problem: string } {
  const [, name = '', path = '', context] = /^([^=]*)=([^:]*)(?::(.*))?$/s.exec(text) ?? []
  if (path === '') return { problem: 'expected NAME=KUBECONFIG or NAME=KUBECONFIG:CONTEXT' }
  const problem = name === '' ? 'needs a name' : clusterNameProblem(name)
  if (problem) return { problem: `the name "${name}" ${problem}` }
  const kubeConfig = resolve(path.startsWith('~/') ? join(homedir(), path.slice(2)) : path)
  return { name, kubeConfig, context: context || undefined }
}

function isSameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

async function writeNew(path: string, text: string): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true })
  try {
    await writeFile(path, text, { flag: 'wx' })
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
