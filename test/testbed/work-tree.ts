import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { removeAtExit, removeNow } from './processes.ts'

const run = promisify(execFile)

/** A clone that a test writes, commits and pushes in, with the machine's own Git as a person would. */
export interface WorkTree {
  readonly folder: string
  /** Writes a file below the folder, with the folders above it. */
  write(path: string, text: string): void
  /** Removes a file or folder; one that is not there is fine. */
  remove(path: string): void
  /** Commits everything that changed, or an empty commit, and gives its sha. */
  commit(message: string): Promise<string>
  /** Pushes the current branch; rejects with Git's own words where the server refuses. */
  push(options?: { readonly force?: boolean }): Promise<void>
  /** Runs any Git command in the folder and gives what it printed, without the last line end. */
  git(...args: readonly string[]): Promise<string>
  /** Removes the folder now; otherwise it goes with the process. */
  dispose(): void
}

const settings = [
  'user.name=Test Author',
  'user.email=test@flotilla.example',
  'init.defaultBranch=main',
  'commit.gpgSign=false',
  'advice.detachedHead=false',
].flatMap((setting) => ['-c', setting])

/**
 * The environment for a Git that asks nobody for a password and reads nobody's settings, so that a test does the same
 * on every machine.
 */
export function gitEnvironment(): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR } = process.env
  return {
    PATH,
    HOME,
    TMPDIR,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    // Without the fourteen examples of hooks that every new repository would hold.
    GIT_TEMPLATE_DIR: '',
  }
}

/** Clones `remoteUrl` into a fresh folder, on `main` where the repository is empty. Rejects with Git's own words. */
export async function createWorkTree(remoteUrl: string): Promise<WorkTree> {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-tree-'))
  removeAtExit(folder)
  const git = async (...args: readonly string[]) => {
    const options = { cwd: folder, env: gitEnvironment(), maxBuffer: 64 * 1024 * 1024 }
    const { stdout } = await run('git', [...settings, ...args], options)
    return stdout.replace(/\n$/, '')
  }
  try {
    await git('clone', '--quiet', remoteUrl, '.')
  } catch (error) {
    removeNow(folder)
    throw error
  }
  return {
    folder,
    git,
    write: (path, text) => {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    },
    remove: (path) => rmSync(join(folder, path), { recursive: true, force: true }),
    commit: async (message) => {
      await git('add', '--all')
      await git('commit', '--quiet', '--allow-empty', '--message', message)
      return git('rev-parse', 'HEAD')
    },
    push: async ({ force = false } = {}) => {
      await git('push', '--quiet', ...(force ? ['--force'] : []), 'origin', 'HEAD')
    },
    dispose: () => removeNow(folder),
  }
}
