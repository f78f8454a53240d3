import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../../..')

/** What stays the same from run to run: without ids, ports and times, and without what the daemon does meanwhile. */
function lasting(output: string): readonly string[] {
  return output
    .split('\n')
    .filter((line) => !/^ +\d+\.\ds /.test(line))
    .map((line) =>
      line
        .replace(/\b[0-9a-f]{40}\b|\b[0-9a-f]{7}\b/g, '<commit>')
        .replace(/127\.0\.0\.1:\d+/, '<address>')
        .replace(/\/\S*flotilla-demo-\w+/, '<folder>')
        .replace(/\d+ ?s( ago|\.)/, '<time>$1')
        .replace(/Renderer: .*/, '<renderer>'),
    )
}

interface Demo {
  readonly process: ChildProcess
  readonly ended: Promise<number | null>
  output(): string
}

describe('npm run demo', function () {
  this.timeout(180_000)
  let home: string
  let running: Demo | undefined

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'flotilla-test-'))
    running = undefined
  })
  afterEach(async () => {
    running?.process.kill('SIGTERM')
    await running?.ended
    rmSync(home, { recursive: true, force: true })
  })

  /** Starts the demo on a machine that has Node and nothing else. */
  const start = (...args: readonly string[]) => startWith({}, ...args)

  function startWith(more: NodeJS.ProcessEnv, ...args: readonly string[]): Demo {
    const bin = join(home, 'bin')
    mkdirSync(bin)
    symlinkSync(process.execPath, join(bin, 'node'))
    const child = spawn(join(bin, 'node'), ['--import', 'tsx', 'deploy/demo/main.ts', ...args], {
      cwd: root,
      env: { PATH: bin, HOME: home, TMPDIR: home, LANG: 'C.UTF-8', ...more },
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (output += part))
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
    running = { process: child, ended, output: () => output }
    return running
  }

  const leftBehind = (output: string) => {
    const [, folder = ''] = /kubeconfig +(\/\S+)\/kubeconfig/.exec(output) ?? []
    assert.notEqual(folder, '')
    return existsSync(folder)
  }

  it('shows every stage come about with Node alone, as the README records it (FLOTILLA_GOLDEN=write records it anew)', async () => {
    const demo = start('--once')
    const code = await demo.ended
    const output = demo.output()
    assert.equal(code, 0, output)
    const stages = [...output.matchAll(/^► (\d)\/8 ([^:]+):/gm)].map(([, number, name]) => `${number} ${name}`)
    assert.deepEqual(stages, [
      '1 First sync',
      '2 Placement change',
      '3 Drift',
      '4 Failover',
      '5 Failback',
      '6 Rollback',
      '7 Rollout',
      '8 Promotion',
    ])
    for (const seen of [
      /pulled +main [0-9a-f]{7} {2}Start the fleet/,
      /committed +generated [0-9a-f]{7} \(source\) {2}Start the fleet/,
      /applied +us-1 {2}[0-9a-f]{7}, \d+\/\d+ objects/,
      /✔ test-namespace\/test-deployment: eu-1 3\/3, us-1 5\/5/,
      /✔ test-namespace\/test-deployment: eu-1 3\/3, eu-2 3\/3, us-1 none/,
      /\/spec\/replicas 3 → 7 by kubectl.*, healed/,
      /lost +eu-2 {2}unreachable/,
      /Reason: failover/,
      /✔ test-ns\/test-deployment: eu-1 \d\/\d, us-1 \d\/\d: 9 where they can be reached/,
      /Reason: failback/,
      /✔ test-namespace\/test-deployment: eu-1 3\/3, eu-2 none, us-1 5\/5 \(as before\)/,
      /✔ default\/super-server-71fd5980-0-nginx: local-1 1\/1; Service default\/nginx: 0 ready endpoints/,
      /committed +generated [0-9a-f]{7} \(rollout-step\) {2}super-server-71fd5980-0 has achieved step 1 \(full on\)/,
      /✔ default\/super-server-71fd5980-0-nginx: local-1 3\/3; Service default\/nginx: 3 ready endpoints/,
      /All 8 stages came about/,
    ]) {
      assert.match(output, seen)
    }
    // A pipe gets plain lines.
    assert.ok(!output.includes('\u001b'), output)
    assert.equal(leftBehind(output), false)
    const page = join(root, 'README.md')
    const recorded = /^```text\n([\s\S]*?)^```/m
    if (process.env.FLOTILLA_GOLDEN === 'write') {
      const anew = readFileSync(page, 'utf8').replace(recorded, () => `\`\`\`text\n${output}\`\`\``)
      writeFileSync(page, anew)
    }
    const [, recording = ''] = recorded.exec(readFileSync(page, 'utf8')) ?? []
    assert.deepEqual(lasting(output), lasting(recording), 'the recording in the README is what it prints')
  })

  it('leaves the rollout out where there is no helm, says why, and ends with 0', async () => {
    const demo = startWith({ FLOTILLA_HELM: join(home, 'no-helm') }, '--once')
    assert.equal(await demo.ended, 0, demo.output())
    assert.match(
      demo.output(),
      /^The rollout of an Application is left out: \S+ is no program: set FLOTILLA_HELM .*\.$/m,
    )
    assert.match(demo.output(), /All 6 stages came about/)
  })

  it('puts everything away when it is interrupted in the middle', async () => {
    const demo = start()
    await new Promise<void>((resolve) => {
      demo.process.stdout?.on('data', () => {
        if (demo.output().includes('1/8')) resolve()
      })
    })
    demo.process.kill('SIGINT')
    assert.equal(await demo.ended, 130, demo.output())
    assert.equal(leftBehind(demo.output()), false)
  })

  it('says what it can be asked for', async () => {
    const help = start('--help')
    assert.equal(await help.ended, 0)
    assert.match(help.output(), /--once/)
  })

  it('refuses options that it does not know', async () => {
    const wrong = start('--twice')
    assert.equal(await wrong.ended, 2)
    assert.match(wrong.output(), /--twice/)
  })
})
