import assert from 'node:assert/strict'
import type { ClusterCheck, Finding } from '../../../reconciler/join/check.ts'
import { checkExit, checkView } from '../../../reconciler/views/check-text.ts'
import { plainScreen } from '../../../reconciler/views/screen.ts'

const finding = (result: Finding['result'], text: string, remedy = ''): Finding => ({
  check: 'rights',
  result,
  text,
  remedy,
})
const check = (cluster: string, ...findings: readonly Finding[]): ClusterCheck => ({ cluster, findings })

describe('what a check of clusters shows', () => {
  for (const [what, checks, closing, exit] of [
    ['no clusters', [], 'The fleet has no clusters.', 0],
    ['one that is fine', [check('a', finding('ok', 'x'))], 'The cluster is fine.', 0],
    ['two that are fine', [check('a'), check('b')], 'All 2 clusters are fine.', 0],
    ['a warning', [check('a', finding('warning', 'x')), check('b')], 'Of 2 clusters: warnings in 1.', 0],
    ['what could not be told', [check('a', finding('unknown', 'x'))], 'Of 1 cluster: warnings in 1.', 0],
    [
      'what is wrong',
      [check('a', finding('wrong', 'x'), finding('warning', 'y'))],
      'Of 1 cluster: something is wrong in 1, warnings in 1.',
      1,
    ],
  ] as const)
    it(`of ${what} ends with a sentence and an exit code`, () => {
      assert.equal(checkView(checks, plainScreen()).closing, closing)
      assert.equal(checkExit(checks), exit)
    })

  it('is one line a finding with what to do, never cut, and safe for a terminal', () => {
    const checks = [
      check('eu', finding('ok', 'all of 3 kinds'), finding('wrong', 'missing: get secrets\u001b[2J', 'rotate')),
    ]
    const { body } = checkView(checks, plainScreen(40, true))
    assert.match(body, /^eu +\+ rights +all of 3 kinds\n +x rights +missing: get secrets.*; rotate\n$/m)
    assert.ok(!body.includes('\u001b'))
  })
})
