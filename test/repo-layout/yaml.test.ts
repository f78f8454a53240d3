import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Json } from '../../repo-layout/json.ts'
import { parseYaml } from '../../repo-layout/yaml/parse.ts'
import { stringifyYaml } from '../../repo-layout/yaml/stringify.ts'
import table from './yaml-table.json' with { type: 'json' }

/** Rows whose answer differs from sigs.k8s.io/yaml on purpose: those read on in silence, Flotilla says so. */
const refused = new Map([
  ['a: 1\na: 2', 'yaml-syntax'],
  ['.inf: v', 'yaml-number'],
  ['a: 12345678901234567890', 'yaml-number'],
  ['a: 9007199254740993', 'yaml-number'],
  ['a: -9007199254740993', 'yaml-number'],
  ['a: 9223372036854775808', 'yaml-number'],
  ['a: 18446744073709551616', 'yaml-number'],
  ['a: 0777777777777777777777', 'yaml-number'],
])

/** Rows that sigs.k8s.io/yaml refuses and that are read here because their meaning is plain. */
const accepted = new Map<string, Json>([
  ['%YAML 1.2\n---\na: 0644', { a: 420 }],
  ['a: !!null x', { a: 'x' }],
])

function read(text: string): { values: Json[] } | { code: string } {
  const result = parseYaml(text)
  if (result.type === 'broken') return { code: result.problems[0]?.code ?? '' }
  return { values: result.documents.map((document) => document.value) }
}

describe('YAML as Kubernetes reads it', () => {
  for (const [text, value] of table as [string, Json][]) {
    const known = refused.get(text)
    it(`reads ${JSON.stringify(text)} ${known ? 'as an error' : 'as sigs.k8s.io/yaml does'}`, () => {
      const result = read(text)
      if (accepted.has(text)) assert.deepEqual('values' in result && result.values, [accepted.get(text)])
      else if (known) assert.deepEqual(result, { code: known })
      else if (value === null && !('values' in result)) assert.ok(result.code)
      else if (value === null) assert.deepEqual(result, { values: [] })
      else assert.deepEqual('values' in result ? result.values[0] : result, value)
    })
  }

  it('reports every syntax error of a text with its line and column', () => {
    const result = parseYaml('a: [1\nb: {\n')
    assert.equal(result.type, 'broken')
    assert.ok(result.type === 'broken' && result.problems.every(({ line, column }) => line >= 1 && column >= 1))
  })

  it('counts lines also inside of what it does not understand', () => {
    const result = parseYaml('  name: shop\n# a\napi x\nkind: y\n')
    assert.ok(result.type === 'broken')
    assert.ok(result.problems.some(({ line, column }) => line === 4 && column === 5))
  })

  it('refuses an alias bomb with a message and not with all memory', () => {
    const levels = Array.from({ length: 9 }, (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(', ')}]`)
    assert.deepEqual(read(`l0: &l0 [x]\n${levels.join('\n')}\n`), { code: 'yaml-alias' })
  })

  it('reads an anchor that is used a thousand times: that is no bomb', () => {
    const list = Array.from({ length: 1000 }, () => '*x').join(', ')
    const result = read(`x: &x {a: b}\nz: [${list}]\n`)
    assert.deepEqual('values' in result && result.values, [{ x: { a: 'b' }, z: Array(1000).fill({ a: 'b' }) }])
  })

  it('refuses aliases that nest as deep as no text could', () => {
    const levels = Array.from({ length: 300 }, (_, i) => `l${i + 1}: &l${i + 1} [*l${i}]`)
    assert.deepEqual(read(`l0: &l0 [x]\n${levels.join('\n')}\n`), { code: 'yaml-depth' })
  })

  for (const [what, text] of [
    ['lists in one line', `a: ${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ['maps in one line', `${'{a: '.repeat(20_000)}${'}'.repeat(20_000)}`],
    ['lists of lists', `${'- '.repeat(100_000)}x`],
    ['keys of keys', '? '.repeat(20_000)],
    ['201 levels', `${'['.repeat(201)}${']'.repeat(201)}`],
  ] as const) {
    it(`says that ${what} are nested too deep, and does not end`, () => {
      assert.deepEqual(read(text), { code: 'yaml-depth' })
    })
  }

  it('reads 200 levels', () => {
    assert.ok('values' in read(`${'['.repeat(200)}${']'.repeat(200)}`))
  })

  for (const [what, text] of [
    ['keys', Array.from({ length: 50_000 }, (_, i) => `k${i}: v`).join('\n')],
    ['anchors', Array.from({ length: 20_000 }, (_, i) => `k${i}: &a${i} v\nl${i}: *a${i}`).join('\n')],
    ['documents', '---\na: b\n'.repeat(20_000)],
    ['entries of a list', `a: [${'x, '.repeat(100_000)}]`],
  ] as const) {
    // Each of these took minutes where every entry was compared with every other.
    it(`reads a text of many ${what}`, () => {
      assert.ok('values' in read(text))
    })
  }

  it('tells a hundred problems of a text that is all problems, and how many more there are', () => {
    const result = parseYaml('a: ]\n'.repeat(5000))
    assert.ok(result.type === 'broken')
    assert.equal(result.problems.length, 100)
    assert.match(result.problems.at(-1)?.text ?? '', /^\d+ more problems/)
  })

  it('quotes no more of an endless number or key than a line holds', () => {
    for (const text of [`a: ${'1'.repeat(100_000)}`, `? ${'k'.repeat(9000)}\n: 1\n? ${'k'.repeat(9000)}\n: 1`]) {
      const result = parseYaml(text)
      assert.ok(result.type === 'broken' && result.problems.every((problem) => problem.text.length < 250))
    }
  })

  it('keeps a key that JavaScript takes for the prototype, also through a merge', () => {
    const result = parseYaml('a: &a {__proto__: {b: 1}}\nc: {<<: *a}')
    assert.ok(result.type === 'documents')
    assert.equal(JSON.stringify(result.documents[0]?.value), '{"a":{"__proto__":{"b":1}},"c":{"__proto__":{"b":1}}}')
  })

  it('finds the place of a value, of a key, and of the parent of what is missing', () => {
    const result = parseYaml('# first\na:\n  b:\n  - c: 1\n    d: yes\n')
    assert.ok(result.type === 'documents')
    const [document] = result.documents
    assert.deepEqual(document?.locate(['a', 'b', 0, 'd']), { line: 5, column: 8 })
    assert.deepEqual(document?.locate(['a', 'b', 0, 'd'], 'key'), { line: 5, column: 5 })
    assert.deepEqual(document?.locate(['a', 'b', 0, 'missing']), { line: 4, column: 5 })
  })

  it('finds the place of a value through an alias: where it is written', () => {
    const result = parseYaml('a: &a {b: 1}\nc: *a\n---\na: &a {d: 1}\nc: *a\n')
    assert.ok(result.type === 'documents')
    assert.deepEqual(result.documents[0]?.locate(['c', 'b']), { line: 1, column: 11 })
    assert.deepEqual(result.documents[1]?.locate(['c', 'd']), { line: 4, column: 11 })
  })
})

describe('YAML as Flotilla writes it', () => {
  const ambiguous = fc.constantFrom(...(table as [string, Json][]).map(([text]) => text.replace(/^a: /, '')))
  const text = fc.oneof(ambiguous, fc.string(), fc.string({ unit: 'binary' }))
  const { value } = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      text,
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (number === 0 ? 0 : number)),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(text, tie('value'), { maxKeys: 4 }).map((object) => ({ ...object })),
    ),
  }))

  it('is read back by the rules of Kubernetes as the same value, whatever texts and numbers it holds', () => {
    fc.assert(
      fc.property(value, (any) => {
        const result = parseYaml(stringifyYaml({ any }))
        assert.ok(result.type === 'documents', JSON.stringify(result))
        assert.deepEqual(result.documents[0]?.value, { any })
      }),
      { numRuns: 200 },
    )
  })

  it('finds each value of what it wrote in the text, at the place where it stands', () => {
    fc.assert(
      fc.property(fc.dictionary(text, fc.array(fc.nat(), { minLength: 1, maxLength: 3 }), { minKeys: 1 }), (any) => {
        const written = stringifyYaml({ ...any })
        const result = parseYaml(written)
        assert.ok(result.type === 'documents')
        const [document] = result.documents
        const lines = written.split('\n')
        for (const [key, numbers] of Object.entries(any)) {
          for (const [i, number] of numbers.entries()) {
            const { line, column } = document?.locate([key, i]) ?? { line: 0, column: 0 }
            assert.equal(lines[line - 1]?.slice(column - 1), String(number))
          }
        }
      }),
      { numRuns: 100 },
    )
  })

  it('escapes what readers of YAML 1.1 refuse or take for the end of a line', () => {
    const odd = ['\u007f', '\u0085', '\u009f', '\u2028', '\u2029', '\ufeff', '\ufffe', '\uffff']
    const written = stringifyYaml(Object.fromEntries(odd.map((sign) => [`${sign}key`, [`a${sign}`, `a\n${sign}b`]])))
    assert.doesNotMatch(written, /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/)
  })

  it('writes no block that begins with a tab or holds nothing but blanks, which go-yaml takes for indentation', () => {
    for (const text of ['\ta\nb', '\n\ta\n', ' \n', '\n \n\n', '\n\t']) {
      const written = stringifyYaml({ text })
      assert.doesNotMatch(written, /\|/)
      const result = parseYaml(written)
      assert.deepEqual(result.type === 'documents' && result.documents[0]?.value, { text })
    }
  })

  for (const word of [
    'yes',
    'on',
    'y',
    'N',
    'Off',
    'TRUE',
    '~',
    'null',
    '',
    '0o17',
    '017',
    '0x1F',
    '0b1',
    '1_000',
    '1e3',
    '.5',
    '1.',
    '.inf',
    '-.INF',
    '.NaN',
    '2001-01-01',
    '12:30:45',
    '<<',
    '=',
    '-',
    '? a',
    '- a',
    'a: b',
    '# a',
    'a #b',
    '&a',
    '*a',
    '!a',
    '|',
    '>',
    '%a',
    '@a',
    '`a',
    '{',
    '[a]',
    "'",
    '"',
    ' a',
    'a ',
    '\ta',
    'a\n',
    '\n',
    '---',
    '...',
    '\u2028',
    '\ufeff',
    '\u0000',
    '\u0085',
  ]) {
    it(`keeps the text ${JSON.stringify(word)} a text, as value, key and list entry`, () => {
      const value = { [word]: [word, { a: word }] }
      const result = parseYaml(stringifyYaml(value))
      assert.deepEqual(result.type === 'documents' && result.documents[0]?.value, value)
    })
  }
})
