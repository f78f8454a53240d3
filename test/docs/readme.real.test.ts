import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describeReal, requireBinary } from '../testbed/binaries.ts'
import { controllerBinaries } from '../testbed/controllers.ts'
import { sharedControlPlanes } from '../testbed/shared.ts'

const root = join(import.meta.dirname, '..', '..')

/** The shell blocks of a section, in order; indented ones of a list too. */
function shellBlocks(section: string): readonly string[] {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const [, text = ''] = readme.split(`## ${section}\n`)
  const [own = ''] = text.split('\n## ')
  return [...own.matchAll(/^( *)```sh\n([\s\S]*?)^\1```/gm)].map(([, indent = '', block = '']) =>
    block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  )
}

interface Ran {
  readonly code: number | null
  readonly output: string
}

describeReal('the first fleet of the README', ['git', 'kubectl', ...controllerBinaries], () => {
  const home = mkdtempSync(join(tmpdir(), 'flotilla-readme-'))
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    HOME: home,
    NO_COLOR: '1',
    GIT_CONFIG_GLOBAL: join(home, '.gitconfig'),
  }
  let daemon: ChildProcess | undefined

  function run(script: string): Promise<Ran> {
    return new Promise((resolve) => {
      const shell = spawn('bash', ['-euc', script], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
      let output = ''
      for (const stream of [shell.stdout, shell.stderr]) stream.on('data', (data) => (output += data))
      shell.on('close', (code) => resolve({ code, output }))
    })
  }

  before(async () => {
    const [eu, us] = await sharedControlPlanes(2, { controllers: true })
    assert.ok(eu && us)
    const entries = [
      { name: 'eu', plane: eu },
      { name: 'us', plane: us },
    ]
    mkdirSync(join(home, '.kube'))
    writeFileSync(
      join(home, '.kube', 'config'),
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: entries.map(({ name, plane }) => ({
          name,
          cluster: { server: plane.server, 'certificate-authority-data': plane.caData },
        })),
        users: entries.map(({ name, plane }) => ({ name, user: { token: plane.token } })),
        contexts: entries.map(({ name }) => ({ name, context: { cluster: name, user: name } })),
      }),
    )
    writeFileSync(join(home, '.gitconfig'), '[user]\n  name = Reader\n  email = reader@example.com\n')
    env.PATH = `${dirname(requireBinary('kubectl'))}:${process.env.PATH}`
  })

  after(async () => {
    if (daemon) {
      const ended = new Promise((resolve) => daemon?.once('exit', resolve))
      // npm stands between the shell and the daemon, so the signal goes to the whole group.
      if (daemon.pid !== undefined) process.kill(-daemon.pid, 'SIGTERM')
      await ended
    }
    rmSync(home, { recursive: true, force: true })
  })

  it('comes about by the commands as they are written', async function () {
    this.timeout(180_000)
    const blocks = shellBlocks('A first fleet in five minutes')
    assert.ok(blocks.length >= 6, 'the section has its steps')
    const outputs: string[] = []
    for (const block of blocks) {
      if (block.includes('flotilla -- run')) {
        daemon = spawn('bash', ['-euc', `exec ${block}`], {
          cwd: root,
          env,
          detached: true,
          stdio: ['ignore', 'ignore', 'pipe'],
        })
        await new Promise<void>((resolve, reject) => {
          daemon?.stderr?.on('data', (data) => String(data).includes('flotilla is running') && resolve())
          daemon?.once('close', (code) => reject(new Error(`the daemon ended with ${code}`)))
        })
        continue
      }
      const { code, output } = await run(block)
      outputs.push(output)
      assert.equal(code, 0, `${block}\n${output}`)
    }
    const all = outputs.join('\n')
    assert.match(all, /2 clusters and 1 federated object: 0 errors, 0 warnings/)
    assert.match(all, /hello +1\/1/)
    assert.match(all, /\/spec\/replicas 1 → 7 by kubectl/, 'the status says who scaled it')
    const { output } = await run(
      'kubectl --context us --namespace hello get deployment hello -o name --ignore-not-found; npm run -s flotilla -- status --wait --timeout 1m',
    )
    assert.match(output, /deployment\.apps\/hello/, 'git revert brought it back')
  })
})
