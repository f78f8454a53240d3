import assert from 'node:assert/strict'
import fc from 'fast-check'
import { isJsonObject, type Json } from '../../repo-layout/json.ts'
import { parseYaml } from '../../repo-layout/yaml/parse.ts'
import { federated, type Rendered, renderFleet } from './helper.ts'

/** Every file that comes with its object, with what its text says. */
function pairs({
  output,
}: Rendered): { readonly path: string; readonly said: Json | undefined; readonly object: Json }[] {
  return [...(output?.files ?? [])].flatMap(([path, { text, object }]) => {
    if (text === undefined || object === undefined) return []
    const parsed = parseYaml(text)
    return [{ path, said: parsed.type === 'documents' ? parsed.documents[0]?.value : undefined, object }]
  })
}

const text = fc.oneof(
  fc.string(),
  fc.constantFrom('yes', '0644', '1e3', '~', '', ' ', 'a: b', '- x', '\n', '0x1f', '1.0'),
)
const value = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    text,
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), tie('value'), { maxKeys: 3 }),
  ),
})).value

describe('objects of rendered files', () => {
  it('an object that comes with a file is what the text of the file says, whatever stands in the template', async () => {
    let seen = 0
    await fc.assert(
      fc.asyncProperty(fc.dictionary(text, text), value, value, async (data, spec, own) => {
        const placement = { clusters: [{ name: 'cluster1' }, { name: 'cluster2' }] }
        const overrides = [{ clusterName: 'cluster2', clusterOverrides: [{ op: 'add', path: '/own', value: own }] }]
        const rendered = await renderFleet({
          'a.yaml': federated('ConfigMap', 'a', { template: { data }, placement }),
          'b.yaml': federated('Deployment', 'b', {
            template: { spec: isJsonObject(spec) ? spec : { spec } },
            placement,
            overrides,
          }),
        })
        for (const { said, object } of pairs(rendered)) {
          assert.deepEqual(object, said)
          seen++
        }
      }),
      { numRuns: 200 },
    )
    assert.ok(seen > 200, `only ${seen} objects were compared`)
  })

  it('every copy of a workload comes with its object', async () => {
    const template = { data: { a: '1' } }
    const rendered = await renderFleet({
      'a.yaml': federated('ConfigMap', 'a', { template, placement: { clusterSelector: {} } }),
    })
    const copies = pairs(rendered).filter(({ path }) => path.includes('/ConfigMap/'))
    assert.deepEqual(
      copies.map(({ path }) => path),
      ['cluster1', 'cluster2', 'cluster3'].map((name) => `clusters/${name}/shop/ConfigMap/a.yaml`),
    )
  })
})
