import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { fleet } from '../helper.ts'
import { command, nginxCharts, shipperCluster } from './fixtures.ts'
import { rehearse } from './rehearsal.ts'

const half = `        - capacity: {contender: 50, incumbent: 50}
          name: half
          traffic: {contender: 50, incumbent: 50}
        - capacity:
            contender: 100`
const application = readFileSync('test/fixtures/article/application.yaml', 'utf8')
  .replace('- name: local', '- {name: local, replicas: 2}')
  .replace(/ +- capacity:\n +contender: 100/, half)

describe('a cluster that comes back to a rollout', () => {
  it('walks every step that the others took meanwhile, in the generated tree', async () => {
    const rehearsal = rehearse(
      {
        'flotilla.yaml': fleet,
        'clusters.yaml': `${shipperCluster('local-1')}---\n${shipperCluster('local-2')}`,
        'app.yaml': application,
      },
      nginxCharts(),
    )
    await rehearsal.settle()
    const release =
      rehearsal
        .paths()
        .find((path) => path.endsWith('/Release.yaml'))
        ?.split('/')[3] ?? ''
    rehearsal.lost = new Set(['local-2'])
    rehearsal.sources = { ...rehearsal.sources, 'release.yaml': command(2, release) }
    await rehearsal.settle()
    rehearsal.lost = new Set()
    const moves = (await rehearsal.settle()).flat().filter((step) => step.startsWith('Move'))
    assert.deepEqual(moves, [
      `Move capacity of ${release} to 50 % in local-2`,
      `Move traffic of ${release} to weight 50 in local-2`,
      `Move capacity of ${release} to 100 % in local-2`,
      `Move traffic of ${release} to weight 100 in local-2`,
    ])
  })
})
