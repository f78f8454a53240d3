import assert from 'node:assert/strict'
import type { Sync } from '../../../reconciler/member/types.ts'
import { clusterStatusView } from '../../../reconciler/views/cluster-status.ts'
import { fleetStatusMarkdown, fleetStatusView } from '../../../reconciler/views/fleet-status.ts'
import { plainScreen } from '../../../reconciler/views/screen.ts'
import { findSubject, placesOf, subjectStatusView } from '../../../reconciler/views/subject-status.ts'
import { ago, clusterOf, everyState, fiftyClusters, fleetOf, now, objectOf, scaled } from './fleet.ts'
import { fitsInto, isGolden } from './golden.ts'

const states = Object.keys(everyState) as readonly Sync[]
const web = 'Deployment.apps/shop/web'
const oneOfEach = fleetOf(
  states.map((sync) => clusterOf(sync, '', { sync, ...everyState[sync] })),
  { sync: 'unreachable' },
)
const error = {
  path: 'workloads/web.yaml',
  line: 14,
  column: 7,
  severity: 'error',
  code: 'cluster-unknown',
  text: 'there is no cluster "eu-9"',
} as const

describe('the status of a fleet', () => {
  for (const columns of [80, 120]) {
    it(`of 50 clusters shows the four to look at first, in ${columns} columns`, () => {
      const view = fleetStatusView(fiftyClusters(), { now }, plainScreen(columns))
      fitsInto(columns, view)
      isGolden(`fleet-50-${columns}`, view)
    })

    it(`shows each state by sign, word and reason, in ${columns} columns`, () => {
      const view = fleetStatusView(oneOfEach, { now }, plainScreen(columns))
      fitsInto(columns, view)
      isGolden(`fleet-states-${columns}`, view)
    })
  }

  it('lists a synced cluster whose credential expires soon among many that are folded', () => {
    const warning = 'the token expires on 2026-12-01T00:00:00Z: "flotilla cluster rotate eu-7" makes a new one'
    const clusters = Array.from({ length: 20 }, (_, i) =>
      clusterOf(`eu-${i}`, '', i === 7 ? { message: `${warning}; 412/412 applied` } : {}),
    )
    const { body, closing } = fleetStatusView(fleetOf(clusters), { now }, plainScreen())
    assert.ok(body.includes(warning), body)
    assert.match(body, /^19 more synced/m)
    assert.equal(closing, 'All 20 clusters are synced.')
  })

  it('is ASCII through and through where the terminal shows no more', () => {
    const view = fleetStatusView(fiftyClusters(), { now }, plainScreen(80, true))
    fitsInto(80, view)
    assert.doesNotMatch(view.body + view.closing, /[^\n -~]/)
    isGolden('fleet-50-ascii', view)
    assert.doesNotMatch(fleetStatusView(oneOfEach, { now }, plainScreen(120, true)).body, /[^\n -~]/)
  })

  it('cuts nothing where there is no terminal', () => {
    const { body } = fleetStatusView(fiftyClusters(), { now }, plainScreen())
    assert.match(body, /Deployment\.apps\/shop\/cart ProgressDeadlineExceeded \(and 1 more\)/)
    assert.doesNotMatch(body, /…/)
  })

  it('says first what needs a person: the branches and the errors of the source', () => {
    const status = fleetOf([clusterOf('eu-1', '')], {
      messages: [error, { ...error, line: 20 }, { ...error, severity: 'warning' }],
      source: {
        branch: 'main',
        commit: undefined,
        fetchedAt: undefined,
        problem: 'git.example.com\ncannot be reached',
      },
      generated: { branch: 'generated', commit: undefined, problem: '31 deletions are over the budget of 20' },
    })
    isGolden('fleet-needs-you', fleetStatusView(status, { now }, plainScreen(80)))
  })

  it('says that the daemon has not ended a turn for minutes, for then nothing that it shows is new', () => {
    const silent = fleetStatusView(fleetOf([clusterOf('a', '')], { heartbeatAt: ago(300) }), { now }, plainScreen())
    assert.match(silent.body, /Needs you: the daemon has not ended a turn for 5m; its log says why/)
    const alive = fleetStatusView(fleetOf([clusterOf('a', '')], { heartbeatAt: ago(60) }), { now }, plainScreen())
    assert.doesNotMatch(alive.body, /Needs you/)
  })

  it('does not call a fleet synced while what it runs is not what Git says', () => {
    const generated = { ...fleetOf([]).generated, problem: 'the push was rejected: protected branch' }
    const view = fleetStatusView(
      fleetOf([clusterOf('a', ''), clusterOf('b', '')], { generated }),
      { now },
      plainScreen(80),
    )
    assert.match(view.body, /^! shop: 2 of 2 clusters synced/)
    assert.equal(view.closing, 'All 2 clusters run what was rendered last.')
  })

  const closings: readonly (readonly [what: string, sentence: string, view: () => { readonly closing: string }])[] = [
    ['no cluster', 'The fleet has no clusters.', () => fleetStatusView(fleetOf([]), { now }, plainScreen())],
    [
      'one synced cluster',
      'The one cluster is synced.',
      () => fleetStatusView(fleetOf([clusterOf('a', '')]), { now }, plainScreen()),
    ],
    [
      'all synced',
      'All 2 clusters are synced.',
      () => fleetStatusView(fleetOf([clusterOf('a', ''), clusterOf('b', '')]), { now }, plainScreen()),
    ],
    [
      'a filter',
      '1 of 7 clusters is drifted.',
      () => fleetStatusView(oneOfEach, { now, sync: ['drifted'] }, plainScreen()),
    ],
    [
      'a filter that nothing passes',
      '0 of 1 cluster is degraded.',
      () => fleetStatusView(fleetOf([clusterOf('a', '')]), { now, sync: ['degraded'] }, plainScreen()),
    ],
  ]
  for (const [what, sentence, view] of closings) {
    it(`ends with one sentence for ${what}: ${sentence}`, () => assert.equal(view().closing, sentence))
  }

  it('lists folded clusters with --all, and never folds few', () => {
    const all = fleetStatusView(fiftyClusters(), { now, all: true }, plainScreen(120))
    assert.equal(all.body.match(/✔ synced/g)?.length, 46)
    const ten = fleetOf(Array.from({ length: 10 }, (_, i) => clusterOf(`c${i}`, '')))
    assert.equal(fleetStatusView(ten, { now }, plainScreen(80)).body.match(/✔ synced/g)?.length, 10)
  })

  it('judges a part of a fleet by that part', () => {
    const status = fleetOf([clusterOf('eu-1', 'eu')], { sync: 'unreachable' })
    assert.match(fleetStatusView(status, { now, narrowed: true }, plainScreen()).body, /^✔ shop/)
    assert.match(fleetStatusView(status, { now }, plainScreen()).body, /^\? shop/)
  })

  it('colours state words by their meaning and nothing else than signs it', () => {
    const painted = fleetStatusView(
      oneOfEach,
      { now },
      { columns: 80, ascii: false, headers: true, style: (style, text) => `<${style}:${text}>` },
    )
    for (const [style, word] of [
      ['green', '✔ synced'],
      ['blue', '◌ progressing'],
      ['yellow', '≠ drifted'],
      ['red', '✖ degraded'],
      ['magenta', '? unauthorized'],
      ['magenta', '? unreachable'],
      ['dim', '‖ suspended'],
    ])
      assert.ok(painted.body.includes(`<${style}:${word}>`), word)
    const plain = fleetStatusView(oneOfEach, { now }, plainScreen(80))
    assert.equal(painted.body.replace(/<\w+:([^>]*)>/g, '$1'), plain.body, 'colours move nothing')
  })

  it('is Markdown that text of a cluster cannot break out of', () => {
    const evil = clusterOf('eu-1', 'a|b', { sync: 'degraded', message: 'x | y\n\n# <b>@team</b> [l](http://e)' })
    const { body } = fleetStatusMarkdown(fleetOf([evil]), { now })
    isGolden('fleet-markdown', fleetStatusMarkdown(fleetOf([evil, clusterOf('us-1', 'us')]), { now }))
    assert.equal(body.split('\n').filter((line) => line.startsWith('|')).length, 3)
    assert.doesNotMatch(body, /@team|[^\\]<b>|[^\\]\[l/)
  })
})

describe('the status of one cluster', () => {
  const objects = [
    ...(everyState.degraded.objects ?? []),
    objectOf(web, { drift: scaled({ healed: 3, healedAt: ago(5) }), extras: ['/spec/x', '/spec/y'] }),
    ...Array.from({ length: 12 }, (_, i) => objectOf(`ConfigMap/shop/c${i}`)),
  ]
  const cluster = clusterOf('us-3', 'us-east', { sync: 'degraded', ...everyState.degraded, objects })

  for (const columns of [80, 120]) {
    it(`lists what is wrong and folds what is right, in ${columns} columns`, () => {
      const view = clusterStatusView(cluster, { now }, plainScreen(columns))
      fitsInto(columns, view)
      isGolden(`cluster-${columns}`, view)
    })
  }

  it('says until when its credential is valid, where that ends', () => {
    const bodyWith = (credentialExpiresAt: string | undefined) =>
      clusterStatusView(clusterOf('eu-1', '', { credentialExpiresAt }), { now }, plainScreen()).body
    assert.match(bodyWith('2026-12-01T00:00:00.000Z'), /, credential until 2026-12-01,/)
    assert.doesNotMatch(bodyWith(undefined), /credential/)
  })

  for (const sync of ['unreachable', 'unauthorized'] as const) {
    it(`says of no object how it is while the cluster is ${sync}`, () => {
      const view = clusterStatusView(
        clusterOf('ap-1', '', { sync, objects: [objectOf(web)] }),
        { now },
        plainScreen(80),
      )
      assert.match(view.body, /^\? Deployment/m)
      assert.doesNotMatch(view.body, /✔|✖/)
      assert.match(view.closing, new RegExp(`1 ${sync}\\.$`))
    })
  }

  it('takes an object that was not tried yet for under way, and not for failed', () => {
    const fresh = objectOf(web, { action: 'skipped', health: 'Unknown', message: '' })
    const view = clusterStatusView(
      clusterOf('a', '', { sync: 'progressing', objects: [fresh] }),
      { now },
      plainScreen(80),
    )
    assert.match(view.body, /◌ Deployment/)
  })

  it('does not call what left Git and stays degraded in a cluster that is synced, and counts what waits for a person', () => {
    const left = (name: string, why: string) =>
      objectOf(name, { action: 'skipped', message: `left in the cluster: ${why}` })
    const objects = [
      left('Namespace/shop', 'a Namespace takes others with it; annotate it flotilla.dev/prune: "true"'),
      left(web, 'the deletions of this commit are over budget'),
    ]
    const cluster = clusterOf('eu-1', 'eu', { applied: 0, total: 0, objects })
    const { body, closing } = clusterStatusView(cluster, { now }, plainScreen(200))
    assert.match(body, /^‖ Namespace\/shop /m)
    assert.match(body, /^✖ Deployment\.apps\/shop\/web /m)
    assert.equal(closing, '0 of 0 objects applied in eu-1; 1 held back, 1 left in the cluster.')
  })

  it('lists every object with --all', () => {
    const view = clusterStatusView(cluster, { now, all: true }, plainScreen(80))
    assert.equal(view.body.match(/ConfigMap\/shop\/c\d/g)?.length, 12)
  })
})

describe('the status of one object', () => {
  const status = fiftyClusters()

  it('is a row for each cluster, the worst first', () => {
    const view = subjectStatusView(web, placesOf(status, web), { now }, plainScreen(80))
    fitsInto(80, view)
    isGolden('subject-80', view)
  })

  it('is found by its short name in any case, and a slip is answered with the nearest', () => {
    assert.equal(findSubject(status, web).subject, web)
    assert.equal(findSubject(status, 'deployment/SHOP/web').subject, web)
    assert.deepEqual(findSubject(status, 'Deployment.apps/shop/wbe'), { subject: undefined, nearest: web })
    assert.deepEqual(findSubject(status, 'Job/other/x'), { subject: undefined, nearest: undefined })
  })

  it('asks back where a short name means two things', () => {
    const two = fleetOf([clusterOf('a', '', { objects: [objectOf('Ingress.a.io/x/y'), objectOf('Ingress.b.io/x/y')] })])
    assert.deepEqual(findSubject(two, 'ingress/x/y'), { subject: undefined, nearest: 'Ingress.a.io/x/y' })
  })
})
