import assert from 'node:assert/strict'
import { changeLines } from '../../../deploy/demo/change.ts'
import { indented } from '../../../deploy/demo/generated.ts'
import { createTeller } from '../../../deploy/demo/teller.ts'
import { matrixLines, panelLines } from '../../../deploy/demo/view/matrix.ts'
import { createShow } from '../../../deploy/demo/view/show.ts'
import { plainScreen } from '../../../reconciler/views/screen.ts'

const clock = { now: () => 0, after: () => ({ cancel: () => undefined }) }
const stage = { name: 'Drift', will: 'it is put back', command: 'kubectl scale …', run: async () => ({ came: [] }) }

/** What a terminal of some columns shows in the end: lines that were erased are gone. */
function terminal(columns: number, rows = 24) {
  const lines = ['']
  const write = (text: string) => {
    for (const part of text.replaceAll('\u001b', '␛').split(/(␛\[\??\d*[A-Za-z]|\r|\n)/)) {
      const up = /^␛\[(\d+)A$/.exec(part)
      if (up) lines.splice(Math.max(0, lines.length - 1 - Number(up[1])))
      if (up) lines.push('')
      else if (part === '\n') lines.push('')
      else if (!part.startsWith('␛') && part !== '\r') lines[lines.length - 1] += part
    }
  }
  return { write, rows, columns, shown: () => lines.slice(0, -1) }
}

describe('demo: what is shown', () => {
  it('writes plain lines and no panel where there is no terminal', () => {
    let text = ''
    const show = createShow({ write: (part) => (text += part) }, plainScreen())
    show.line('one')
    show.panel(['a panel'])
    show.line()
    show.line('two')
    show.end()
    assert.equal(text, 'one\n\ntwo\n')
  })

  it('keeps the panel below the lines, draws it anew and takes it away at the end', () => {
    const output = terminal(80)
    const show = createShow(output, plainScreen(80))
    show.line('one')
    show.panel(['panel 1', 'second line'])
    show.line('two')
    assert.deepEqual(output.shown(), ['one', 'two', 'panel 1', 'second line'])
    show.panel(['panel 2'])
    assert.deepEqual(output.shown(), ['one', 'two', 'panel 2'])
    show.end()
    assert.deepEqual(output.shown(), ['one', 'two'])
  })

  it('draws no more of a panel than can be erased again', () => {
    const output = terminal(80, 4)
    const show = createShow(output, plainScreen(80))
    show.panel(['1', '2', '3', '4', '5'])
    assert.deepEqual(output.shown(), ['1', '2'])
  })

  it('shows replicas by workload and cluster, ready and wanted', () => {
    const column = (cluster: string, running: readonly [string, { wanted: number; ready: number }][]) => ({
      cluster,
      region: 'eu',
      sync: 'synced' as const,
      running: new Map(running),
    })
    const columns = [
      column('eu-1', [['shop/web', { wanted: 3, ready: 3 }]]),
      { ...column('eu-2', [['shop/web', { wanted: 5, ready: 2 }]]), sync: 'unreachable' as const },
      { ...column('us-1', []), sync: undefined },
    ]
    assert.deepEqual(matrixLines(columns, plainScreen()), [
      'DEPLOYMENT  eu-1 (eu)  eu-2 (eu)      us-1 (eu)',
      '            ✔ synced   ? unreachable  -',
      'shop/web    ✔ 3/3      ◌ 2/5          ·',
    ])
    const status = {
      source: { branch: 'main', commit: 'a'.repeat(40), fetchedAt: undefined, problem: '' },
      generated: { branch: 'generated', commit: undefined, problem: '' },
      clusters: [],
    }
    assert.deepEqual(panelLines(status, columns, plainScreen()).slice(0, 3), [
      '',
      'main aaaaaaa → generated -, 0 of 0 clusters synced',
      'DEPLOYMENT  eu-1 (eu)  eu-2 (eu)      us-1 (eu)',
    ])
    assert.deepEqual(matrixLines(columns, plainScreen(undefined, true)).slice(1), [
      '            ok synced  ?  unreachable  -',
      'shop/web    ok 3/3     .. 2/5          -',
    ])
  })

  it('cuts lines to the terminal, so that none wraps below the panel', () => {
    const output = terminal(40)
    const teller = createTeller(createShow(output, plainScreen(40)), clock)
    teller.begin({ ...stage, will: 'something that takes many more words than fit' }, 1, 6)
    teller.story({ word: 'applied', style: 'green', text: 'eu-1  with a text that goes on and on and on' })
    teller.came(['what came about, in more words than there is room for'])
    for (const line of output.shown()) assert.ok([...line].length <= 40, line)
  })

  it('says what failed with what was expected and seen, in ASCII where nothing else can be shown', () => {
    let text = ''
    const show = createShow({ write: (part) => (text += part) }, plainScreen(undefined, true))
    const teller = createTeller(show, clock)
    teller.begin(stage, 2, 6)
    teller.came(['3 → 5'])
    teller.failed(stage, 'expected 3/3\n     saw 7/7')
    assert.equal(
      text,
      [
        '',
        '> 2/6 Drift: it is put back.',
        '  $ kubectl scale ...',
        '  ok 3 -> 5',
        '  X Drift did not come about:',
        '    expected 3/3',
        '         saw 7/7',
        '',
      ].join('\n'),
    )
  })

  it('shows a change of a file with one line around it', () => {
    assert.deepEqual(changeLines('a.yaml', 'a\nb\nc\nd\n', 'a\nb\nC\nd\n'), ['a.yaml', '   b', '  -c', '  +C', '   d'])
  })

  it('shows a commit message without empty lines', () => {
    assert.deepEqual(indented('One\n\ntwo\n  three\n\n'), ['    One', '    two', '      three'])
  })
})
