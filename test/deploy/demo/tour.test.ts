import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Outcome, type Stage, StageError } from '../../../deploy/demo/stage.ts'
import { createTeller } from '../../../deploy/demo/teller.ts'
import { walk } from '../../../deploy/demo/tour.ts'
import { createShow } from '../../../deploy/demo/view/show.ts'
import type { StageWorld } from '../../../deploy/demo/world.ts'
import { plainScreen } from '../../../reconciler/views/screen.ts'

const clock = { now: () => 0, after: () => ({ cancel: () => undefined }) }

describe('demo: the tour', () => {
  const tour = (runs: readonly (() => Promise<Outcome>)[], signal = new AbortController().signal) => {
    let output = ''
    const ran: number[] = []
    const teller = createTeller(createShow({ write: (text) => (output += text) }, plainScreen()), clock)
    const stages = runs.map(
      (run, i): Stage => ({
        name: `Stage ${i + 1}`,
        will: 'something happens',
        command: 'git push',
        run: () => {
          ran.push(i + 1)
          return run()
        },
      }),
    )
    const nothing = async () => undefined
    const walked = walk({
      stages,
      world: {} as StageWorld,
      teller,
      pauses: { narrated: nothing, read: nothing },
      lastWords: () => 'the push was rejected',
      signal,
    })
    return { walked, ran, output: () => output }
  }
  const fine = async () => ({ shown: ['a commit'], came: ['it is there'] })

  it('goes through every stage and says what came about', async () => {
    const { walked, ran, output } = tour([fine, fine])
    assert.equal(await walked, true)
    assert.deepEqual(ran, [1, 2])
    assert.match(output(), /► 2\/2 Stage 2: something happens\.\n {2}\$ git push\n {2}a commit\n {2}✔ it is there/)
  })

  for (const [what, error, words] of [
    ['did not come about', new StageError('expected 3/3\n     saw 7/7'), /expected 3\/3\n +saw 7\/7/],
    ['broke', new Error('connection refused'), /connection refused/],
  ] as const) {
    it(`ends at a stage that ${what}, and says why and what the daemon said last`, async () => {
      const { walked, ran, output } = tour([fine, () => Promise.reject(error), fine])
      assert.equal(await walked, false)
      assert.deepEqual(ran, [1, 2])
      assert.match(output(), /✖ Stage 2 did not come about/)
      assert.match(output(), words)
      assert.match(output(), /the push was rejected/)
    })
  }

  it('blames no stage when the person interrupts', async () => {
    const enough = new AbortController()
    const { walked, output } = tour(
      [
        () => {
          enough.abort()
          return Promise.reject(enough.signal.reason)
        },
      ],
      enough.signal,
    )
    await assert.rejects(walked)
    assert.doesNotMatch(output(), /did not come about/)
  })
})

describe('demo: the daemon on its leash', () => {
  const start = (code: string) => {
    const leash = pathToFileURL(join(import.meta.dirname, '../../../deploy/demo/leash.ts')).href
    const child = spawn(process.execPath, ['--import', 'tsx', '--import', leash, '--eval', code], {
      cwd: import.meta.dirname,
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)))
    return { child, ended }
  }

  it('ends when whoever started it is gone, even without a word', async () => {
    const { child, ended } = start('console.log("up"); setInterval(() => {}, 1000)')
    await new Promise((resolve) => child.stdout.once('data', resolve))
    child.stdin.destroy()
    assert.equal(await ended, 'SIGTERM')
  })

  it('ends by itself when its work is done', async () => {
    const { child, ended } = start('console.log("done")')
    assert.equal(await ended, 0)
    child.stdin.destroy()
  })
})
