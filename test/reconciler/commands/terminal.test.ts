import assert from 'node:assert/strict'
import { systemClock } from '../../../reconciler/clock.ts'
import type { CommandContext } from '../../../reconciler/commands/context.ts'
import { clip, fold, processLiveScreen } from '../../../reconciler/commands/live-screen.ts'
import { type StatusOptions, statusCommand } from '../../../reconciler/commands/status.ts'
import { type ColorMode, isColored, type Terminal } from '../../../reconciler/commands/terminal.ts'
import { startFakeDaemon } from '../server/fake-daemon.ts'
import { clusterOf, everyState, fleetOf } from '../views/fleet.ts'

const tty = { isTTY: true } as NodeJS.WriteStream
const pipe = {} as NodeJS.WriteStream

describe('colours', () => {
  const cases: readonly (readonly [stream: NodeJS.WriteStream, mode: ColorMode, noColor: string, colored: boolean])[] =
    [
      [tty, 'auto', '', true],
      [tty, 'auto', '1', false],
      [tty, 'never', '', false],
      [pipe, 'auto', '', false],
      [pipe, 'always', '', true],
      [pipe, 'always', '1', true],
    ]
  for (const [stream, mode, noColor, colored] of cases) {
    const where = `${stream === tty ? 'on a terminal' : 'in a pipe'} with --color ${mode} and NO_COLOR="${noColor}"`
    it(`are ${colored ? 'used' : 'left out'} ${where}`, () => {
      assert.equal(isColored(stream, mode, { NO_COLOR: noColor }), colored)
    })
  }
})

/** A terminal of some lines that keeps what was written. */
function fakeStream(rows: number) {
  let text = ''
  const stream = {
    isTTY: true,
    rows,
    write(chunk: string) {
      text += chunk
      return true
    },
  } as NodeJS.WriteStream
  return { stream, written: () => text }
}

describe('a screen that is drawn again', () => {
  it('is the alternate one, without a cursor, and gives the terminal back as it was', () => {
    const { stream, written } = fakeStream(10)
    const screen = processLiveScreen(stream)
    screen?.draw('one\ntwo\n')
    screen?.draw('three\n')
    screen?.end()
    screen?.end()
    const esc = '\u001b'
    assert.equal(written().split(`${esc}[?1049h`).length, 2, 'opened once')
    assert.ok(written().startsWith(`${esc}[?1049h${esc}[?25l${esc}[?7l`))
    assert.ok(written().endsWith(`three${esc}[K${esc}[J${esc}[?7h${esc}[?25h${esc}[?1049l`), 'closed once')
  })

  it('writes nothing where nothing was drawn, and is none in a pipe', () => {
    const { stream, written } = fakeStream(10)
    processLiveScreen(stream)?.end()
    assert.equal(written(), '')
    assert.equal(processLiveScreen(pipe), undefined)
  })

  it('folds what is wider than it, also where it has no size yet, and colours take no room', () => {
    const red = (text: string) => `\u001b[31m${text}\u001b[39m`
    assert.deepEqual(fold('abcdefg', 3), ['abc', 'def', 'g'])
    assert.deepEqual(fold(red('abcd'), 4), [red('abcd')])
    assert.deepEqual(fold('', 3), [''])
    const { stream, written } = fakeStream(0)
    processLiveScreen(stream)?.draw(`${'x'.repeat(100)}\nend\n`)
    for (const part of ['x'.repeat(80), 'x'.repeat(20), 'end'])
      assert.ok(written().includes(`${part}\u001b[K`), written())
  })

  it('is clipped to its height and says how much is left out', () => {
    assert.deepEqual(clip('a\nb\nc\n', 3), ['a', 'b', 'c'])
    assert.deepEqual(clip('a\nb\nc\nd\n', 3), ['a', 'b', '2 more lines do not fit on the screen'])
    assert.deepEqual(clip('a\nb', 1), ['2 more lines do not fit on the screen'])
  })
})

describe('status --watch on a terminal', () => {
  it('draws anew at each change, leaves the terminal as it was, and writes nothing beside', async () => {
    const progressing = fleetOf([clusterOf('eu-1', '', { sync: 'progressing', ...everyState.progressing })])
    const daemon = await startFakeDaemon(progressing)
    const drawn: string[] = []
    const written: string[] = []
    let ends = 0
    let interrupt = () => {}
    const terminal: Terminal = {
      data: (text) => void written.push(text),
      message: (_, line) => void written.push(line),
      note: (text) => void written.push(text),
      fail: (text) => void written.push(text),
      style: (_, text) => text,
      columns: 80,
    }
    const context: CommandContext = {
      terminal,
      env: { LANG: 'C.UTF-8' },
      clock: systemClock,
      live: {
        draw(text) {
          drawn.push(text)
          if (drawn.length === 1) daemon.tell(fleetOf([clusterOf('eu-1', '')]))
          else if (text.includes('✔ synced')) interrupt()
        },
        end: () => void ends++,
      },
      onInterrupt(listener) {
        interrupt = listener
        return () => {
          interrupt = () => {}
        }
      },
    }
    const options: StatusOptions = { server: daemon.url, cluster: [], watch: true, timeout: '5m' }
    const exit = await statusCommand(undefined, options, context)
    await daemon.close()
    assert.equal(exit, 130)
    assert.match(drawn[0] ?? '', /◌ progressing/)
    assert.match(drawn.at(-1) ?? '', /✔ synced.*\nThe one cluster is synced\.$/)
    assert.deepEqual([written, ends], [[], 1])
  })
})
