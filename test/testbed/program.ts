import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { removeAtExit } from './processes.ts'

const root = join(import.meta.dirname, '../..')
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
let built: string | undefined

/**
 * What Node is given to run the command line, before its own arguments: the program as `npm test` compiled it for all
 * lanes, or the sources where a test file is run by itself, as compiling takes longer than a few slow starts.
 */
export function programArgs(): readonly string[] {
  const main = built ?? process.env.FLOTILLA_TEST_PROGRAM
  return main === undefined ? ['--import', tsx, join(root, 'reconciler/main.ts')] : [main]
}

/** Compiles the program, some seconds' work, unless that was done; gives its main file, which goes with this process. */
export function buildProgram(): string {
  built ??= process.env.FLOTILLA_TEST_PROGRAM
  if (built !== undefined) return built
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-built-'))
  removeAtExit(folder)
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const args = [tsc, '--project', join(root, 'tsconfig.build.json'), '--outDir', join(folder, 'dist')]
  execFileSync(process.execPath, args, { cwd: root, stdio: 'pipe' })
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  built = join(folder, 'dist/reconciler/main.js')
  return built
}
