import assert from 'node:assert/strict'
import fc from 'fast-check'
import { age, clockTime } from '../../../reconciler/views/age.ts'
import { isUtf8, plainScreen } from '../../../reconciler/views/screen.ts'
import { layoutTable, markdownTable } from '../../../reconciler/views/table.ts'
import { cut, oneLine, width } from '../../../reconciler/views/text.ts'
import { ago, now } from './fleet.ts'

describe('an age', () => {
  const cases: readonly (readonly [seconds: number, text: string])[] = [
    [-5, '0s'],
    [0, '0s'],
    [59.9, '59s'],
    [60, '1m'],
    [3599, '59m'],
    [3600, '1h'],
    [47 * 3600, '47h'],
    [48 * 3600, '2d'],
    [400 * 86_400, '400d'],
  ]
  for (const [seconds, text] of cases) {
    it(`of ${seconds} s is ${text}`, () => assert.equal(age(ago(seconds), now), text))
  }

  it('is a time of day for less than a day, else with its date, always in UTC', () => {
    assert.equal(clockTime(ago(200), now), '13:58:40Z')
    assert.equal(clockTime(ago(86_400), now), '2026-11-23 14:02:00Z')
  })
})

describe('text of a cluster', () => {
  it('is one line without control characters, whatever it holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.doesNotMatch(oneLine(text), /[\p{Cc}\p{Cf}\u2028\u2029]/u)
      }),
    )
  })

  it('is never wider than it may be, and is whole where it fits', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.integer({ min: 3, max: 40 }),
        fc.boolean(),
        (text, columns, ascii) => {
          const shown = cut(text, columns, ascii)
          assert.ok(width(shown) <= columns)
          if (width(text) <= columns) assert.equal(shown, text)
          else assert.ok(shown.endsWith(ascii ? '...' : '…'))
        },
      ),
    )
  })
})

describe('a table', () => {
  const header = ['A', 'B', 'MESSAGE']

  it('has columns two spaces apart, and leaves out one that is empty in every row', () => {
    assert.deepEqual(
      layoutTable(
        header,
        [
          ['x', '', 'long message'],
          ['yyyy', '', ''],
        ],
        plainScreen(),
      ),
      ['A     MESSAGE', 'x     long message', 'yyyy'],
    )
  })

  it('cuts only its last column, and never to less than ten', () => {
    const rows = [['x', 'y', 'a message that is long']]
    assert.deepEqual(layoutTable(header, rows, plainScreen(20)), ['A  B  MESSAGE', 'x  y  a message tha…'])
    assert.deepEqual(layoutTable(header, rows, plainScreen(5))[1], 'x  y  a message…')
  })

  it('has no head where none is wanted, and the same columns', () => {
    const rows = [['x', 'y', 'z']]
    assert.deepEqual(layoutTable(['LONG', 'B', 'C'], rows, plainScreen(80, false, false)), ['x     y  z'])
  })

  it('keeps its columns under each other for any cells', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', 'é', '≠', '✔', ' x'), maxLength: 6 })
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1 }), (rows) => {
        const lines = layoutTable(
          ['ONE', 'TWO', 'END'],
          rows.map((row) => [...row, '|']),
          plainScreen(),
        )
        const ends = lines.slice(1).map((line) => [...line].lastIndexOf('|'))
        assert.equal(new Set(ends).size, 1)
      }),
    )
  })

  it('in Markdown has as many cells in each row as in its head', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), fc.string()), { minLength: 1 }), (rows) => {
        const table = markdownTable(['A', 'B'], [...rows.map((row) => row.map(oneLine)), ['x', 'x']])
        for (const line of table.split('\n')) {
          assert.equal(line.replace(/\\./g, '').match(/\|/g)?.length, 3, line)
        }
      }),
    )
  })
})

describe('the locale', () => {
  const cases: readonly (readonly [env: Record<string, string>, utf8: boolean])[] = [
    [{ LANG: 'en_US.UTF-8' }, true],
    [{ LANG: 'C.utf8' }, true],
    [{ LANG: 'C' }, false],
    [{}, false],
    [{ LANG: 'en_US.UTF-8', LC_ALL: 'C' }, false],
    [{ LANG: 'C', LC_CTYPE: 'de_DE.UTF-8' }, true],
    [{ LC_ALL: '', LANG: 'de_DE.UTF-8' }, true],
    [{ LANG: 'de_DE.ISO-8859-1' }, false],
  ]
  for (const [env, utf8] of cases) {
    it(`${JSON.stringify(env)} ${utf8 ? 'shows' : 'does not show'} UTF-8`, () => assert.equal(isUtf8(env), utf8))
  }
})
