import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openRepository, type RepositoryOptions } from '../../../reconciler/git/open.ts'
import type { NewFile, Repository } from '../../../reconciler/git/types.ts'
import { blobOid } from '../../../repo-layout/generated/oid.ts'
import { type GitServer, startGitServer } from '../../testbed/git-server.ts'
import { createWorkTree, gitEnvironment, type WorkTree } from '../../testbed/work-tree.ts'

export const branches = { source: 'main', generated: 'flotilla' } as const
export const author = { name: 'Flotilla', email: 'flotilla@example.com' } as const

/** A fleet repository on a real Git server, with one commit on its source branch and someone who works there. */
export interface Fleet {
  readonly server: GitServer
  readonly url: string
  /** The server's own folder. */
  readonly dir: string
  readonly people: WorkTree
  readonly first: string
  open(options?: Partial<RepositoryOptions>): Promise<Repository>
  /** Native Git in the server's folder. */
  git(...args: readonly string[]): string
  stop(): Promise<void>
}

export async function startFleet(auth?: Parameters<typeof startGitServer>[0]): Promise<Fleet> {
  const server = await startGitServer(auth)
  const url = server.createRepo('fleet')
  const people = await createWorkTree(server.urlWithCredential('fleet'))
  people.write('flotilla.yaml', 'kind: Fleet\n')
  people.write('workloads/web.yaml', 'kind: Deployment\n')
  const first = await people.commit('Start the fleet')
  await people.push()
  const opened: Repository[] = []
  const clones = temporaryFolder()
  const dir = server.dir('fleet')
  return {
    server,
    url,
    dir,
    people,
    first,
    open: async (options = {}) => {
      const dir = join(clones, `clone-${opened.length}`)
      const repository = await openRepository({ url, branches, dir, timeoutMs: 10_000, ...options })
      opened.push(repository)
      return repository
    },
    git: (...args) => gitIn(dir, ...args),
    stop: async () => {
      for (const repository of opened) await repository.close()
      people.dispose()
      rmSync(clones, { recursive: true, force: true })
      await server.stop()
    },
  }
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'flotilla-test-git-'))
}

export function gitIn(cwd: string, ...args: readonly string[]): string {
  const options = { cwd, env: gitEnvironment(), encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 } as const
  return execFileSync('git', args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] }).trim()
}

/** New files from plain text. */
export function filesOf(texts: Readonly<Record<string, string>>): Map<string, NewFile> {
  return new Map(Object.entries(texts).map(([path, text]) => [path, { text, oid: blobOid(text) }]))
}

/** Commits these files upon `parent` with a plain message. */
export function generate(repository: Repository, parent: string | undefined, files: ReadonlyMap<string, NewFile>) {
  return repository.commitGenerated({ parent, files, message: 'Render', author })
}
