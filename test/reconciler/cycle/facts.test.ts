import assert from 'node:assert/strict'
import { createFacts } from '../../../reconciler/cycle/facts.ts'
import type { FleetOrder } from '../../../reconciler/cycle/members.ts'
import { treeDigest } from '../../../repo-layout/generated/oid.ts'
import type { ClusterObservation, Observations } from '../../../repo-layout/observations.ts'
import { testClock } from '../../clocks.ts'
import { fleet } from '../../render/helper.ts'
import { readSource } from './support.ts'

const web = 'Deployment.apps/shop/web'
const other = 'Deployment.apps/shop/other'

/** Facts of a fleet of `a` and `b` in which a decision about `web` is in force; `see` says what members observe. */
async function watching() {
  const source = await readSource({ 'flotilla.yaml': fleet, 'clusters.yaml': ['a', 'b'].map(inventory).join('---\n') })
  const clock = testClock()
  let seen: { readonly [cluster: string]: ClusterObservation } = { a: ready(1), b: ready(1) }
  const state = {
    source,
    subjects: new Set([web]),
    releases: new Set<string>(),
    order: undefined as FleetOrder | undefined,
  }
  const promotions = { observe: () => promoted, nextChange: () => later }
  let promoted: NonNullable<Observations['rollouts']> = {}
  let later: number | undefined
  const facts = createFacts(state, { observations: () => ({ clusters: seen }) }, clock, promotions)
  const promote = (next: typeof promoted, change?: number) => {
    promoted = next
    later = change
  }
  const see = (next: typeof seen) => {
    seen = next
  }
  return {
    facts,
    clock,
    see,
    promote,
    state,
    read: (lost: readonly string[] = []) => facts.read(source, new Set(lost)),
  }
}

function inventory(name: string): string {
  return `apiVersion: flotilla.dev/v1alpha1
kind: Cluster
metadata: {name: ${name}}
spec: {connection: {secretRef: {name: ${name}}}}
`
}

function ready(replicas: number, more: Partial<ClusterObservation> = {}): ClusterObservation {
  const workload = { replicas, readyReplicas: replicas, unschedulablePods: 0 }
  return { reachable: true, workloads: { [web]: workload }, ...more }
}

describe('facts that decisions read', () => {
  it('ask for no render before the first one, or while nothing changed', async () => {
    const { facts, read } = await watching()
    assert.equal(facts.due(), undefined)
    read()
    assert.equal(facts.due(), undefined)
  })

  it('ask for a render once they have changed and stayed so for five seconds', async () => {
    const { facts, clock, see, read } = await watching()
    read()
    see({ a: ready(2), b: ready(1) })
    assert.equal(facts.due(), 5000)
    clock.pass(3000)
    assert.equal(facts.due(), 2000)
    see({ a: ready(3), b: ready(1) })
    assert.equal(facts.due(), 5000, 'another change starts over')
    clock.pass(5000)
    assert.equal(facts.due(), 0)
    read()
    assert.equal(facts.due(), undefined)
  })

  it('that changed and are as before again ask for none', async () => {
    const { facts, clock, see, read } = await watching()
    read()
    see({ a: ready(2), b: ready(1) })
    facts.due()
    clock.pass(4000)
    see({ a: ready(1), b: ready(1) })
    assert.equal(facts.due(), undefined)
    see({ a: ready(2), b: ready(1) })
    assert.equal(facts.due(), 5000)
  })

  it('about workloads that no decision is about count for nothing', async () => {
    const { facts, see, read } = await watching()
    read()
    const workload = { replicas: 9, readyReplicas: 9, unschedulablePods: 0 }
    const a = ready(1)
    see({ a: { ...a, workloads: { ...a.workloads, [other]: workload } }, b: ready(1) })
    assert.equal(facts.due(), undefined)
  })

  it('ask at once when a cluster counts as lost, and at the time when it will', async () => {
    const { facts, clock, see, read } = await watching()
    read()
    see({ a: { reachable: false }, b: ready(1) })
    assert.equal(facts.due(), 5000)
    read()
    assert.equal(facts.due(), 300_001, 'nothing else is expected than the loss after five minutes')
    clock.pass(300_001)
    assert.equal(facts.due(), 0)
    assert.equal(read().clusters.a?.reachable, false)
    assert.equal(facts.due(), undefined)
  })

  it('ask at the time when a step has soaked, and at once when it has', async () => {
    const { facts, promote, read } = await watching()
    promote({ 'shop/web-1-0': { step: 0, soaked: false } }, 600_000)
    read()
    assert.equal(facts.due(), 600_000)
    promote({ 'shop/web-1-0': { step: 0, soaked: true } })
    assert.equal(facts.due(), 0)
    assert.deepEqual(read().rollouts, { 'shop/web-1-0': { step: 0, soaked: true } })
    assert.equal(facts.due(), undefined)
  })

  it('go on from the clusters that decisions in force count as lost', async () => {
    const { facts, see, read } = await watching()
    see({ b: ready(1) })
    assert.equal(read(['a']).clusters.a?.reachable, false)
    assert.equal(facts.peek().clusters.a?.reachable, false)
  })

  it('ask at once when a cluster that leaves is emptied', async () => {
    const { facts, see, state, read } = await watching()
    const order = { leaving: new Set(['b']) }
    state.order = order as unknown as FleetOrder
    see({ a: ready(1), b: { reachable: true, workloads: {} } })
    read()
    assert.equal(facts.due(), undefined)
    see({ a: ready(1), b: { reachable: true, workloads: {}, applied: { tree: treeDigest([]) } } })
    assert.equal(facts.due(), 0)
  })
})
