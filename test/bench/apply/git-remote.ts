import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startProcess } from '../../testbed/processes.ts'

/** A repository on a real Git server. */
export interface GitRemote {
  readonly url: string
  stop(): Promise<void>
}

const patience = 30_000

/**
 * Starts a Git server with one empty repository. It is a process of its own: each request starts a `git`, and starting a
 * program takes a process as large as the benchmark several times as long as a small one.
 */
export async function startGitRemote(folder: string): Promise<GitRemote> {
  const program = fileURLToPath(new URL('./git-process.ts', import.meta.url))
  const output = join(folder, 'git-server.log')
  const server = startProcess(process.execPath, ['--import', 'tsx', program], output)
  for (const end = Date.now() + patience; ; await sleep(50)) {
    const url = existsSync(output) ? /^http:\S+$/m.exec(readFileSync(output, 'utf8'))?.[0] : undefined
    if (url !== undefined) {
      const stop = async () => {
        // It takes its repository away when it is told to end, and not when it is killed.
        server.signal('SIGTERM')
        await server.ended
      }
      return { url, stop }
    }
    if (!server.running() || Date.now() > end) throw new Error(`the Git server did not start:\n${server.logTail()}`)
  }
}
