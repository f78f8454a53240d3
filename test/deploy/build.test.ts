import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { releasedProgram } from '../testbed/program.ts'

const root = join(import.meta.dirname, '../..')
const lockSchema = z.object({
  packages: z.record(z.string(), z.looseObject({ dev: z.boolean().optional() })),
})

interface Ended {
  readonly code: number
  readonly text: string
}

function run(command: string, args: readonly string[], cwd: string): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(command, [...args], { cwd, env: { ...process.env, NO_COLOR: '1' } }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, text: stdout + stderr }),
    )
  })
}

/** The packages at the top of node_modules that an install without development dependencies brings. */
function productionPackages(): readonly string[] {
  const { packages } = lockSchema.parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')))
  return Object.entries(packages)
    .filter(([path, { dev }]) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) && dev !== true)
    .map(([path]) => path)
}

describe('the build', function () {
  this.timeout(120_000)
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-build-'))
  const main = join(folder, 'dist/reconciler/main.js')
  after(() => rmSync(folder, { recursive: true, force: true }))

  before(() => {
    cpSync(releasedProgram(), join(folder, 'dist'), { recursive: true })
    cpSync(join(root, 'package.json'), join(folder, 'package.json'))
    for (const path of productionPackages()) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      symlinkSync(join(root, path), join(folder, path))
    }
  })

  it('runs with production dependencies alone, each command by its help', async () => {
    const help = await run('node', ['--preserve-symlinks', main, '--help'], folder)
    assert.equal(help.code, 0, help.text)
    const commands = [...help.text.matchAll(/^ {2}([a-z]+)(?: [[<].*)? {2,}\S/gm)].map(([, name = '']) => name)
    assert(commands.includes('run') && commands.includes('render'), help.text)
    for (const command of commands.filter((name) => name !== 'help')) {
      const { code, text } = await run('node', ['--preserve-symlinks', main, command, '--help'], folder)
      assert.equal(code, 0, text)
      assert.match(text, new RegExp(`^Usage: flotilla ${command}`))
    }
  })

  it('validates and renders a fleet as the sources do', async () => {
    const source = join(root, 'examples/article')
    const out = join(folder, 'out')
    const validated = await run('node', ['--preserve-symlinks', main, 'validate', '--source', source], folder)
    assert.equal(validated.code, 0, validated.text)
    const built = ['--preserve-symlinks', main, 'render', '--source', source, '--out', out]
    assert.deepEqual((await run('node', built, folder)).code, 0)
    const again = join(folder, 'again')
    const args = ['--import', 'tsx', join(root, 'reconciler/main.ts'), 'render', '--source', source, '--out', again]
    assert.equal((await run('node', args, root)).code, 0)
    assert.deepEqual(await run('diff', ['--recursive', out, again], folder), { code: 0, text: '' })
  })

  it('loads the daemon: run refuses what it cannot start with, and not for a module that is missing', async () => {
    const args = ['--preserve-symlinks', main, 'run', '--repo', folder, '--listen', 'nonsense']
    const { code, text } = await run('node', args, folder)
    assert.equal(code, 2, text)
    assert.match(text, /--listen nonsense: expected host:port/)
  })
})
