import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

const root = join(import.meta.dirname, '../../..')
const run = promisify(execFile)

describe('the page about the sandbox', function () {
  this.timeout(60_000)
  let folder: string

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'flotilla-sandbox-docs-'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('shows a program that runs', async () => {
    const page = readFileSync(join(root, 'docs/sandbox.md'), 'utf8')
    const [, program = ''] = page.match(/```ts\n([\s\S]*?)```/) ?? []
    const file = join(folder, 'example.mts')
    writeFileSync(file, program.replace('./deploy', `${pathToFileURL(root)}/deploy`))
    const { stdout } = await run(process.execPath, ['--import', 'tsx', file], { cwd: root })
    assert.match(stdout, /^https:\/\/127\.0\.0\.1:\d+ ok\n$/)
  })

  it('shows a command that starts clusters and ends at a signal', async () => {
    const kubeconfig = join(folder, 'kubeconfig')
    const args = ['--import', 'tsx', 'deploy/sandbox/main.ts', '3', '--kubeconfig', kubeconfig]
    const child = spawn(process.execPath, args, { cwd: root })
    const said = await new Promise<string>((resolve, reject) => {
      child.stdout.once('data', (data: Buffer) => resolve(data.toString()))
      child.once('exit', () => reject(new Error('it ended by itself')))
    })
    assert.match(said, /^3 clusters are ready\./)
    assert.equal(JSON.parse(readFileSync(kubeconfig, 'utf8')).contexts.length, 3)
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGINT')
    assert.equal(await ended, 0)
  })
})
