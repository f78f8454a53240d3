import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Action, Drift, Health, Sync } from '../../../reconciler/member/types.ts'
import type { ClusterStatus, FleetStatus } from '../../../reconciler/server/types.ts'
import { changeLines } from '../../../reconciler/views/changes.ts'
import { clusterStatusView } from '../../../reconciler/views/cluster-status.ts'
import { diffMarkdown } from '../../../reconciler/views/diff-markdown.ts'
import { diffView } from '../../../reconciler/views/diff-text.ts'
import { fleetStatusMarkdown, fleetStatusView } from '../../../reconciler/views/fleet-status.ts'
import { plainScreen, type View } from '../../../reconciler/views/screen.ts'
import { worstFirst } from '../../../reconciler/views/state.ts'
import { placesOf, subjectStatusView } from '../../../reconciler/views/subject-status.ts'
import { awaitClusters, judge } from '../../../reconciler/views/verdict.ts'
import { ago, clusterOf, fleetOf, now, objectOf, reportOf, scaled } from './fleet.ts'

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom('', '\u001b[2J', '\u202e', 'a\nb', '\r', '\u0085', '| x', '`'),
)
const drift: fc.Arbitrary<Drift> = fc
  .record({
    subject: text,
    reason: fc.constantFrom<Drift['reason'][]>('changed', 'deleted', 'label removed', 'recreated', 'ownership wiped'),
    fields: fc.array(
      fc.record({ path: text, live: fc.option(text, { nil: undefined }), wanted: text, manager: text }),
      {
        maxLength: 2,
      },
    ),
    healed: fc.nat(3),
    fight: fc.boolean(),
  })
  .map((parts) => ({ ...scaled(), ...parts }))
const object = fc
  .record({
    subject: text,
    source: text,
    message: text,
    action: fc.constantFrom<Action[]>('created', 'configured', 'unchanged', 'pruned', 'skipped', 'failed'),
    health: fc.constantFrom<Health[]>('Current', 'InProgress', 'Failed', 'Terminating', 'Unknown'),
    drift: fc.option(drift, { nil: undefined }),
    extras: fc.array(text, { maxLength: 2 }),
    held: fc.constant(undefined),
  })
  .map((parts) => objectOf(parts.subject, parts))
const cluster: fc.Arbitrary<ClusterStatus> = fc
  .record({
    cluster: text,
    region: text,
    message: text,
    sync: fc.constantFrom<Sync[]>(...worstFirst),
    kubernetesVersion: text,
    seenAt: fc.option(fc.constant(ago(9)), { nil: undefined }),
    objects: fc.array(object, { maxLength: 3 }),
  })
  .map((parts) => clusterOf(parts.cluster, parts.region, parts))
const fleet: fc.Arbitrary<FleetStatus> = fc
  .record({ clusters: fc.array(cluster, { minLength: 1, maxLength: 3 }), name: text, branch: text, problem: text })
  .map(({ clusters, name, branch, problem }) =>
    fleetOf(clusters, {
      fleet: name,
      source: { branch, commit: 'f00', fetchedAt: undefined, problem },
      messages: [{ path: problem, line: 1, column: 1, severity: 'error', code: 'duplicate', text: problem }],
    }),
  )

/** Fails where a text could move a cursor, hide what stands beside it or begin a line of its own. */
function isTame(texts: readonly string[]): void {
  for (const one of texts)
    assert.doesNotMatch(one.replaceAll('\n', ''), /[\p{Cc}\u202a-\u202e\u2066-\u2069\u2028\u2029]/u)
}

describe('whatever a cluster, a file or a person calls things', () => {
  const screen = plainScreen(80)
  const texts = ({ body, closing }: View) => [body, closing]

  it('no view lets it control the terminal', () => {
    fc.assert(
      fc.property(fleet, (status) => {
        const [first] = status.clusters
        assert.ok(first)
        const subject = first.objects[0]?.subject ?? 'x'
        const drifts = first.objects.flatMap((one) => (one.drift ? [one.drift] : []))
        const report = reportOf(drifts, { cluster: first.cluster, problem: first.message })
        isTame([
          ...texts(fleetStatusView(status, { now, wide: true }, screen)),
          ...texts(fleetStatusMarkdown(status, { now })),
          ...texts(clusterStatusView(first, { now, wide: true }, screen)),
          ...texts(subjectStatusView(subject, placesOf(status, subject), { now }, screen)),
          ...texts(diffView(report, { now }, screen)),
          ...texts(diffView(report, { now, wide: true }, screen)),
          ...texts(diffMarkdown(report, now)),
          ...changeLines(undefined, status, now, screen),
          judge(status, awaitClusters(status, now), now).text,
        ])
      }),
    )
  })

  it('a table has one line for each cluster', () => {
    fc.assert(
      fc.property(fleet, (status) => {
        const bare = { ...status, messages: [], source: { ...status.source, problem: '' } }
        const { body } = fleetStatusView(bare, { now, all: true }, plainScreen())
        assert.equal(body.split('\n').length - 1, 2 + status.clusters.length)
        const row = (line: string) => line.startsWith('|')
        assert.equal(fleetStatusMarkdown(bare, { now }).body.split('\n').filter(row).length, 2 + status.clusters.length)
      }),
    )
  })
})
