import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { dataText } from '../../../reconciler/views/data.ts'
import { clusterList, moveText, planClosing } from '../../../reconciler/views/plan-groups.ts'
import { planMarkdown } from '../../../reconciler/views/plan-markdown.ts'
import { planView } from '../../../reconciler/views/plan-text.ts'
import { plainScreen } from '../../../reconciler/views/screen.ts'
import type { Course } from '../../../render/shipper/course.ts'
import { beginning, givenUp, going, shown } from './course-example.ts'
import { isGolden } from './golden.ts'
import { clusterPlan, planned, planOfClusters, wholePlan } from './plan-example.ts'

/** A course in which every name tries to get out of its place. */
function evilCourse(): Course {
  const text = JSON.stringify(going)
    .replaceAll('web-9a1e77c2-0', '<img src=x>\\u001b[2J|@everyone')
    .replaceAll('greeting', '`|<img>\\n# x')
  return JSON.parse(text) as Course
}

const names = (count: number) => Array.from({ length: count }, (_, i) => `c${String(i).padStart(3, '0')}`)

describe('a plan', () => {
  it('tells equal changes of several clusters once, replicas as a move, and what is not done with the reason', async () => {
    isGolden('plan-text', planView(await wholePlan(), plainScreen()))
  })

  it('is Markdown for a pull request', async () => {
    isGolden('plan-markdown', planMarkdown(await wholePlan()))
  })

  const rollouts = () =>
    planOfClusters(
      [
        clusterPlan('eu-1', [planned('Deployment.apps/shop/web-9a1e77c2-0', { source: 'web.yaml' })]),
        clusterPlan('eu-2', [planned('Deployment.apps/shop/web-9a1e77c2-0', { source: 'web.yaml' })]),
        clusterPlan('us-1', []),
      ],
      { rollouts: [beginning, { ...going, application: 'shop/shop' }, { ...givenUp, application: 'shop/desk' }] },
    )

  it('tells where rollouts go in all their moves, and what that changes under running pods', () => {
    isGolden('plan-rollouts-text', planView(rollouts(), plainScreen()))
    isGolden('plan-rollouts-markdown', planMarkdown(rollouts()))
    const data = planOfClusters([], { rollouts: [going] })
    isGolden('plan-rollouts-yaml', { body: dataText(data, 'yaml'), closing: planClosing(data) })
  })

  it('shows a rollout as the page about rollouts does', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/rollouts.md'), 'utf8')
    const clusters = ['eu-1', 'eu-2'].map((name) => clusterPlan(name, []))
    const { body } = planView(planOfClusters(clusters, { rollouts: [shown] }), plainScreen())
    const [told] = /^~ rollout[\s\S]*?^ {4}Then .*\n/m.exec(body) ?? []
    assert(told && page.includes(`\`\`\`text\n${told}\`\`\`\n`), told)
  })

  it('of a command alone says that nothing changes at once, and where the rollout goes', () => {
    const plan = planOfClusters([clusterPlan('eu-1', [])], { rollouts: [going] })
    assert.equal(
      planClosing(plan),
      'Nothing changes at once in 1 cluster (400 unchanged). shop/web goes to step 1 (half).',
    )
    assert.equal(plan.summary.changes, true)
  })

  it('tells a rollout in 200 clusters as short as that in one', () => {
    const clusters = names(200)
    const wide = { ...going, clusters, moves: going.moves.map((move) => ({ ...move, clusters })) }
    const takeovers = wide.takeovers.map((one) => ({
      ...one,
      changes: one.changes.map((change) => ({ ...change, clusters })),
    }))
    const plan = planOfClusters(
      clusters.map((name) => clusterPlan(name, [])),
      { rollouts: [{ ...wide, takeovers }] },
    )
    for (const { body } of [planView(plan, plainScreen()), planMarkdown(plan)]) {
      assert.ok(body.length < 3000, String(body.length))
      assert.match(body, /all 200 clusters/)
    }
  })

  it('is ASCII where the terminal shows no more', async () => {
    const view = planView(await wholePlan(), plainScreen(80, true))
    assert.doesNotMatch(view.body + view.closing, /[^\n -~]/)
  })

  it('says that nothing changes where nothing does', () => {
    const plan = planOfClusters([clusterPlan('eu-1', []), clusterPlan('eu-2', [])])
    assert.equal(planClosing(plan), 'Nothing changes in 2 clusters (800 unchanged).')
    assert.doesNotMatch(planView(plan, plainScreen()).body, /[+~-] /)
  })

  it('lets no value of a cluster steer the terminal or break out of Markdown', () => {
    const evil = planned('ConfigMap/shop/flags', {
      action: 'configured',
      fields: [{ path: '/data/a', live: '\u001b[2J```\n</details>', wanted: '```\n# x', manager: '\u001b]0;t\u0007m' }],
      why: '<img src=x> @everyone\u202e',
    })
    const plan = planOfClusters([clusterPlan('eu-1', [evil])], { rollouts: [evilCourse()] })
    for (const { body } of [planView(plan, plainScreen()), planMarkdown(plan)])
      assert.doesNotMatch(body, /[^\P{Cc}\n]|\u202e/u)
    const { body } = planMarkdown(plan)
    assert.match(body, /````diff\n[\s\S]*```[\s\S]*\n````/, 'the fence is longer than any in the values')
    assert.doesNotMatch(body, /[^\\]<img|@everyone/)
  })

  it('of 200 clusters that change alike is as short as that of one, and fits into a comment however much differs', () => {
    const same = planOfClusters(names(200).map((name) => clusterPlan(name, [planned('ConfigMap/shop/flags')])))
    assert.ok(planMarkdown(same).body.length < 1000)
    assert.match(planMarkdown(same).body, /all 200 clusters/)
    const different = planOfClusters(
      names(200).map((name) =>
        clusterPlan(name, [
          planned('ConfigMap/shop/flags', {
            action: 'configured',
            fields: [{ path: '/data/a', live: 'x'.repeat(2000), wanted: name, manager: 'flotilla' }],
          }),
        ]),
      ),
    )
    const { body } = planMarkdown(different)
    assert.ok(body.length <= 60_000, String(body.length))
    assert.match(body, /more parts do not fit here/)
    assert.match(body, /Facts of 2026/, 'the facts are always there')
  })

  const lists: readonly (readonly [clusters: number, planned: number, text: string])[] = [
    [1, 9, 'c000'],
    [4, 9, 'c000 c001 c002 c003'],
    [5, 9, '5 clusters: c000 c001 c002 …'],
    [9, 9, 'all 9 clusters'],
  ]
  for (const [clusters, all, text] of lists)
    it(`names ${clusters} of ${all} clusters as "${text}"`, () => {
      assert.equal(clusterList(names(clusters), all), text)
    })

  const moves: readonly (readonly [counts: readonly (readonly [number, number])[], text: string])[] = [
    [
      [
        [3, 5],
        [5, 3],
      ],
      'c000 3 → 5, c001 5 → 3 (2 moved, total stays 8)',
    ],
    [
      [
        [5, 0],
        [0, 5],
      ],
      'c000 5 → 0, c001 0 → 5 (5 moved, total stays 5)',
    ],
    [[[1, 4]], 'c000 1 → 4 (total 1 → 4)'],
    [
      [
        [4, 1],
        [0, 1],
      ],
      'c000 4 → 1, c001 0 → 1 (1 moved, total 4 → 2)',
    ],
  ]
  for (const [counts, text] of moves)
    it(`tells a move as "${text}"`, () => {
      const clusters = counts.map(([before, after], i) => ({ cluster: names(9)[i] ?? '', before, after }))
      const sum = (pick: 0 | 1) => counts.reduce((total, pair) => total + pair[pick], 0)
      assert.equal(moveText({ subject: 'x', clusters, before: sum(0), after: sum(1) }), text)
    })
})
