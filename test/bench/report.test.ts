import assert from 'node:assert/strict'
import { readDocs } from './docs.ts'
import { readTimes } from './render-row.ts'
import { textReport } from './report.ts'
import { goal, medianOf, type Result } from './result.ts'

const result: Result = {
  at: '2026-01-02T03:04:05.000Z',
  machine: { cpu: 'A processor', cores: 2, memoryGiB: 8, system: 'Linux 6', node: 'v20.19.0', load: 0.25 },
  components: { etcd: 'v3' },
  settings: { runs: 3 },
  rows: [
    {
      name: 'bulk',
      title: 'All changed',
      unit: 's',
      flotilla: medianOf([3, 1, 2]),
      limit: medianOf([1.6], 'best of two'),
      peer: medianOf([8]),
      goal: goal('≤ a third of Flux', true),
    },
    { name: 'idle', title: 'Nothing changed', unit: 'requests', flotilla: medianOf([0]), peer: medianOf([2]) },
  ],
}

describe('report of the benchmark', () => {
  it('shows each contender with its unit, its ratios, the goal and what must be known of a number', () => {
    const lines = textReport(result).split('\n')
    const row = (title: string) => lines.find((line) => line.startsWith(title))?.split(/ {2,}/)
    assert.deepEqual(row('All changed'), [
      'All changed',
      '2 s',
      '1.60 s [1]',
      '8 s',
      '1.25 ×',
      '0.25 ×',
      '0.20 ×',
      '≤ a third of Flux',
      'yes',
    ])
    assert.deepEqual(row('Nothing changed')?.slice(0, 6), ['Nothing changed', '0', '–', '2', '–', '0 ×'])
    assert.ok(lines.includes('[1] best of two'))
    assert.match(lines[0] ?? '', /2 × A processor, 8 GiB, Linux 6, Node v20\.19\.0/)
  })

  it('sums reading and rendering of each round that render.ts prints, apart from the cold one', () => {
    const output = [
      'cold: 2 objects × 3 clusters, read             10.5 ms',
      'cold: render                                   20.0 ms',
      '6 files, 0 messages',
      'round 1: one file changed, read                1.0 ms',
      'round 1: one file changed, render              2.0 ms',
      'round 2: one file changed, read                4.0 ms',
      'round 2: one file changed, render              0.5 ms',
    ].join('\n')
    assert.deepEqual(readTimes(output), { first: 30.5, rounds: [3, 4.5] })
    assert.throws(() => readTimes('nothing'), /no times/)
  })

  it('the tables in docs/performance.md are those of docs/performance.json, none typed by hand', () => {
    const { page, made } = readDocs()
    assert.equal(page, made)
  })
})
