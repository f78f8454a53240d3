import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { buildSync } from 'esbuild'
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

/**
 * Compiles the program as it is released, and puts it with its libraries into a few files: hundreds of tests start it, and
 * most of the time that a start took was finding six hundred files. Some seconds' work, unless that was done; gives its main file,
 * which goes with this process.
 */
export function buildProgram(): string {
  built ??= process.env.FLOTILLA_TEST_PROGRAM
  if (built !== undefined) return built
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-built-'))
  removeAtExit(folder)
  compile(join(folder, 'dist'))
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  const outdir = join(folder, 'bundle')
  buildSync({
    entryPoints: [join(folder, 'dist/reconciler/main.js')],
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    // Libraries in CommonJS ask for modules of Node by this name; what makes it is named as nothing else in a file is.
    banner: {
      js: "import { createRequire as __makeRequire } from 'node:module'; const require = __makeRequire(import.meta.url);",
    },
  })
  built = join(outdir, 'main.js')
  return built
}

/** The folder of the program as it is released, without its libraries. */
export function releasedProgram(): string {
  return join(dirname(buildProgram()), '../dist')
}

function compile(outDir: string): void {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const args = [tsc, '--project', join(root, 'tsconfig.build.json'), '--outDir', outDir]
  execFileSync(process.execPath, args, { cwd: root, stdio: 'pipe' })
}
