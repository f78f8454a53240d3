import assert from 'node:assert/strict'
import { clusterMessage } from '../../../reconciler/views/cluster-message.ts'
import { clusterStatusView } from '../../../reconciler/views/cluster-status.ts'
import { diffMarkdown } from '../../../reconciler/views/diff-markdown.ts'
import { diffView } from '../../../reconciler/views/diff-text.ts'
import { fleetStatusView } from '../../../reconciler/views/fleet-status.ts'
import { historyMarkdown, historyView } from '../../../reconciler/views/history.ts'
import { plainScreen } from '../../../reconciler/views/screen.ts'
import { objectState } from '../../../reconciler/views/state.ts'
import { awaitClusters, judge } from '../../../reconciler/views/verdict.ts'
import { ago, clusterOf, everyState, fleetOf, now, objectOf, reportOf, scaled } from './fleet.ts'

const web = 'Deployment.apps/shop/web'
const pause = { subject: web, until: ago(-7200), reason: 'INC-42', by: 'ann@desk (10.0.0.7)', at: ago(60) }
const message = 'paused until 2026-11-24 16:02Z by ann@desk (10.0.0.7): INC-42'
const paused = objectOf(web, { action: 'skipped', message, pause, drift: scaled() })
const with1 = (name: string) =>
  clusterOf(name, 'eu', { message: '1 paused; 411/412 applied', applied: 411, objects: [paused] })

describe('a pause in the views', () => {
  it('is a state of the object, and no failure', () => {
    assert.equal(objectState(paused), 'suspended')
    const { body, closing } = clusterStatusView(with1('eu-1'), { now }, plainScreen(200))
    assert.match(closing, /; 1 paused\.$/)
    assert.match(
      body,
      /^‖ Deployment\.apps\/shop\/web .*paused until 2026-11-24 16:02Z by ann@desk \(10\.0\.0\.7\): INC-42; /m,
    )
    assert.match(body, /replicas 1 → 7 by kubectl \(scale\)/)
  })

  it('is said of a cluster that is synced but for it, which is not folded away', () => {
    const clusters = [with1('eu-1'), ...Array.from({ length: 12 }, (_, i) => clusterOf(`us-${i}`, 'us'))]
    const status = fleetOf(clusters)
    const { body, closing } = fleetStatusView(status, { now }, plainScreen(100))
    assert.match(body, /^eu-1 .* 1 paused$/m)
    assert.match(body, /^12 more synced/m)
    assert.equal(closing, 'All 13 clusters are synced; 1 object is paused.')
    assert.deepEqual(judge(status, awaitClusters(status, now), now), {
      type: 'done',
      text: '13 synced, 1 object paused',
    })
  })

  it('does not stand in the place of what is wrong', () => {
    const broken = clusterOf('eu-1', 'eu', {
      sync: 'degraded',
      message: '1 paused; 410/412 applied',
      objects: [paused, ...(everyState.degraded.objects ?? [])],
    })
    assert.equal(
      clusterMessage(broken, now),
      'Deployment.apps/shop/cart ProgressDeadlineExceeded (and 1 more); 1 paused',
    )
  })

  it('of a whole cluster says until when, by whom and why', () => {
    const whole = { ...pause, subject: '*' }
    const cluster = clusterOf('eu-1', 'eu', { sync: 'suspended', message: `${message}; 412/412 applied`, pause: whole })
    assert.equal(clusterMessage(cluster, now), message)
  })

  it('stands beside the drift that it keeps from being healed', () => {
    const [first] = reportOf([scaled()]).clusters
    assert.ok(first)
    const report = { ...reportOf([]), clusters: [{ ...first, pauses: [pause] }] }
    const said = /paused until 16:02:00Z by ann@\u200b?desk \(10\.0\.0\.7\): INC-42/u
    assert.match(diffView(report, { now }, plainScreen(80)).body, said)
    assert.match(diffView(report, { now, wide: true }, plainScreen()).body, said)
    assert.match(diffMarkdown(report, now).body, said)
    const other = { ...report, clusters: [{ ...first, pauses: [{ ...pause, subject: 'ConfigMap/shop/flags' }] }] }
    assert.doesNotMatch(diffView(other, { now }, plainScreen(80)).body, /paused/)
  })
})

describe('a history', () => {
  const { fields } = scaled()
  const entry = { subject: web, at: ago(120), times: 3, reason: 'changed' as const, fields }
  const byCommit = { ...entry, at: ago(7200), times: 1, reason: 'new commit' as const }
  const clusters = [
    { cluster: 'eu-1', entries: [byCommit, entry], problem: '', sources: { [web]: 'workloads/web.yaml' } },
  ]
  const report = { fleet: 'shop', at: ago(0), clusters }

  it('has the newest first, with what stood there, what Git says, who, and how often', () => {
    const { body, closing } = historyView(report, { now }, plainScreen(80))
    assert.equal(
      body,
      [
        '≠ eu-1  Deployment.apps/shop/web    healed 14:00:00Z, 3×',
        '    /spec/replicas',
        '    - 7   live    manager kubectl (scale)',
        '    + 1   wanted  workloads/web.yaml',
        '≠ eu-1  Deployment.apps/shop/web    written over by a commit 12:02:00Z',
        '    /spec/replicas',
        '    - 7   live    manager kubectl (scale)',
        '    + 1   wanted  workloads/web.yaml',
        '',
      ].join('\n'),
    )
    assert.equal(closing, '2 fields of 1 object were written over, the last 2m ago.')
  })

  it('says that there is nothing, which is not the same as that nothing is known', () => {
    const empty = { ...report, clusters: [{ cluster: 'eu-1', entries: [], problem: '', sources: {} }] }
    assert.equal(historyView(empty, { now }, plainScreen(80)).closing, 'Nothing was written over, as far as is kept.')
    const unknown = { ...empty, clusters: [{ cluster: 'eu-1', entries: [], problem: 'not reached yet', sources: {} }] }
    assert.equal(historyView(unknown, { now }, plainScreen(80)).closing, 'Of 1 cluster nothing is known.')
    assert.match(historyMarkdown(unknown, now).body, /^- eu-1 is not known: not reached yet$/m)
  })

  it('lets no value move the cursor, break out of its line or out of Markdown', () => {
    const evil = [{ path: '/data/a', live: '\u001b[2J\u202egone', wanted: '`x` | y', manager: '\u001b]0;t\u0007m' }]
    const hostile = {
      ...report,
      clusters: [{ ...clusters[0], cluster: 'e\u001bu', entries: [{ ...entry, fields: evil }] }],
    }
    const bad = hostile as typeof report
    for (const { body } of [
      historyView(bad, { now }, plainScreen(80)),
      historyView(bad, { now, wide: true }, plainScreen()),
      historyMarkdown(bad, now),
    ])
      assert.doesNotMatch(body.replaceAll('\n', ''), /[\p{Cc}\u202e]/u)
    assert.ok(historyMarkdown(bad, now).body.includes('\\`x\\` \\| y'))
  })
})
