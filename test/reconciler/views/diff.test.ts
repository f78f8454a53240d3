import assert from 'node:assert/strict'
import { fieldDrift } from '../../../reconciler/member/drift.ts'
import { clusterStatusView } from '../../../reconciler/views/cluster-status.ts'
import { dataText } from '../../../reconciler/views/data.ts'
import { diffMarkdown } from '../../../reconciler/views/diff-markdown.ts'
import { diffClosing, diffExit } from '../../../reconciler/views/diff-summary.ts'
import { diffView } from '../../../reconciler/views/diff-text.ts'
import { fleetStatusMarkdown, fleetStatusView } from '../../../reconciler/views/fleet-status.ts'
import { plainScreen } from '../../../reconciler/views/screen.ts'
import type { KubeObject } from '../../../repo-layout/json.ts'
import { clusterOf, fleetOf, now, objectOf, reportOf, scaled } from './fleet.ts'
import { fitsInto, isGolden } from './golden.ts'

const fought = scaled({ healed: 3, fight: true })
const deleted = scaled({ subject: 'ConfigMap/shop/flags', reason: 'deleted', fields: [] })
const text = scaled({
  subject: 'ConfigMap/shop/page',
  fields: [
    { path: '/data/page', live: 'a\nb\nc\nd\ne\nf\n', wanted: 'a\nb\nc\nd\nE\nf\n', manager: 'kubectl-edit' },
    { path: '/data/gone', live: undefined, wanted: 'true', manager: 'unknown (removed)' },
  ],
})
const several = reportOf([text, fought, deleted])

describe('a diff', () => {
  it('shows what runs with - and what is wanted with +, and who holds it', () => {
    const view = diffView(several, { now }, plainScreen(80))
    isGolden('diff-80', view)
    fitsInto(80, view)
  })

  it('is a table where the terminal has room for all of it, and with -o wide', () => {
    const view = diffView(reportOf([fought]), { now }, plainScreen(140))
    fitsInto(140, view)
    isGolden('diff-140', view)
    const narrow = diffView(reportOf([fought]), { now, wide: true }, plainScreen(80))
    assert.equal(narrow.body, view.body, 'asked for, it is never cut')
  })

  it('falls back to blocks where one value is too long for the table', () => {
    const long = scaled({ fields: [{ path: '/data/x', live: 'l'.repeat(90), wanted: 'w', manager: 'm' }] })
    assert.match(diffView(reportOf([long]), { now }, plainScreen(120)).body, /^≠ eu-2/)
  })

  it('is ASCII where the terminal shows no more', () => {
    const view = diffView(several, { now }, plainScreen(80, true))
    assert.doesNotMatch(view.body + view.closing, /[^\n -~]/)
  })

  it('is Markdown for a ticket', () => {
    isGolden('diff-markdown', diffMarkdown(several, now))
  })

  it('lets no value of a cluster move the cursor or break out of its line', () => {
    const evil = scaled({
      subject: 'ConfigMap/shop/flags',
      fields: [{ path: '/data/a', live: '\u001b[2J\u202egone', wanted: '`x` | y', manager: '\u001b]0;t\u0007m' }],
    })
    const bodies = [
      diffView(reportOf([evil]), { now }, plainScreen(80)).body,
      diffView(reportOf([evil]), { now, wide: true }, plainScreen()).body,
      diffMarkdown(reportOf([evil]), now).body,
    ]
    for (const body of bodies) assert.doesNotMatch(body.replaceAll('\n', ''), /[\p{Cc}\u202e]/u)
  })

  const lost = { cluster: 'ap-1', drifts: [], problem: 'the cluster cannot be reached', sources: {} }
  const endings: readonly (readonly [report: ReturnType<typeof reportOf>, closing: string, exit: 0 | 1 | 2])[] = [
    [reportOf([]), 'No differences in eu-2.', 0],
    [reportOf([fought]), '1 field of 1 object drifted in eu-2.', 1],
    [reportOf([deleted]), '1 object drifted in eu-2.', 1],
    [several, '3 fields of 3 objects drifted in eu-2.', 1],
    [
      { ...several, clusters: [...several.clusters, { ...lost, problem: '', drifts: [fought] }] },
      '4 fields of 4 objects drifted in 2 clusters.',
      1,
    ],
    [{ ...several, clusters: [lost] }, '1 cluster could not be compared.', 2],
    [
      { ...several, clusters: [...several.clusters, lost] },
      '3 fields of 3 objects drifted in eu-2. 1 cluster could not be compared.',
      2,
    ],
    [
      { ...reportOf([]), clusters: [...reportOf([]).clusters, lost] },
      'No differences in 1 cluster. 1 cluster could not be compared.',
      2,
    ],
    [{ ...several, clusters: [] }, 'There is no cluster to compare.', 0],
    [
      { ...several, commit: undefined, clusters: [] },
      'Nothing was rendered yet, so there is nothing to compare with.',
      2,
    ],
  ]
  for (const [report, closing, exit] of endings) {
    it(`ends with "${closing}" and exit code ${exit}`, () => {
      assert.equal(diffClosing(report), closing)
      assert.equal(diffExit(report), exit)
    })
  }
})

describe('a Secret', () => {
  const secret = (value: string, manager: string, operation: string): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: 'db',
      namespace: 'shop',
      managedFields: [
        {
          manager,
          operation,
          apiVersion: 'v1',
          fieldsType: 'FieldsV1',
          fieldsV1: { 'f:data': { 'f:password': {} } },
        },
      ],
    },
    data: { password: Buffer.from(value).toString('base64') },
  })

  it('shows that it differs, and neither value in any output', () => {
    const [live, wanted] = ['live-hunter2', 'wanted-hunter3']
    const fields = fieldDrift(
      secret(live, 'kubectl-edit', 'Update'),
      secret(wanted, 'flotilla', 'Apply'),
      secret(wanted, 'flotilla', 'Apply'),
    )
    assert.deepEqual(
      fields.map(({ path }) => path),
      ['/data/password'],
    )
    const drift = scaled({ subject: 'Secret/shop/db', fields })
    const cluster = clusterOf('eu-2', '', { sync: 'drifted', objects: [objectOf('Secret/shop/db', { drift })] })
    const report = reportOf([drift])
    const outputs = [
      diffView(report, { now }, plainScreen(80)).body,
      diffView(report, { now, wide: true }, plainScreen()).body,
      diffMarkdown(report, now).body,
      dataText(report, 'json'),
      dataText(report, 'yaml'),
      clusterStatusView(cluster, { now, wide: true }, plainScreen()).body,
      fleetStatusView(fleetOf([cluster]), { now, wide: true }, plainScreen()).body,
      fleetStatusMarkdown(fleetOf([cluster]), { now }).body,
      dataText(fleetOf([cluster]), 'json'),
    ]
    for (const output of outputs) {
      assert.match(output, /eu-2/)
      for (const value of [live, wanted])
        for (const form of [value, Buffer.from(value).toString('base64')]) assert.ok(!output.includes(form), output)
    }
    assert.match(outputs[0] ?? '', /\/data\/password/)
  })
})
