import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { readComplaint } from '../../../reconciler/charts/helm/complaint.ts'
import { differencesOf } from '../../../reconciler/charts/helm/differences.ts'
import { inInstallOrder } from '../../../reconciler/charts/helm/install-order.ts'
import { splitOutput } from '../../../reconciler/charts/helm/output.ts'
import type { KubeObject } from '../../../repo-layout/json.ts'

interface Cases {
  readonly collectObjects: readonly {
    readonly files: Readonly<Record<string, string>>
    readonly expected: readonly string[]
  }[]
}

const { collectObjects } = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../cases/shipper-release.json'), 'utf8'),
) as Cases

function object(kind: string, name: string, more: object = {}): KubeObject {
  return { apiVersion: 'v1', kind, metadata: { name }, ...more }
}

describe('what Helm prints', () => {
  for (const [i, { files, expected }] of collectObjects.entries())
    it(`is cut into documents as Shipper cuts it: case ${i + 1}`, () => {
      const printed = Object.entries(files).map(([path, text]) => `---\n# Source: web/templates/${path}\n${text}\n`)
      const documents = splitOutput(printed.join(''))
      assert.deepEqual(
        documents.map(({ text }) => text),
        expected,
      )
    })

  it('is cut at lines of dashes only, not at dashes in a text', () => {
    const text = 'kind: ConfigMap\ndata:\n  a: |\n    ---\n    b\n  c: "--- d"'
    const documents = splitOutput(`---\n# Source: web/templates/a.yaml\n${text}\n---\n# only a comment\n--- \nkind: B`)
    assert.deepEqual(documents, [
      { template: 'templates/a.yaml', text },
      { template: '', text: 'kind: B' },
    ])
  })

  it('is put into the order of kinds, and stays as it was within a kind', () => {
    const kinds = fc.constantFrom('Deployment', 'Service', 'Namespace', 'Zebra', 'Ape', 'ConfigMap')
    fc.assert(
      fc.property(fc.array(fc.tuple(kinds, fc.nat())), (all) => {
        const objects = all.map(([kind], i) => object(kind, String(i)))
        const sorted = inInstallOrder(objects)
        const expected = ['Namespace', 'ConfigMap', 'Service', 'Deployment', 'Ape', 'Zebra'].flatMap((kind) =>
          objects.filter((one) => one.kind === kind),
        )
        assert.deepEqual(sorted, expected)
      }),
    )
  })
})

describe('differences between two renders', () => {
  it('are none between equal objects, whatever the order of their keys', () => {
    assert.deepEqual(differencesOf([object('A', 'x', { a: 1, b: [2] })], [object('A', 'x', { b: [2], a: 1 })]), [])
  })

  it('name each field, in lists too, and the first ten of many', () => {
    const first = object('Secret', 's', { data: { a: '1', b: '2' }, list: [{ x: 1 }, { x: 2 }], cut: [1] })
    const second = object('Secret', 's', { data: { a: '1', b: '3', c: '4' }, list: [{ x: 1 }, { x: 3 }], cut: [] })
    assert.deepEqual(differencesOf([first], [second]), [
      'Secret/s data.b',
      'Secret/s data.c',
      'Secret/s list[1].x',
      'Secret/s cut',
    ])
    const many = (value: number) => object('A', 'x', { data: Array.from({ length: 12 }, () => value) })
    assert.deepEqual(differencesOf([many(1)], [many(2)]).slice(9), ['A/x data[9]', 'and 2 more fields'])
  })

  it('are seen where only the order of objects or a second one of the same name changes', () => {
    const [a, b] = [object('A', 'x'), object('A', 'y')]
    assert.deepEqual(differencesOf([a, b], [b, a]), ['the order of its objects'])
    assert.deepEqual(differencesOf([a, a], [a]), ['A/x (2) is there only once'])
  })
})

describe('what Helm complains about', () => {
  const cases = [
    {
      said: 'Error: YAML parse error on web/templates/x.yaml: error converting YAML to JSON: yaml: line 3: mapping values\n\nUse --debug flag to render out invalid YAML\n',
      read: 'templates/x.yaml: what it renders to is no YAML: line 3: mapping values',
    },
    {
      said: 'Error: template: web/templates/x.yaml:4:20: executing "web/templates/x.yaml" at <.Values.a.b>: nil pointer',
      read: 'templates/x.yaml:4:20: executing "web/templates/x.yaml" at <.Values.a.b>: nil pointer',
    },
    {
      said: 'Error: web/templates/x.yaml:4:20\n  executing "web/templates/x.yaml" at <.Values.a.b>:\n    nil pointer\n\nUse --debug flag to render out invalid YAML\n',
      read: 'templates/x.yaml:4:20: executing "web/templates/x.yaml" at <.Values.a.b>: nil pointer',
    },
    {
      said: 'Error: execution error at (web/charts/db/templates/x.yaml:1:3): give a host',
      read: 'charts/db/templates/x.yaml:1:3: give a host',
    },
    {
      said: 'level=WARN msg="unable to find exact version"\nError: found in Chart.yaml, but missing in charts/ directory: a, b',
      read: 'it depends on a, b, which it does not hold in charts/; package it with "helm package --dependency-update"',
    },
    { said: 'Error: something new\nin two lines', read: 'something new in two lines' },
    { said: '', read: 'helm failed and did not say why' },
  ]
  for (const { said, read } of cases)
    it(`is told as ${JSON.stringify(read)}`, () => {
      assert.equal(readComplaint(said), read)
    })
})
