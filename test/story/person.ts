import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { removeAtExit, removeNow } from '../testbed/processes.ts'
import { gitEnvironment } from '../testbed/work-tree.ts'
import type { TeamForge } from './forge.ts'

const run = promisify(execFile)

/** The address under which a person knows the forge; Git is told where it really is. */
export const forgeName = 'https://git.example.com'

/** A person with a shell and Git, who types what a reader of the README would type. */
export interface Person {
  /** Runs a command as it is written and gives what a terminal shows; rejects where it fails. */
  types(command: string): Promise<string>
  /** Writes a file of the clone, as with an editor. */
  writes(path: string, text: string): void
  /** The commit that is checked out. */
  head(): Promise<string>
  dispose(): void
}

/** Gives `jo` a home folder; `fleet` in it is the clone once it is made. */
export function personAt(forge: TeamForge): Person {
  const home = mkdtempSync(join(tmpdir(), 'flotilla-jo-'))
  removeAtExit(home)
  const config = join(home, '.gitconfig')
  writeFileSync(
    config,
    `[user]
	name = Jo
	email = jo@acme.example
[url "${forge.withCredential('jo')}/"]
	insteadOf = ${forgeName}/
[init]
	defaultBranch = main
[advice]
	detachedHead = false
`,
  )
  const fleet = join(home, 'fleet')
  const env = { ...gitEnvironment(), HOME: home, GIT_CONFIG_GLOBAL: config, LC_ALL: 'C.UTF-8' }
  const types: Person['types'] = async (command) => {
    const cwd = command.startsWith('git clone') ? home : fleet
    // One stream, as on a terminal.
    const { stdout } = await run('bash', ['-euc', `{ ${command}\n} 2>&1`], { cwd, env })
    return stdout.trimEnd()
  }
  return {
    types,
    writes(path, text) {
      const file = join(fleet, path)
      mkdirSync(join(file, '..'), { recursive: true })
      writeFileSync(file, text)
    },
    head: () => types('git rev-parse HEAD'),
    dispose: () => removeNow(home),
  }
}
