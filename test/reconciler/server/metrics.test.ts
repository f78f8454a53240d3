import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createMetrics, type Metrics } from '../../../reconciler/server/metrics.ts'
import type { Message } from '../../../repo-layout/message.ts'
import { ago, clusterOf, fleetOf, now, objectOf, scaled } from '../views/fleet.ts'

const root = join(import.meta.dirname, '../../..')
const page = readFileSync(join(root, 'docs/metrics.md'), 'utf8')

/** Lines of the exposition of one metric, without its comments, by labels. */
async function seriesOf(
  metrics: Metrics,
  name: string,
  status = fleetOf([]),
): Promise<Readonly<Record<string, number>>> {
  const text = await metrics.text(status)
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.lastIndexOf(' ')
      return [line.slice(name.length, at), Number(line.slice(at + 1))]
    }),
  )
}

/** The metrics of ours that are in use, with every label that a series of theirs has. */
async function exported(): Promise<ReadonlyMap<string, { readonly type: string; readonly labels: readonly string[] }>> {
  const metrics = createMetrics({ version: '1.2.3' })
  metrics.apiRequest('eu-1', 'list', 200)
  metrics.syncEnded('success', 1)
  const text = await metrics.text(fleetOf([clusterOf('eu-1', 'eu', { credentialExpiresAt: ago(-60) })]))
  const types = [...text.matchAll(/^# TYPE (flotilla_\S+) (\S+)$/gm)]
  return new Map(
    types.map(([, name = '', type = '']) => {
      const line = new RegExp(`^${name}(?:_bucket|_count)?\\{([^}]*)\\}`, 'm').exec(text)?.[1] ?? ''
      const labels = [...line.matchAll(/([a-z_]+)="/g)].map(([, label = '']) => label).filter((label) => label !== 'le')
      return [name, { type, labels: labels.sort() }]
    }),
  )
}

describe('metrics', () => {
  it('are all on the page about metrics with their type and labels, and nothing else is', async () => {
    const rows = [...page.matchAll(/^\| `(flotilla_[a-z_]+)` \| (\w+) \|([^|]*)\|/gm)]
    const documented = rows.map(([, name = '', type = '', labels = '']) => ({
      name,
      type,
      labels: [...labels.matchAll(/`([a-z_]+)`/g)].map(([, label = '']) => label).sort(),
    }))
    const real = [...(await exported())].map(([name, { type, labels }]) => ({ name, type, labels }))
    const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1)
    assert.deepEqual(documented.sort(byName), real.sort(byName))
  })

  it('are named as Prometheus names them: a prefix, base units, counters with _total and nothing else with it', async () => {
    for (const [name, { type }] of await exported()) {
      assert.match(name, /^flotilla_[a-z]+(_[a-z]+)*$/, name)
      assert.equal(name.endsWith('_total'), type === 'counter', name)
      assert.doesNotMatch(name, /(milli|micro|minutes|hours|count|sum|bucket)/, name)
      if (type === 'histogram') assert.match(name, /_seconds$/, name)
      if (/(time|duration)/.test(name)) assert.match(name, /_seconds$/, name)
    }
  })

  it('are only such that an alert of the page names', async () => {
    const names = [...(await exported()).keys()]
    const used = [...page.matchAll(/flotilla_[a-z_]+/g)].map(([name]) => name.replace(/_(bucket|count|sum)$/, ''))
    assert.deepEqual(
      used.filter((name) => !names.includes(name)),
      [],
    )
  })

  it('begin at 0, so that a first failure is a rise', async () => {
    const metrics = createMetrics({ version: '1.2.3' })
    const zero = (labels: readonly string[]) => Object.fromEntries(labels.map((label) => [label, 0]))
    assert.deepEqual(
      await seriesOf(metrics, 'flotilla_syncs_total'),
      zero(['{result="success"}', '{result="failure"}']),
    )
    assert.deepEqual(await seriesOf(metrics, 'flotilla_messages'), zero(['{severity="error"}', '{severity="warning"}']))
    const drifts = await seriesOf(metrics, 'flotilla_drifts_seen_total', fleetOf([clusterOf('eu-1', '')]))
    assert.equal(Object.keys(drifts).length, 5)
    assert.ok(Object.values(drifts).every((value) => value === 0))
  })

  it('count what they are told', async () => {
    const metrics = createMetrics({ version: '1.2.3' })
    metrics.syncEnded('failure', 2)
    metrics.fetchEnded('failure')
    metrics.renderEnded('success', 0.01)
    metrics.generatedCommit('failover')
    const error: Message = { path: 'a.yaml', line: 1, column: 1, severity: 'error', code: 'duplicate', text: 'x' }
    metrics.messages([error, error, { ...error, severity: 'warning' }])
    metrics.driftSeen('eu-1', 'changed')
    metrics.driftHealed('eu-1', 'deleted')
    metrics.applied('eu-1', 'configured')
    for (const status of [200, 201, 404, 429, 500, 302, 0]) metrics.apiRequest('eu-1', 'apply', status)
    const one = async (name: string, labels: string) => (await seriesOf(metrics, name))[labels]
    assert.equal(await one('flotilla_syncs_total', '{result="failure"}'), 1)
    assert.equal(await one('flotilla_sync_duration_seconds_sum', ''), 2)
    assert.equal(await one('flotilla_fetches_total', '{result="failure"}'), 1)
    assert.equal(await one('flotilla_render_duration_seconds_bucket', '{le="0.02"}'), 1)
    assert.equal(await one('flotilla_generated_commits_total', '{reason="failover"}'), 1)
    assert.equal(await one('flotilla_messages', '{severity="error"}'), 2)
    assert.equal(await one('flotilla_messages', '{severity="warning"}'), 1)
    assert.equal(await one('flotilla_drifts_seen_total', '{cluster="eu-1",reason="changed"}'), 1)
    assert.equal(await one('flotilla_drifts_healed_total', '{cluster="eu-1",reason="deleted"}'), 1)
    assert.equal(await one('flotilla_applies_total', '{cluster="eu-1",action="configured"}'), 1)
    assert.deepEqual(await seriesOf(metrics, 'flotilla_api_requests_total'), {
      '{cluster="eu-1",verb="apply",code="2xx"}': 2,
      '{cluster="eu-1",verb="apply",code="3xx"}': 1,
      '{cluster="eu-1",verb="apply",code="4xx"}': 2,
      '{cluster="eu-1",verb="apply",code="5xx"}': 1,
      '{cluster="eu-1",verb="apply",code="none"}': 1,
    })
    metrics.messages([])
    assert.equal(await one('flotilla_messages', '{severity="error"}'), 0)
  })

  it('tell the state of each cluster, of which exactly one holds', async () => {
    const metrics = createMetrics({ version: '1.2.3' })
    const objects = [objectOf('ConfigMap/a/b'), objectOf('Deployment.apps/shop/web', { drift: scaled() })]
    const status = fleetOf([
      clusterOf('eu-1', '', { sync: 'drifted', applied: 1, total: 2, seenAt: ago(30), objects }),
      clusterOf('us-1', '', { sync: 'unreachable', seenAt: undefined, credentialExpiresAt: ago(-60) }),
    ])
    const sync = await seriesOf(metrics, 'flotilla_cluster_sync', status)
    assert.deepEqual(
      Object.entries(sync)
        .filter(([, value]) => value === 1)
        .map(([labels]) => labels),
      ['{cluster="eu-1",sync="drifted"}', '{cluster="us-1",sync="unreachable"}'],
    )
    assert.equal(Object.keys(sync).length, 14)
    const eu = '{cluster="eu-1"}'
    assert.equal((await seriesOf(metrics, 'flotilla_cluster_objects', status))[eu], 2)
    assert.equal((await seriesOf(metrics, 'flotilla_cluster_objects_applied', status))[eu], 1)
    assert.equal((await seriesOf(metrics, 'flotilla_cluster_objects_drifted', status))[eu], 1)
    const seen = await seriesOf(metrics, 'flotilla_cluster_last_seen_timestamp_seconds', status)
    assert.deepEqual(seen, { [eu]: now / 1000 - 30, '{cluster="us-1"}': 0 })
    const expiry = 'flotilla_cluster_credential_expiry_timestamp_seconds'
    assert.deepEqual(await seriesOf(metrics, expiry, status), { '{cluster="us-1"}': now / 1000 + 60 })
    const renewed = fleetOf([clusterOf('us-1', '')])
    assert.deepEqual(await seriesOf(metrics, expiry, renewed), {}, 'a credential that renews itself has no expiry')
  })

  it('tell what is fought over and what waits to be deleted', async () => {
    const metrics = createMetrics({ version: '1.2.3' })
    const objects = [
      objectOf('ConfigMap/a/b', { held: { uid: 'u', takes: 3 } }),
      objectOf('ConfigMap/a/c', { drift: scaled({ fight: true }) }),
      objectOf('ConfigMap/a/d', { drift: scaled() }),
    ]
    const status = fleetOf([clusterOf('eu-1', '', { objects })])
    const eu = '{cluster="eu-1"}'
    assert.equal((await seriesOf(metrics, 'flotilla_cluster_objects_fought', status))[eu], 1)
    assert.equal((await seriesOf(metrics, 'flotilla_cluster_deletions_held', status))[eu], 1)
  })

  it('tell when the cycle ended a turn last', async () => {
    const metrics = createMetrics({ version: '1.2.3' })
    const name = 'flotilla_heartbeat_timestamp_seconds'
    assert.deepEqual(await seriesOf(metrics, name, fleetOf([])), { '': now / 1000 - 2 })
    assert.deepEqual(await seriesOf(metrics, name, fleetOf([], { heartbeatAt: undefined })), { '': 0 })
  })

  it('tell that a branch needs a person, and when the remote was last fetched', async () => {
    const metrics = createMetrics({ version: '1.2.3' })
    const fine = fleetOf([])
    assert.deepEqual(await seriesOf(metrics, 'flotilla_branch_problem', fine), {
      '{branch="source"}': 0,
      '{branch="generated"}': 0,
    })
    assert.deepEqual(await seriesOf(metrics, 'flotilla_last_fetch_timestamp_seconds', fine), { '': now / 1000 - 12 })
    const broken = fleetOf([], { source: { ...fine.source, problem: 'no route', fetchedAt: undefined } })
    assert.equal((await seriesOf(metrics, 'flotilla_branch_problem', broken))['{branch="source"}'], 1)
    assert.deepEqual(await seriesOf(metrics, 'flotilla_last_fetch_timestamp_seconds', broken), { '': 0 })
  })

  it('forget a cluster that left the fleet', async () => {
    const metrics = createMetrics({ version: '1.2.3' })
    metrics.apiRequest('eu-1', 'get', 200)
    const before = await metrics.text(fleetOf([clusterOf('eu-1', ''), clusterOf('us-1', '')]))
    assert.match(before, /cluster="eu-1"/)
    const after = await metrics.text(fleetOf([clusterOf('us-1', '')]))
    assert.doesNotMatch(after, /cluster="eu-1"/)
    assert.match(after, /cluster="us-1"/)
  })

  it('say which version runs', async () => {
    const series = await seriesOf(createMetrics({ version: '1.2.3' }), 'flotilla_build_info')
    assert.deepEqual(series, { [`{version="1.2.3",node="${process.version}"}`]: 1 })
  })
})
