import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lanesOf } from './lanes.ts'
import { programArgs } from './program.ts'
import { runLanes } from './run-lanes.ts'

describe('testbed: lanes of test files', function () {
  this.timeout(60_000)
  let folder = ''
  let printed = ''
  const print = (text: string) => {
    printed += text
  }
  const lane = (name: string, text: string) => {
    const file = join(folder, `${name}.test.mjs`)
    writeFileSync(file, text)
    return { name, files: [file] }
  }
  const main = programArgs().at(-1) ?? ''
  const lastLine = () => printed.trimEnd().split('\n').at(-1)

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'flotilla-lanes-'))
    printed = ''
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('hold every file once, and no lane is empty', () => {
    const files = [
      'test/faults/kill.test.ts',
      'test/layout.test.ts',
      'test/reconciler/daemon/kill.real.test.ts',
      'test/reconciler/member/member.real.test.ts',
      'test/testbed/testbed.test.ts',
    ]
    const lanes = lanesOf(files)
    deepEqual(lanes.flatMap((one) => one.files).sort(), files)
    ok(lanes.length > 3)
    deepEqual(lanesOf(['test/layout.test.ts']), [{ name: 'other', files: ['test/layout.test.ts'] }])
  })

  it('run no more at a time than is asked, in the order given, and all of them', async () => {
    const times = join(folder, 'times')
    const text = `import { appendFileSync } from 'node:fs'
      const note = (what) => appendFileSync(${JSON.stringify(times)}, what)
      it('a', async () => { note('('); await new Promise((end) => setTimeout(end, 200)); note(')') })`
    const names = ['one', 'two', 'three']
    deepEqual(
      await runLanes(
        names.map((name) => lane(name, text)),
        main,
        print,
        1,
      ),
      { passed: 3, failed: 0, skipped: 0 },
    )
    equal(readFileSync(times, 'utf8'), '()()()')
    deepEqual(
      [...printed.matchAll(/== (\w+): /g)].map(([, name]) => name),
      names,
    )
  })

  it('end with one line that counts all of them, after what each one printed', async () => {
    const counts = await runLanes(
      [
        lane('good', "it('a', () => {}); it.skip('b', () => {})"),
        lane('bad', "it('c', () => {}); it('is wrong', () => { throw new Error('told why') })"),
      ],
      main,
      print,
    )
    deepEqual(counts, { passed: 2, failed: 1, skipped: 1 })
    equal(lastLine(), '2 passed, 1 failed, 1 skipped')
    match(printed, /== good: 1 files[\s\S]*1 passed, 0 failed, 1 skipped/)
    match(printed, /== bad: 1 files[\s\S]*told why/)
  })

  it('count as failed where one dies, cannot be loaded, or fails after it has counted', async () => {
    const cases = {
      dies: "it('a', () => process.kill(process.pid, 'SIGKILL'))",
      'is not loaded': "throw new Error('no')",
      'fails late': "it('a', () => { setTimeout(() => process.kill(process.pid, 'SIGKILL'), 500) })",
    }
    const counts = await runLanes(
      Object.entries(cases).map(([name, text]) => lane(name, text)),
      main,
      print,
    )
    deepEqual(counts, { passed: 1, failed: 3, skipped: 0 })
    for (const name of Object.keys(cases)) match(printed, new RegExp(`The lane ${name} did not`))
  })
})
