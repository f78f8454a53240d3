import assert from 'node:assert/strict'
import fc from 'fast-check'
import { createMemo } from '../../render/memo.ts'
import type { Json, JsonObject } from '../../repo-layout/json.ts'
import { createFleetReader } from '../../repo-layout/read/reader.ts'
import {
  clusters,
  federated,
  fleet,
  folderOf,
  preference,
  type Rendered,
  renderSources,
  type Sources,
} from './helper.ts'

const names = ['a', 'b', 'c', 'd']
const namespaces = ['shop', 'team', 'default']

const selector = fc.constantFrom<JsonObject>(
  {},
  { matchLabels: { odd: 'yes' } },
  { matchExpressions: [{ key: 'odd', operator: 'NotIn', values: ['yes'] }] },
  { matchLabels: { odd: 7 } },
)
const placement = fc.oneof(
  fc.record({
    clusters: fc.uniqueArray(fc.constantFrom(...names, 'gone')).map((list) => list.map((name) => ({ name }))),
  }),
  fc.record({ clusterSelector: selector }),
  fc.constant({}),
)
const override = fc.record({
  clusterName: fc.constantFrom(...names),
  clusterOverrides: fc.array(
    fc.record({
      op: fc.constantFrom('add', 'replace', 'remove'),
      path: fc.constantFrom('/spec/replicas', '/spec/x', 'spec.y', '/none/z'),
      value: fc.nat(9),
    }),
    { maxLength: 2 },
  ),
})
const workload = fc.record({
  name: fc.constantFrom('web', 'api'),
  namespace: fc.constantFrom(...namespaces),
  kind: fc.constantFrom('Deployment', 'ConfigMap', 'ClusterRole'),
  placement,
  overrides: fc.array(override, { maxLength: 3 }),
})
const wish = fc.record({
  name: fc.constantFrom('web', 'api'),
  namespace: fc.constantFrom(...namespaces),
  totalReplicas: fc.nat(20),
  rebalance: fc.boolean(),
  intersectWithClusterSelector: fc.boolean(),
})
const limit = fc.record({ name: fc.constantFrom('shop', 'team'), placement })
const torn = 'kind: ['

/** A fleet: its documents, each with the file that it stands in. */
const anyFleet = fc
  .record({
    workloads: fc.array(workload, { maxLength: 5 }),
    wishes: fc.array(wish, { maxLength: 2 }),
    limits: fc.array(limit, { maxLength: 2 }),
    broken: fc.boolean(),
    inventory: fc.subarray(names, { minLength: 1 }),
  })
  .map(({ workloads, wishes, limits, broken, inventory }): Record<string, string> => {
    const labels = Object.fromEntries(inventory.map((name, i) => [name, { odd: i % 2 === 0 ? 'yes' : 'no' }]))
    const files: Record<string, string> = { 'flotilla.yaml': fleet }
    for (const name of inventory) files[`clusters/${name}.yaml`] = clusters([name], labels)
    for (const [i, one] of workloads.entries()) {
      const spec = { template: { spec: {} }, placement: one.placement, overrides: one.overrides }
      files[`w${i}.yaml`] = federated(one.kind, one.name, spec as Json, one)
    }
    for (const [i, { name, namespace, ...spec }] of wishes.entries())
      files[`p${i}.yaml`] = preference(name, spec, namespace)
    for (const [i, one] of limits.entries())
      files[`n${i}.yaml`] = federated(
        'Namespace',
        one.name,
        { placement: one.placement as Json },
        { namespace: one.name },
      )
    if (broken) files['torn.yaml'] = torn
    return files
  })

const seen = fc.option(
  fc.record({ replicas: fc.nat(9), readyReplicas: fc.nat(9), runningPods: fc.nat(9), unschedulablePods: fc.nat(3) }),
  { nil: undefined },
)
const observations = fc
  .record(
    Object.fromEntries(
      names.map((name) => [
        name,
        fc.record({ reachable: fc.constantFrom<Json>(true, false, 'unknown'), web: seen, known: fc.boolean() }),
      ]),
    ),
  )
  .map((all) => ({
    clusters: Object.fromEntries(
      Object.entries(all).map(([name, { reachable, web, known }]) => [
        name,
        { reachable, ...(known ? { workloads: web === undefined ? {} : { 'Deployment.apps/shop/web': web } } : {}) },
      ]),
    ),
  }))

/** A generated tree without the order in which it was made. */
function tree(rendered: Rendered): readonly (readonly [string, string])[] {
  return [...(rendered.files ?? [])].sort(([a], [b]) => (a < b ? -1 : 1))
}

function shuffled<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).reverse())
}

const runs = { numRuns: 60 }

describe('a render depends on nothing but its input', function () {
  this.timeout(60_000)

  it('two renders give the same bytes and messages', async () => {
    await fc.assert(
      fc.asyncProperty(anyFleet, observations, async (sources, facts) => {
        const once = await renderSources(sources, { observations: facts })
        const twice = await renderSources(sources, { observations: facts })
        assert.deepEqual(tree(twice), tree(once))
        assert.deepEqual(twice.lines, once.lines)
      }),
      runs,
    )
  })

  it('the order of files and facts changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(anyFleet, observations, async (sources, facts) => {
        const there = await renderSources(sources, { observations: facts })
        const back = await renderSources(shuffled(sources), { observations: { clusters: shuffled(facts.clusters) } })
        assert.deepEqual(tree(back), tree(there))
        assert.deepEqual(back.lines, there.lines)
      }),
      runs,
    )
  })

  it('a render on its own output changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(anyFleet, observations, async (sources, facts) => {
        const previous = await renderSources(sources, { observations: facts })
        const again = await renderSources(sources, { observations: facts, previous })
        assert.deepEqual(tree(again), tree(previous))
      }),
      runs,
    )
  })

  it('a memo and a reader kept over any history change no byte and no message', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(anyFleet, observations), { minLength: 2, maxLength: 4 }), async (history) => {
        const kept = { memo: createMemo(), reader: createFleetReader() }
        let fresh: Rendered | undefined
        let known: Rendered | undefined
        for (const [sources, facts] of history) {
          fresh = await renderSources(sources, { observations: facts, ...(fresh ? { previous: fresh } : {}) })
          known = await renderSources(sources, { observations: facts, ...(known ? { previous: known } : {}), ...kept })
          assert.deepEqual(tree(known), tree(fresh))
          assert.deepEqual(known.lines, fresh.lines)
        }
      }),
      runs,
    )
  })
})

describe('what cannot be read never deletes', function () {
  this.timeout(60_000)

  it('tearing any one file lets go of nothing', async () => {
    await fc.assert(
      fc.asyncProperty(anyFleet, fc.nat(), fc.boolean(), async (sources, pick, half) => {
        const previous = await renderSources(sources)
        const paths = Object.keys(sources).filter((path) => path !== 'flotilla.yaml')
        const path = paths[pick % paths.length] ?? ''
        const content = half ? `${sources[path]}torn: [` : torn
        const rendered = await renderSources({ ...sources, [path]: content } as Sources, { previous })
        for (const [file] of previous.files ?? []) assert.ok(rendered.files?.has(file), `${file} went with ${path}`)
        assert.equal(rendered.exit, 1)
      }),
      { numRuns: 150 },
    )
  })

  it('a lost cluster keeps its folder byte for byte, whatever changes', async () => {
    await fc.assert(
      fc.asyncProperty(anyFleet, anyFleet, fc.constantFrom(...names), async (before, after, name) => {
        const previous = await renderSources(before)
        const there = { ...after, [`clusters/${name}.yaml`]: clusters([name]) }
        const rendered = await renderSources(there, {
          previous,
          observations: { clusters: { [name]: { reachable: false } } },
        })
        assert.deepEqual(folderOf(rendered, name), folderOf(previous, name))
      }),
      runs,
    )
  })
})
