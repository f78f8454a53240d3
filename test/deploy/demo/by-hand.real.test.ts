import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describeReal, requireBinary } from '../../testbed/binaries.ts'

const root = join(import.meta.dirname, '../../..')

describeReal('going on by hand after the demo', ['git', 'kubectl'], () => {
  const home = mkdtempSync(join(tmpdir(), 'flotilla-test-'))
  let demo: ChildProcess | undefined

  after(async () => {
    if (demo) {
      const ended = new Promise((resolve) => demo?.once('exit', resolve))
      demo.kill('SIGTERM')
      await ended
    }
    rmSync(home, { recursive: true, force: true })
  })

  function run(
    script: string,
    env: NodeJS.ProcessEnv,
  ): Promise<{ readonly code: number | null; readonly output: string }> {
    return new Promise((resolve) => {
      const shell = spawn('bash', ['-euc', script], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
      let output = ''
      for (const stream of [shell.stdout, shell.stderr]) stream.on('data', (data) => (output += data))
      shell.on('close', (code) => resolve({ code, output }))
    })
  }

  it('works by the commands of docs/demo.md as they are written, with plain git and kubectl', async () => {
    const gitconfig = join(home, '.gitconfig')
    writeFileSync(gitconfig, '[user]\n  name = Reader\n  email = reader@example.com\n')
    const { KUBECONFIG: _, FLOTILLA_SERVER: __, ...rest } = process.env
    const path = `${dirname(requireBinary('kubectl'))}:${process.env.PATH}`
    const env = { ...rest, HOME: home, TMPDIR: home, GIT_CONFIG_GLOBAL: gitconfig, NO_COLOR: '1', PATH: path }
    demo = spawn(process.execPath, ['--import', 'tsx', 'deploy/demo/main.ts'], { cwd: root, env })
    let output = ''
    const settings = await new Promise<string>((resolve, reject) => {
      demo?.once('exit', () => reject(new Error(output)))
      demo?.stdout?.on('data', (part) => {
        output += part
        const [line] = output.includes('Ctrl-C ends') ? (/\. \/\S+\/env$/m.exec(output) ?? []) : []
        if (line !== undefined) resolve(line)
      })
    })
    const docs = readFileSync(join(root, 'docs/demo.md'), 'utf8')
    const blocks = [...docs.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block = '']) => block)
    assert.equal(blocks.length, 4)

    const outputs: string[] = []
    for (const block of blocks) {
      const { code, output } = await run(`${settings}\n${block.replaceAll('/tmp/', `${home}/`)}`, env)
      assert.equal(code, 0, `${block}\n${output}`)
      outputs.push(output)
    }

    const [looked = '', changed = '', drifted = '', reverted = ''] = outputs
    assert.match(looked, /demo: (\d) of \1 clusters synced/)
    assert.match(looked, /test-ns +test-deployment +3\/3/)
    assert.match(changed, /Run twelve/)
    assert.match(changed, /Reason: source/)
    assert.match(drifted, /Deployment\.apps\/test-ns\/test-deployment.*deleted, healed/)
    assert.match(drifted, /test-deployment +4\/4/)
    assert.match(reverted, /All \d clusters are synced/)
  })
})
