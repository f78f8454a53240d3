import assert from 'node:assert/strict'
import fc from 'fast-check'
import { stringify } from 'yaml'
import type { Json, JsonPath } from '../../repo-layout/json.ts'
import { changeJson, type YamlEdit } from '../../repo-layout/yaml/edit/change-json.ts'
import { editYaml } from '../../repo-layout/yaml/edit/edit.ts'
import { listItems, parseYaml } from '../../repo-layout/yaml/parse.ts'

/** Makes a change in the `nth` object of a text. */
function edit(text: string, change: YamlEdit, nth = 0): string | undefined {
  const parsed = parseYaml(text)
  assert.ok(parsed.type === 'documents')
  const places = parsed.documents.flatMap(({ value, locate }) => listItems(value).map(({ path }) => locate(path)))
  const at = places[nth]
  assert.ok(at)
  return editYaml(text, at, change)
}

const set = (path: JsonPath, value: Json): YamlEdit => ({ type: 'set', path, value })
const append = (path: JsonPath, value: Json): YamlEdit => ({ type: 'append', path, value })
const remove = (path: JsonPath): YamlEdit => ({ type: 'remove', path })

interface Row {
  readonly what: string
  readonly before: string
  readonly change: YamlEdit
  readonly after: string | undefined
  readonly nth?: number
}

const rows: readonly Row[] = [
  {
    what: 'replaces a number and keeps the comment beside it',
    before: '# top\na:\n  b: 3   # three\n  c: "x"\n',
    change: set(['a', 'b'], 7),
    after: '# top\na:\n  b: 7   # three\n  c: "x"\n',
  },
  {
    what: 'quotes a text that could be taken for something else',
    before: 'a: one\n',
    change: set(['a'], 'yes'),
    after: 'a: "yes"\n',
  },
  {
    what: 'adds a key behind the last, before comments that follow',
    before: 'spec:\n    x: 1 # one\n    # more to come\n---\nb: 2\n',
    change: set(['spec', 'q'], [{ p: 1 }]),
    after: 'spec:\n    x: 1 # one\n    q:\n      - p: 1\n    # more to come\n---\nb: 2\n',
  },
  {
    what: 'adds a list in the style of those that are there',
    before: 'spec:\n  x:\n  - 1\n',
    change: set(['spec', 'q'], [{ p: 1, m: [2] }]),
    after: 'spec:\n  x:\n  - 1\n  q:\n  - p: 1\n    m:\n    - 2\n',
  },
  {
    what: 'appends an item below a nested last one',
    before: 'a:\n  - p: 1\n    m: {x: 1} # inner\n\n# end\n',
    change: append(['a'], { p: 2 }),
    after: 'a:\n  - p: 1\n    m: {x: 1} # inner\n  - p: 2\n\n# end\n',
  },
  {
    what: 'appends in braces where the others stand in braces',
    before: 'a:\n- { p: 1 } # one\n',
    change: append(['a'], { p: 2, q: '/x/z' }),
    after: 'a:\n- { p: 1 } # one\n- { p: 2, q: /x/z }\n',
  },
  {
    what: 'appends between brackets',
    before: 'a: [{p: 1}] # c\n',
    change: append(['a'], { p: 'on' }),
    after: 'a: [{p: 1}, {p: "on"}] # c\n',
  },
  {
    what: 'adds a key to a map in braces',
    before: 'a: {p: 1}\n',
    change: set(['a', 'm'], [1]),
    after: 'a: {p: 1, m: [1]}\n',
  },
  {
    what: 'writes JSON in a JSON file, a line for each key where they have one',
    before: '{\n  "a": 1,\n  "b": {"c": true}\n}\n',
    change: set(['x'], [{ q: 'z' }]),
    after: '{\n  "a": 1,\n  "b": {"c": true},\n  "x": [{"q": "z"}]\n}\n',
  },
  {
    what: 'puts a list in the place of an empty one and keeps the comment',
    before: 'a: [] # none yet\nb: 1\n',
    change: append(['a'], { p: 1 }),
    after: 'a: # none yet\n  - p: 1\nb: 1\n',
  },
  {
    what: 'puts a list where nothing was',
    before: 'a:\nb: 1\n',
    change: set(['a'], [1]),
    after: 'a:\n  - 1\nb: 1\n',
  },
  {
    what: 'puts one value in the place of a list',
    before: 'a:\n  - 1\n  - 2\nb: 1\n',
    change: set(['a'], 'x'),
    after: 'a: x\nb: 1\n',
  },
  {
    what: 'puts a text of several lines in the place of one',
    before: 'a: x # c\nb: 1\n',
    change: set(['a'], 'one\ntwo\n'),
    after: 'a: | # c\n  one\n  two\nb: 1\n',
  },
  {
    what: 'replaces a block of text',
    before: 'a: |\n  one\n  two\n\nb: 1\n',
    change: set(['a'], 'x'),
    after: 'a: x\n\nb: 1\n',
  },
  {
    what: 'adds behind a block whose blank lines count',
    before: 'a:\n  t: |+\n    one\n\nb: 1\n',
    change: set(['a', 'u'], 2),
    after: 'a:\n  t: |+\n    one\n\n  u: 2\nb: 1\n',
  },
  {
    what: 'takes an item out with the comment on its line, and leaves the others',
    before: 'a:\n  # first\n  - 1\n  - 2 # two\n  # third\n  - 3\n',
    change: remove(['a', 1]),
    after: 'a:\n  # first\n  - 1\n  # third\n  - 3\n',
  },
  {
    what: 'takes the first item of a list in a list out',
    before: '- - 1\n  - 2\n',
    change: remove([0, 0]),
    after: '- - 2\n',
  },
  {
    what: 'takes a key out, with what stands below it',
    before: 'spec:\n  x: 1\n  q:\n    - 1\n    - 2\n  z: 3\n',
    change: remove(['spec', 'q']),
    after: 'spec:\n  x: 1\n  z: 3\n',
  },
  {
    what: 'takes the first key behind a dash out',
    before: 'a:\n- x: 1\n  q: 2\n',
    change: remove(['a', 0, 'x']),
    after: 'a:\n- q: 2\n',
  },
  {
    what: 'takes an item out of brackets',
    before: 'a: [1, 2, 3]\nb: [4, 5]\n',
    change: remove(['b', 1]),
    after: 'a: [1, 2, 3]\nb: [4]\n',
  },
  {
    what: 'writes an alias out before it changes what it stands for',
    before: 'a: &l [1, 2] # base\nb: *l\nc: *l # as a\n',
    change: append(['b'], 3),
    after: 'a: &l [1, 2] # base\nb:\n  - 1\n  - 2\n  - 3\nc: *l # as a\n',
  },
  {
    what: 'writes out what is merged in',
    before: 'base: &b {o: [1]}\nspec:\n  <<: *b\n  t: 1\n',
    change: append(['spec', 'o'], 2),
    after: 'base: &b {o: [1]}\nspec:\n  <<: *b\n  t: 1\n  o:\n    - 1\n    - 2\n',
  },
  {
    what: 'leaves what is shared by an anchor alone',
    before: 'a: &l [1, 2]\nb: *l\n',
    change: append(['a'], 3),
    after: undefined,
  },
  {
    what: 'changes one document of several, and one object of a List',
    before: 'a: 1\n---\n# two\nkind: List\napiVersion: v1\nitems:\n  - a: 1\n  - a: 1 # this\n',
    change: set(['a'], 2),
    nth: 2,
    after: 'a: 1\n---\n# two\nkind: List\napiVersion: v1\nitems:\n  - a: 1\n  - a: 2 # this\n',
  },
  {
    what: 'keeps line breaks of Windows, and the missing last one',
    before: 'a:\r\n  b: 1\r\n  c: 2',
    change: set(['a', 'd'], [1]),
    after: 'a:\r\n  b: 1\r\n  c: 2\r\n  d:\r\n    - 1',
  },
  {
    what: 'refuses a path that leads nowhere',
    before: 'a: 1\n',
    change: set(['b', 'c'], 1),
    after: undefined,
  },
]

describe('changing one value of a YAML text', () => {
  for (const { what, before, change, after, nth } of rows)
    it(what, () => assert.equal(edit(before, change, nth), after))

  const leaf = fc.oneof(
    fc.constantFrom('x', 'yes', '0644', '', 'a: b', '- c', '#d', 'one\ntwo', ' e ', '*f', '{g}', 'h, i'),
    fc.integer(),
    fc.boolean(),
  )
  const { tree } = fc.letrec<{ tree: Json }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      fc.array(tie('tree'), { minLength: 1, maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'c.d/e', 'no', '1'), tie('tree'), {
        minKeys: 1,
        maxKeys: 3,
        noNullPrototype: true,
      }),
    ),
  }))
  const document = fc.dictionary(fc.constantFrom('k', 'l', 'm'), tree, { minKeys: 1, noNullPrototype: true })
  const style = fc.record({
    indentSeq: fc.boolean(),
    indent: fc.constantFrom(2, 4),
    collectionStyle: fc.constantFrom('any' as const, 'block' as const, 'flow' as const),
  })

  it('says what was meant and nothing else, in every style, and keeps every comment', () => {
    let made = 0
    let all = 0
    fc.assert(
      fc.property(
        document,
        style,
        tree,
        fc.nat(),
        fc.nat(),
        fc.boolean(),
        (value, written, put, which, kind, noted) => {
          const paths = pathsOf(value)
          const path = paths[which % paths.length] ?? []
          const change = [set(path, put), remove(path), append(path, put), set([...path, 'new'], put)][kind % 4]
          assert.ok(change)
          const plain = stringify(value, { ...written, version: '1.1', schema: 'yaml-1.1', lineWidth: 0 })
          const text = `# above\n${noted && written.collectionStyle !== 'flow' ? remarked(plain) : plain}# below\n`
          const wanted = changeJson(value, change)
          const after = edit(text, change)
          if (wanted === undefined) return assert.equal(after, undefined)
          all += 1
          if (after === undefined) return
          made += 1
          const parsed = parseYaml(after)
          assert.deepEqual(parsed.type === 'documents' && parsed.documents[0]?.value, wanted)
          assert.match(after, /^# above\n[\s\S]*# below\n$/)
        },
      ),
      { numRuns: 400 },
    )
    assert.ok(made > all * 0.8, `only ${made} of ${all} changes could be made`)
  })
})

function pathsOf(value: Json, path: JsonPath = []): JsonPath[] {
  if (typeof value !== 'object' || value === null) return path.length > 0 ? [path] : []
  const below = Array.isArray(value) ? [...value.entries()] : Object.entries(value)
  return [
    ...(path.length > 0 ? [path] : []),
    ...below.flatMap(([step, item]) => pathsOf(item as Json, [...path, step])),
  ]
}

/** The same with a remark on each line that can have one. */
function remarked(text: string): string {
  return text.includes('|') || text.includes('>') || text.includes('"')
    ? text
    : text.replace(/([^\s:-])$/gm, '$1 # remark')
}
