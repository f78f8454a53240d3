import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describeSandbox } from '../../testbed/members.ts'
import { command } from './application.ts'
import { rolloutWorld } from './world.ts'

const article = readFileSync('test/fixtures/article/application.yaml', 'utf8').replace(
  'replicaCount: 3',
  'replicaCount: 1',
)

describeSandbox('an Application with one pod', function () {
  this.timeout(60_000)

  it('goes on through steps that ask for the pod it has, of which no cluster has any news', async () => {
    const world = await rolloutWorld({ clusters: ['c1'] })
    try {
      const { ns } = world.fleet
      await world.push('Roll out', { 'app.yaml': article.replace('metadata:\n', `metadata:\n  namespace: ${ns}\n`) })
      const { release } = await world.until(({ waitsFor }) => waitsFor === 'command', 'it waits for the command')
      await world.push('Full on', { 'app.release.yaml': command(ns, release, 1) })
      const { clusters } = await world.until(({ complete }) => complete, 'it is rolled out', 20_000)
      assert.equal(clusters[0]?.contender?.replicas, 1)
    } finally {
      await world.stop()
    }
  })
})
