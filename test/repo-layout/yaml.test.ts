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

  it('refuses an alias bomb with a message and not with all memory', () => {
    const levels = Array.from({ length: 9 }, (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(', ')}]`)
    assert.deepEqual(read(`l0: &l0 [x]\n${levels.join('\n')}\n`), { code: 'yaml-alias' })
  })

  it('finds the place of a value, of a key, and of the parent of what is missing', () => {
    const result = parseYaml('# first\na:\n  b:\n  - c: 1\n    d: yes\n')
    assert.ok(result.type === 'documents')
    const [document] = result.documents
    assert.deepEqual(document?.locate(['a', 'b', 0, 'd']), { line: 5, column: 8 })
    assert.deepEqual(document?.locate(['a', 'b', 0, 'd'], 'key'), { line: 5, column: 5 })
    assert.deepEqual(document?.locate(['a', 'b', 0, 'missing']), { line: 4, column: 5 })
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
})
