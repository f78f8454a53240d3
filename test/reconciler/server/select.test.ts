import assert from 'node:assert/strict'
import fc from 'fast-check'
import { matchClusters, selectStatus } from '../../../reconciler/server/select.ts'
import { clusterOf, fleetOf, objectOf, scaled } from '../views/fleet.ts'

describe('choosing clusters by pattern', () => {
  const names = ['eu-1', 'eu-2', 'us-1', 'A', 'b.c']
  const cases: readonly (readonly [patterns: readonly string[], matched: readonly string[]])[] = [
    [['eu-1'], ['eu-1']],
    [['eu-*'], ['eu-1', 'eu-2']],
    [['*-1'], ['eu-1', 'us-1']],
    [['*'], names],
    [['?'], ['A']],
    [['?*-?'], ['eu-1', 'eu-2', 'us-1']],
    [
      ['us-1', 'eu-1'],
      ['eu-1', 'us-1'],
    ],
    [['b.c'], ['b.c']],
  ]
  for (const [patterns, matched] of cases) {
    it(`${patterns.join(' ')} chooses ${matched.join(' ')}`, () => {
      assert.deepEqual(matchClusters(names, patterns), { names: matched, unmatched: [] })
    })
  }

  for (const pattern of ['eu', 'EU-1', 'eu-1?', 'b?d', '', 'a', '.*', '[A]', 'eu-\\d']) {
    it(`"${pattern}" chooses nothing, and says so`, () => {
      assert.deepEqual(matchClusters(names, [pattern]), { names: [], unmatched: [pattern] })
    })
  }

  it('agrees with a regular expression for any pattern and name', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '.'), maxLength: 8 })
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 8 })
    fc.assert(
      fc.property(word, name, (pattern, text) => {
        const expression = pattern.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.')
        const expected = new RegExp(`^${expression}$`).test(text)
        assert.equal(matchClusters([text], [pattern]).names.length === 1, expected)
      }),
    )
  })

  it('is fast for a pattern that was made to be slow', () => {
    const name = 'a'.repeat(253)
    const started = process.cpuUsage().user
    assert.deepEqual(matchClusters([name], [`${'*a'.repeat(120)}b`]).names, [])
    assert.ok(process.cpuUsage().user - started < 2_000_000, 'an expression would take for ever')
  })
})

describe('choosing a part of a status', () => {
  const notable = [
    objectOf('Deployment.apps/a/drifted', { drift: scaled() }),
    objectOf('Deployment.apps/a/failed', { action: 'failed' }),
    objectOf('Deployment.apps/a/skipped', { action: 'skipped' }),
    objectOf('Deployment.apps/a/starting', { health: 'InProgress' }),
  ]
  const quiet = objectOf('ConfigMap/a/quiet')
  const whole = fleetOf([clusterOf('eu-1', '', { objects: [quiet, ...notable] })])

  it('leaves out only objects about which there is nothing to say', () => {
    const { status } = selectStatus(whole, { objects: 'notable' })
    assert.deepEqual(status?.clusters[0]?.objects, notable)
  })

  it('gives all without a word, and never an empty selection for a pattern that matches nothing', () => {
    assert.deepEqual(selectStatus(whole, {}).status, whole)
    assert.deepEqual(selectStatus(whole, { clusters: ['x'] }), { status: undefined, unmatched: ['x'] })
  })
})
