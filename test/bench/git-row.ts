import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openRepository } from '../../reconciler/git/open.ts'
import type { NewFile, Repository } from '../../reconciler/git/types.ts'
import { blobOid } from '../../repo-layout/generated/oid.ts'
import { stringifyYaml } from '../../repo-layout/yaml/stringify.ts'
import { startGitServer } from '../testbed/git-server.ts'
import { removeAtExit, removeNow } from '../testbed/processes.ts'
import { objectOf } from './apply/objects.ts'
import { type NativeGit, nativeGit } from './native-git.ts'
import { medianOf, type Row } from './result.ts'

/** How many files, and how often. */
export interface GitSettings {
  readonly files: number
  readonly runs: number
}

const branches = { source: 'main', generated: 'generated' } as const
const author = { name: 'bench', email: 'bench@flotilla.example' } as const
const steps = ['pull', 'push', 'pull-one', 'push-one'] as const
type Step = (typeof steps)[number]
type Times = Record<Step, number[]>

/** Pulls a source and pushes a generated branch of many files, then one change of each; native Git does the same. */
export async function gitRows({ files, runs }: GitSettings, say: (line: string) => void): Promise<readonly Row[]> {
  const [ours, native]: [Times, Times] = [noTimes(), noTimes()]
  for (let run = 0; run < runs; run++) {
    await measure(files, ours, native)
    const said = steps.map(
      (step) => `${step} ${ours[step].at(-1)?.toFixed(2)} s (${native[step].at(-1)?.toFixed(2)} s)`,
    )
    say(`git: run ${run + 1}: ${said.join(', ')}`)
  }
  const titles: Record<Step, string> = {
    pull: `Git: pull ${files} files and read all`,
    push: `Git: commit and push ${files} files`,
    'pull-one': 'Git: pull one changed file and read it',
    'push-one': 'Git: commit and push one changed file',
  }
  return steps.map((step) => ({
    name: `git-${step}`,
    title: titles[step],
    unit: 's',
    flotilla: medianOf(ours[step]),
    limit: medianOf(native[step], 'native git'),
  }))
}

function noTimes(): Times {
  return { pull: [], push: [], 'pull-one': [], 'push-one': [] }
}

async function measure(count: number, ours: Times, native: Times): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-bench-git-'))
  removeAtExit(folder)
  const server = await startGitServer()
  try {
    const url = server.createRepo('fleet')
    const people = await nativeGit(url, join(folder, 'people'))
    const source = textsOf(count, 'workloads', 1)
    let tip = await people.commit(branches.source, undefined, source)
    await people.push(branches.source)

    const repository = await openRepository({ url, branches, dir: join(folder, 'clone') })
    let generated: { readonly commit: string; readonly texts: ReadonlyMap<string, string> } | undefined
    const commit = async (texts: ReadonlyMap<string, string>) => {
      const files = new Map([...texts].map(([path, text]) => [path, { text, oid: blobOid(text) }] as const))
      return timed(async () => {
        generated = { commit: await push(repository, generated?.commit, files), texts }
      })
    }
    ours.pull.push(await timed(() => pullAll(repository, count)))
    ours.push.push(await commit(textsOf(count, 'clusters', 1)))

    const peer = await nativeGit(url, join(folder, 'peer'))
    native.pull.push(await timed(() => peer.pullAll(branches.source)))
    const peerBranch = 'peer'
    const peerFiles = textsOf(count, 'clusters', 1)
    let peerTip = ''
    native.push.push(
      await timed(async () => {
        peerTip = await peer.commit(peerBranch, undefined, peerFiles)
        await peer.push(peerBranch)
      }),
    )

    const [path = '', text = ''] = [...textsOf(count, 'workloads', 2)][count >> 1] ?? []
    tip = await people.commit(branches.source, tip, new Map([[path, text]]))
    await people.push(branches.source)
    ours['pull-one'].push(await timed(() => pullOne(repository, path, text)))
    native['pull-one'].push(await timed(() => pullOneNative(peer, path, text)))

    const [changed = '', newText = ''] = [...textsOf(count, 'clusters', 2)][count >> 1] ?? []
    ours['push-one'].push(await commit(new Map([...textsOf(count, 'clusters', 1), [changed, newText]])))
    native['push-one'].push(
      await timed(async () => {
        await peer.commit(peerBranch, peerTip, new Map([[changed, newText]]))
        await peer.push(peerBranch)
      }),
    )
    await repository.close()
  } finally {
    await server.stop()
    removeNow(folder)
  }
}

async function pullAll(repository: Repository, count: number): Promise<void> {
  const { source } = await repository.fetch()
  const entries = await repository.list(source ?? '')
  for (const { oid } of entries) await repository.read(oid)
  if (entries.length !== count) throw new Error(`${entries.length} files were pulled, not ${count}`)
}

async function pullOne(repository: Repository, path: string, text: string): Promise<void> {
  const { source } = await repository.fetch()
  const entry = (await repository.list(source ?? '')).find((one) => one.path === path)
  if (Buffer.from(await repository.read(entry?.oid ?? '')).toString('utf8') !== text)
    throw new Error(`${path} was not pulled`)
}

async function pullOneNative(git: NativeGit, path: string, text: string): Promise<void> {
  await git.fetch(branches.source)
  if ((await git.show(branches.source, path)) !== text) throw new Error(`${path} was not pulled by git`)
}

async function push(
  repository: Repository,
  parent: string | undefined,
  files: ReadonlyMap<string, NewFile>,
): Promise<string> {
  const done = await repository.commitGenerated({ parent, files, message: 'Generate\n', author })
  if (done.push.type !== 'pushed') throw new Error(`the push was ${done.push.type}`)
  return done.commit
}

/** Paths in folders as a fleet has them, each with a text of its own. */
function textsOf(count: number, root: string, version: number): ReadonlyMap<string, string> {
  return new Map(
    Array.from({ length: count }, (_, index) => {
      const object = objectOf('git', index, 'cluster1', { all: version, one: 0 })
      return [`${root}/c${index % 50}/${object.metadata.namespace}/${index}.yaml`, stringifyYaml(object)] as const
    }),
  )
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}
