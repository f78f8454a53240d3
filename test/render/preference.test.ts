import assert from 'node:assert/strict'
import type { Json, JsonObject } from '../../repo-layout/json.ts'
import { clustersWith, federated, preference, renderFleet, replicasOf, valueIn } from './helper.ts'
import { readTable } from './tables.ts'

interface PreferenceRow {
  readonly name: string
  readonly spec: JsonObject
  readonly target?: JsonObject
  readonly namespace?: Json
  readonly facts?: Readonly<Record<string, JsonObject | 'lost'>>
  readonly expect: Readonly<Record<string, number>>
  readonly says?: string
}

const all = ['cluster1', 'cluster2', 'cluster3']
const subject = 'Deployment.apps/shop/web'
const web = federated('Deployment', 'web', { template: { spec: {} } })

/** Observations of all clusters; what is not given runs nothing. */
function observed(facts: Readonly<Record<string, JsonObject | 'lost'>> = {}) {
  const one = (seen: JsonObject | 'lost' | undefined) =>
    seen === 'lost'
      ? { reachable: false }
      : { reachable: true, workloads: seen === undefined ? {} : { [subject]: seen } }
  return { clusters: Object.fromEntries(all.map((name) => [name, one(facts[name])])) }
}

/** Everything ready as planned. */
function running(replicas: Readonly<Record<string, number>>) {
  const facts = Object.entries(replicas).map(([name, n]) => [name, { replicas: n, readyReplicas: n }])
  return observed(Object.fromEntries(facts))
}

describe('ReplicaSchedulingPreference: how replicas are divided', () => {
  for (const { name, spec, target = {}, namespace, facts, expect, says } of readTable<PreferenceRow>('preference')) {
    it(name, async () => {
      const limit =
        namespace === undefined ? {} : { 'n.yaml': federated('Namespace', 'shop', { placement: namespace }) }
      const sources = {
        'w.yaml': federated('Deployment', 'web', { template: { spec: {} }, ...target }),
        'p.yaml': preference('web', spec),
        ...limit,
      }
      const rendered = await renderFleet(sources, { observations: observed(facts) })
      assert.deepEqual(replicasOf(rendered, 'web'), expect, rendered.lines.join('\n'))
      assert.equal(rendered.exit, 0)
      if (says !== undefined) assert.ok(rendered.lines.join('\n').includes(says), rendered.lines.join('\n'))
    })
  }

  for (const kind of ['Deployment', 'ReplicaSet', 'StatefulSet', 'ReplicationController']) {
    it(`a ${kind} can be divided`, async () => {
      const sources = {
        'w.yaml': federated(kind, 'web', { template: {} }),
        'p.yaml': preference('web', { targetKind: `Federated${kind}`, totalReplicas: 9 }),
      }
      const rendered = await renderFleet(sources)
      const folder = kind === 'ReplicationController' ? kind : `${kind}.apps`
      assert.deepEqual(clustersWith(rendered, `shop/${folder}/web.yaml`), all)
      assert.equal(valueIn(rendered, `clusters/cluster1/shop/${folder}/web.yaml`, ['spec', 'replicas']), 3)
    })
  }

  it('a custom kind can be divided', async () => {
    const sources = {
      'w.yaml': federated('Rollout', 'web', { template: { apiVersion: 'example.com/v1' } }),
      'p.yaml': preference('web', { targetKind: 'FederatedRollout', totalReplicas: 9 }),
    }
    const rendered = await renderFleet(sources)
    assert.equal(valueIn(rendered, 'clusters/cluster2/shop/Rollout.example.com/web.yaml', ['spec', 'replicas']), 3)
  })

  it('a kind without replicas is an error that says what to write', async () => {
    const sources = {
      'w.yaml': federated('ConfigMap', 'web', { template: {}, placement: { clusterSelector: {} } }),
      'p.yaml': preference('web', { targetKind: 'FederatedConfigMap', totalReplicas: 9 }),
    }
    const rendered = await renderFleet(sources)
    assert.match(rendered.lines.join('\n'), /error: a ConfigMap has no replicas to divide; write targetKind: Fed/)
  })

  it('other overrides of the target are kept', async () => {
    const overrides = [{ clusterName: 'cluster1', clusterOverrides: [{ path: '/spec/paused', value: true }] }]
    const target = federated('Deployment', 'web', { template: { spec: {} }, overrides })
    const rendered = await renderFleet({ 'w.yaml': target, 'p.yaml': preference('web', { totalReplicas: 9 }) })
    const spec = (name: string) => valueIn(rendered, `clusters/${name}/shop/Deployment.apps/web.yaml`, ['spec'])
    assert.deepEqual(spec('cluster1'), { paused: true, replicas: 3 })
    assert.deepEqual(spec('cluster2'), { replicas: 3 })
  })

  it('the decision is written down with the facts that it read', async () => {
    const sources = { 'w.yaml': web, 'p.yaml': preference('web', { totalReplicas: 9 }) }
    const facts = {
      cluster1: { replicas: 6, readyReplicas: 4, runningPods: 4, unschedulablePods: 1 },
      cluster3: 'lost',
    } as const
    const rendered = await renderFleet(sources, { observations: observed(facts) })
    assert.deepEqual(valueIn(rendered, 'decisions/replicas/shop/Deployment.apps/web.yaml', ['spec']), {
      subject,
      totalReplicas: 9,
      replicas: { cluster1: 5, cluster2: 4 },
      lost: ['cluster3'],
      facts: { cluster1: { current: 4, capacity: 5 } },
    })
  })
})

describe('ReplicaSchedulingPreference: what is wrong with it', () => {
  const rows: readonly (readonly [string, JsonObject, RegExp])[] = [
    ['a negative total', { totalReplicas: -1 }, /spec.totalReplicas: must be 0 or more, found -1/],
    ['a total beyond 32 bits', { totalReplicas: 3_000_000_000 }, /spec.totalReplicas: must be 2147483647 or less/],
    ['no total', {}, /spec.totalReplicas: is missing/],
    ['a total that is no number', { totalReplicas: 'nine' }, /spec.totalReplicas: expected/],
    [
      'a negative minimum',
      { totalReplicas: 1, clusters: { '*': { minReplicas: -1 } } },
      /minReplicas: must be 0 or more/,
    ],
    [
      'a negative maximum',
      { totalReplicas: 1, clusters: { '*': { maxReplicas: -1 } } },
      /maxReplicas: must be 0 or more/,
    ],
    ['a negative weight', { totalReplicas: 1, clusters: { '*': { weight: -1 } } }, /weight: must be 0 or more/],
    ['a misspelt field', { totalReplicas: 1, rebalence: true }, /did you mean "rebalance"/],
    ['a misspelt field of a cluster', { totalReplicas: 1, clusters: { '*': { wieght: 1 } } }, /did you mean "weight"/],
  ]
  for (const [what, spec, says] of rows) {
    it(`${what} is an error that leaves the replicas as they are`, async () => {
      const previous = await renderFleet({ 'w.yaml': web, 'p.yaml': preference('web', { totalReplicas: 9 }) })
      const rendered = await renderFleet({ 'w.yaml': web, 'p.yaml': preference('web', spec) }, { previous })
      assert.match(rendered.lines.join('\n'), says)
      assert.equal(rendered.exit, 1)
      assert.deepEqual(rendered.files, previous.files)
    })
  }

  it('two of one name are errors that leave the replicas as they are', async () => {
    const one = preference('web', { totalReplicas: 9 })
    const previous = await renderFleet({ 'w.yaml': web, 'p.yaml': one })
    const two = { 'w.yaml': web, 'p.yaml': one, 'q.yaml': preference('web', { totalReplicas: 12 }) }
    const rendered = await renderFleet(two, { previous })
    assert.deepEqual(rendered.files, previous.files)
    assert.deepEqual(
      rendered.messages.map(({ path, code }) => [path, code]),
      [
        ['p.yaml', 'duplicate'],
        ['q.yaml', 'duplicate'],
      ],
    )
  })

  it('without a target it says in which namespace one of that name is', async () => {
    const sources = { 'w.yaml': web, 'p.yaml': preference('web', { totalReplicas: 9 }, 'shpo') }
    const rendered = await renderFleet(sources)
    assert.match(
      rendered.lines[0] ?? '',
      /^p.yaml:4:3: warning: no FederatedDeployment shpo\/web is in this fleet; one of that name exists in shop \[preference-target\]$/,
    )
  })

  it('without a target of its kind it says which kind is there', async () => {
    const sources = {
      'w.yaml': web,
      'p.yaml': preference('web', { totalReplicas: 9, targetKind: 'FederatedReplicaSet' }),
    }
    const rendered = await renderFleet(sources)
    assert.match(
      rendered.lines[0] ?? '',
      /there is a FederatedDeployment of that name: write targetKind: FederatedDeployment/,
    )
  })

  it('says nothing where its target is in error: that says enough', async () => {
    for (const targetKind of ['FederatedDeployment', 'Deployment']) {
      const wish = preference('web', { totalReplicas: 9, targetKind })
      const rendered = await renderFleet({
        'w.yaml': federated('Deployment', 'web', { placement: 'x' }),
        'p.yaml': wish,
      })
      assert.deepEqual(
        rendered.messages.map(({ path, code }) => [path, code]),
        [['w.yaml', 'schema']],
      )
    }
  })

  it('without any target it says only that', async () => {
    const rendered = await renderFleet({ 'p.yaml': preference('web', { totalReplicas: 9 }) })
    assert.match(rendered.lines[0] ?? '', /warning: no FederatedDeployment shop\/web is in this fleet \[/)
    assert.equal(rendered.exit, 0)
  })
})

describe('ReplicaSchedulingPreference: a decision in force', () => {
  const sources = (totalReplicas: number, more: JsonObject = {}) => ({
    'w.yaml': web,
    'p.yaml': preference('web', { totalReplicas, ...more }),
  })
  const equal = { cluster1: 3, cluster2: 3, cluster3: 3 }

  it('moves to the clusters that are left when one is lost, whose own copy stays', async () => {
    const previous = await renderFleet(sources(9))
    const facts = { cluster2: { replicas: 3, readyReplicas: 3 }, cluster3: { replicas: 3, readyReplicas: 3 } }
    const rendered = await renderFleet(sources(9), { previous, observations: observed({ cluster1: 'lost', ...facts }) })
    assert.deepEqual(replicasOf(rendered, 'web'), { cluster1: 3, cluster2: 4, cluster3: 5 })
    assert.deepEqual(rendered.lines, [])

    const back = await renderFleet(sources(9, { rebalance: true }), {
      previous: rendered,
      observations: running({ cluster1: 3, cluster2: 4, cluster3: 5 }),
    })
    assert.deepEqual(replicasOf(back, 'web'), equal)
  })

  it('stays when a cluster is lost and the Fleet says Never', async () => {
    const never =
      'apiVersion: flotilla.dev/v1alpha1\nkind: Fleet\nmetadata: {name: prod}\nspec: {failover: {default: Never}}\n'
    const fleet = { ...sources(9), 'flotilla.yaml': never }
    const previous = await renderFleet(fleet)
    const rendered = await renderFleet(fleet, { previous, observations: observed({ cluster1: 'lost' }) })
    assert.deepEqual(rendered.files, previous.files)
    assert.match(rendered.lines.join('\n'), /warning: failover.default is Never/)
  })

  const unknown: readonly (readonly [string, Json])[] = [
    ['no observations', {}],
    ['a cluster that is not observed', { cluster1: undefined as unknown as Json }],
    ['a cluster whose reachability is unknown', { cluster1: { reachable: 'unknown', workloads: {} } }],
    ['a cluster whose workloads are unknown', { cluster1: { reachable: true } }],
    [
      'a cluster whose pods could not be counted while some are not ready',
      {
        cluster1: {
          reachable: true,
          workloads: { [subject]: { replicas: 3, readyReplicas: 1, podsCounted: false } },
        },
      },
    ],
    ['facts about another tree', { cluster1: { reachable: true, applied: { tree: 'sha256:0' }, workloads: {} } }],
  ]
  for (const [what, given] of unknown) {
    it(`stays as it is with ${what}, and says so`, async () => {
      const previous = await renderFleet(sources(9))
      const isNone = Object.keys(given as JsonObject).length === 0
      const clusters = { ...(isNone ? {} : running(equal).clusters), ...(given as JsonObject) }
      const rendered = await renderFleet(sources(12), {
        previous,
        observations: JSON.parse(JSON.stringify({ clusters })),
      })
      assert.deepEqual(rendered.files, previous.files)
      assert.match(rendered.lines.join('\n'), /nothing is known of cluster1.*the replicas of .* stay as they are/)
      assert.equal(rendered.exit, 0)
    })
  }

  it('does not wait for a cluster that the preference says nothing about', async () => {
    const clusters = { cluster1: { weight: 1 }, cluster2: { weight: 1 } }
    const previous = await renderFleet(sources(8, { clusters }))
    const seen = running({ cluster1: 4, cluster2: 4 }).clusters
    const observations = { clusters: { ...seen, cluster3: { reachable: 'unknown' } } }
    const rendered = await renderFleet(sources(10, { clusters }), { previous, observations })
    assert.deepEqual(replicasOf(rendered, 'web'), { cluster1: 5, cluster2: 5, cluster3: 0 })
  })

  it('takes a new total once all facts are known', async () => {
    const previous = await renderFleet(sources(9))
    const rendered = await renderFleet(sources(12), { previous, observations: running(equal) })
    assert.deepEqual(replicasOf(rendered, 'web'), { cluster1: 4, cluster2: 4, cluster3: 4 })
  })

  it('lets templates and overrides change while the replicas are held', async () => {
    const previous = await renderFleet(sources(9))
    const target = federated('Deployment', 'web', { template: { spec: { paused: true } } })
    const rendered = await renderFleet({ ...sources(12), 'w.yaml': target }, { previous })
    assert.deepEqual(replicasOf(rendered, 'web'), equal)
    assert.equal(valueIn(rendered, 'clusters/cluster1/shop/Deployment.apps/web.yaml', ['spec', 'paused']), true)
  })

  it('is not rewritten where other facts lead to the same division', async () => {
    const previous = await renderFleet(sources(9))
    const rendered = await renderFleet(sources(9), { previous, observations: running(equal) })
    assert.deepEqual(rendered.files, previous.files)
  })

  it('goes with its preference, and the target goes by its own placement again', async () => {
    const previous = await renderFleet(sources(9))
    const own = federated('Deployment', 'web', {
      template: { spec: { replicas: 1 } },
      placement: { clusters: [{ name: 'cluster2' }] },
    })
    const rendered = await renderFleet({ 'w.yaml': own }, { previous })
    assert.deepEqual(replicasOf(rendered, 'web'), { cluster2: 1 })
    assert.equal(rendered.files?.has('decisions/replicas/shop/Deployment.apps/web.yaml'), false)
  })

  it('that cannot be read is an error, and its workload stays as it is', async () => {
    const previous = await renderFleet(sources(9))
    const record = 'decisions/replicas/shop/Deployment.apps/web.yaml'
    const files = new Map([...(previous.files ?? []), [record, '# p.yaml\nkind: [']])
    const rendered = await renderFleet(sources(12), { previous: { ...previous, files }, observations: running(equal) })
    assert.deepEqual(replicasOf(rendered, 'web'), equal)
    assert.equal(rendered.files?.get(record), '# p.yaml\nkind: [')
    assert.match(rendered.lines.join('\n'), /error: this decision of the previous generated tree cannot be read/)
  })
})
