import { join } from 'node:path'
import { type OwnedProcess, startProcess } from '../testbed/processes.ts'
import { programArgs } from '../testbed/program.ts'
import type { World } from './world.ts'

let counter = 0

/** Starts `flotilla run` on a world whose clusters are connected by files, as a process of its own. */
export function startRun(world: World): OwnedProcess {
  const flags = ['--repo', world.url, '--dir', world.cloneDir, '--listen', '127.0.0.1:0', '--poll', '0 0 1 1 *']
  const log = join(world.folder, `run-${++counter}.log`)
  return startProcess(process.execPath, [...programArgs(), 'run', ...flags, '--log-format', 'json'], log)
}
