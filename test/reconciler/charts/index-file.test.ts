import assert from 'node:assert/strict'
import fc from 'fast-check'
import { parse, stringify } from 'yaml'
import { parseIndex } from '../../../reconciler/charts/index-file.ts'
import { sliceIndex } from '../../../reconciler/charts/index-slices.ts'

const entry = (version: string, more: object = {}) => ({ version, urls: [`${version}.tgz`], ...more })

/** Texts that look like parts of an index, as descriptions of charts may hold them. */
const nasty = fc.constantFrom(
  'entries:\n  web:\n  - version: 9.9.9',
  '  web:\n  - version: 9.9.9\n',
  '---\napiVersion: v2',
  '- a\n- b: c\n\n\n  - d',
  'ends with blanks  \n\n',
  '# no comment',
  '"quoted" and \'quoted\': yes',
  'a\tb',
)
const names = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom('web', 'db', 'a-b.c', 'x', 'entries', 'null', '1.0') },
  { weight: 1, arbitrary: fc.constantFrom('with blank', '"') },
)
const charts = fc.dictionary(
  names,
  fc.array(
    fc.record({ version: fc.constantFrom('1.0.0', '2.0.0', '1.0'), description: nasty, keywords: fc.array(nasty) }),
    { minLength: 1, maxLength: 3 },
  ),
)

describe('the index of a repository', () => {
  it('says of each chart the same whether it is cut before it is read or not, in whatever style it is written', () => {
    const style = fc.record({
      indent: fc.constantFrom(2, 3, 4),
      indentSeq: fc.boolean(),
      lineWidth: fc.constantFrom(0, 20, 80),
    })
    let cut = 0
    fc.assert(
      fc.property(charts, style, fc.boolean(), (entries, options, isLast) => {
        const text = stringify(
          isLast ? { apiVersion: 'v1', entries } : { entries, apiVersion: 'v1', generated: 'x' },
          options,
        )
        const index = parseIndex(text)
        if (sliceIndex(text)) cut++
        const expected = (parse(text) as { entries: Record<string, { version: string }[]> }).entries
        for (const name of ['web', 'db', 'a-b.c', 'x', 'entries', 'null', '1.0', 'with blank', '"', 'missing']) {
          assert.deepEqual(
            index.entriesOf(name)?.map(({ version }) => version),
            expected[name]?.map(({ version }) => version),
            name,
          )
        }
        assert.equal(index.isEmpty, Object.keys(entries).length === 0)
      }),
    )
    assert.ok(cut > 10, `${cut} of 100 are cut`)
  })

  it('is read for one chart without reading the others', () => {
    const text = `apiVersion: v1\nentries:\n  broken:\n  - version: [\n  web:\n  - version: 1.0.0\n    urls: [a.tgz]\n`
    assert.deepEqual(parseIndex(text).entriesOf('web'), [{ version: '1.0.0', url: 'a.tgz', digest: undefined }])
    assert.throws(() => parseIndex(text).entriesOf('broken'), /index\.yaml:\d+:\d+ cannot be read as YAML$/)
  })

  it('may be JSON, have anchors, comments and lines that end as on Windows', () => {
    const json = JSON.stringify({ apiVersion: 'v1', entries: { web: [entry('1.0.0')] } })
    const anchors =
      'apiVersion: v1\nentries:\n  base:\n  - &a {version: 1.0.0, urls: [a.tgz]}\n  web:\n  - *a\ngenerated: x\n'
    const comments = '# made by hand\napiVersion: v1\nentries:\n# all\n  # web\n  web:\n  # first\n  - version: 1.0.0\n'
    const windows = 'apiVersion: v1\r\nentries:\r\n  web:\r\n  - version: 1.0.0\r\ngenerated: x\r\n'
    const document = '---\napiVersion: v1\nentries:\n  web:\n  - version: 1.0.0\n'
    for (const text of [json, anchors, comments, windows, document])
      assert.deepEqual(
        parseIndex(text)
          .entriesOf('web')
          ?.map(({ version }) => version),
        ['1.0.0'],
        text,
      )
  })

  it('that names a chart twice is refused, as Kubernetes refuses a key that is there twice', () => {
    const text = 'apiVersion: v1\nentries:\n  web:\n  - version: 1.0.0\n  web:\n  - version: 2.0.0\n'
    assert.throws(() => parseIndex(text), /cannot be read as YAML/)
  })
})
