import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type OwnedProcess, removeAtExit, startProcess } from '../testbed/processes.ts'
import type { World } from './world.ts'

const root = join(import.meta.dirname, '../..')
let main: string | undefined
let counter = 0

/** Compiles the program once, so that starting it many times costs little; gives its main file. */
function builtProgram(): string {
  if (main !== undefined) return main
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-built-'))
  removeAtExit(folder)
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const args = [tsc, '--project', join(root, 'tsconfig.build.json'), '--outDir', join(folder, 'dist')]
  execFileSync(process.execPath, args, { cwd: root, stdio: 'pipe' })
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  main = join(folder, 'dist/reconciler/main.js')
  return main
}

/** Starts `flotilla run` on a world whose clusters are connected by files, as a process of its own. */
export function startRun(world: World): OwnedProcess {
  const flags = ['--repo', world.url, '--dir', world.cloneDir, '--listen', '127.0.0.1:0', '--poll', '0 0 1 1 *']
  const log = join(world.folder, `run-${++counter}.log`)
  return startProcess(process.execPath, [builtProgram(), 'run', ...flags, '--log-format', 'json'], log)
}

/** Builds the program, which takes some seconds, before a test that is in a hurry. */
export function build(): void {
  builtProgram()
}
