import assert from 'node:assert/strict'
import fc from 'fast-check'
import { createFileTree, type PlacedFile } from '../../render/files.ts'
import type { GeneratedFile } from '../../render/input.ts'

const cluster = fc.constantFrom('a', 'b', 'c')
const below = fc.constantFrom('shop/ConfigMap/x.yaml', 'shop/ConfigMap/y.yaml', '_cluster/Namespace/shop.yaml')
const file = fc.nat(99).map((n): GeneratedFile => ({ oid: String(n) }))
const objects = fc.array(fc.record({ pathInCluster: below, clusters: fc.dictionary(cluster, file) }))
const singles = fc.array(
  fc.tuple(
    fc.oneof(
      fc.tuple(cluster, below).map(([name, path]) => `clusters/${name}/${path}`),
      fc.constant('decisions/x.yaml'),
    ),
    file,
  ),
)

describe('a generated tree made of whole objects', () => {
  it('is the map that putting file by file would make', () => {
    fc.assert(
      fc.property(objects, singles, (wholes, alone) => {
        const tree = createFileTree()
        const model = new Map<string, GeneratedFile>()
        for (const { pathInCluster, clusters } of wholes) {
          const placed = Object.entries(clusters).map(([name, one]): readonly [string, PlacedFile] => [
            name,
            [`clusters/${name}/${pathInCluster}`, one],
          ])
          tree.add({ pathInCluster, byCluster: new Map(placed) })
          for (const [, [path, one]] of placed) model.set(path, one)
        }
        for (const [path, one] of alone) {
          tree.set(path, one)
          model.set(path, one)
        }
        assert.equal(tree.size, model.size)
        assert.deepEqual(new Map(tree), model)
        assert.deepEqual(new Set(tree.keys()), new Set(model.keys()))
        for (const [path, one] of model) assert.equal(tree.get(path), one)
        for (const path of ['clusters/d/shop/ConfigMap/x.yaml', 'clusters', '', 'decisions/y.yaml']) {
          assert.equal(tree.has(path), false)
          assert.equal(tree.get(path), undefined)
        }
        const seen = new Map<string, GeneratedFile>()
        tree.forEach((one, path) => void seen.set(path, one))
        assert.deepEqual(seen, model)
        assert.equal([...tree.values()].length, model.size)
      }),
    )
  })
})
