import assert from 'node:assert/strict'
import fc from 'fast-check'
import { parseLabelSelector } from '../../../../deploy/sandbox/store/label-selector.ts'
import { createStore } from '../../../../deploy/sandbox/store/store.ts'
import type { KubeObject } from '../../../../repo-layout/json.ts'

function object(name: string, value: number): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'n' },
    data: { value: String(value) },
  } as KubeObject
}

describe('sandbox store', () => {
  it('shows every remembered revision as it was', () => {
    const steps = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.boolean()), { maxLength: 30 })
    fc.assert(
      fc.property(steps, (changes) => {
        const store = createStore()
        const states = new Map([[store.revision(), [] as string[]]])
        for (const [i, [name, remove]] of changes.entries()) {
          if (remove) store.remove('configmaps', 'n', name)
          else store.put('configmaps', object(name, i))
          states.set(
            store.revision(),
            store.list('configmaps').map(({ text }) => text),
          )
        }
        for (const [revision, texts] of states)
          assert.deepEqual(
            store.listAt('configmaps', revision)?.map(({ text }) => text),
            texts,
          )
      }),
    )
  })

  it('forgets what is long ago, and says so', () => {
    const store = createStore()
    const first = store.put('configmaps', object('a', 0)).revision
    for (let i = 0; i < 3000; i++) store.put('configmaps', object('a', i))
    assert.equal(store.since('configmaps', first), undefined)
    assert.equal(store.listAt('configmaps', first), undefined)
    assert.equal(store.since('configmaps', store.revision() - 10)?.length, 10)
  })

  it('lists by namespace and name', () => {
    const store = createStore()
    for (const name of ['b', 'a-1', 'a', 'a.b']) store.put('configmaps', object(name, 0))
    assert.deepEqual(
      store.list('configmaps').map(({ name }) => name),
      ['a', 'a-1', 'a.b', 'b'],
    )
  })
})

describe('sandbox label selectors', () => {
  for (const bad of ['a=b=c', 'a in b', '=x', 'a,,b', 'in (a)'])
    it(`refuse ${bad}`, () => assert.throws(() => parseLabelSelector(bad), /unable to parse requirement/))
})
