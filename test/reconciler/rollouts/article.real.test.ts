import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describeMembers } from '../../testbed/members.ts'
import { needs, type RolloutWorld, readyEndpoints, rolloutWorld } from './world.ts'

const application = readFileSync('test/fixtures/article/application.yaml', 'utf8')
const release = 'super-server-71fd5980-0'

function command(step: number | string): string {
  return `apiVersion: shipper.booking.com/v1alpha1\nkind: Release\nmetadata: {name: ${release}}\nspec: {targetStep: ${step}}\n`
}

describeMembers("the article's Application", needs, function () {
  this.timeout(180_000)
  let world: RolloutWorld

  before(async () => {
    world = await rolloutWorld({ clusters: ['c1'] })
  })
  after(async () => {
    const { plane } = world.fleet.member('c1')
    await world.stop()
    // It names no namespace, so it was in one that other suites use too.
    await plane.request('DELETE', `/apis/apps/v1/namespaces/default/deployments/${release}-nginx`)
    await plane.request('DELETE', '/api/v1/namespaces/default/services/nginx')
  })

  it('runs one pod without traffic at "staging", waits for the command, and after the commit all pods with all traffic', async () => {
    await world.push('Roll out', { 'application.yaml': application })
    const { clusters } = await world.until(({ waitsFor }) => waitsFor === 'command', 'it waits for the command')
    const [first] = clusters
    assert.deepEqual([first?.contender?.replicas, first?.contender?.availableReplicas], [1, 1])
    const { live } = world.fleet.member('c1')
    assert.equal(await readyEndpoints(live, 'default', 'nginx'), 0)

    await world.push('Full on', { 'application.release.yaml': command('full on') })
    await world.until(({ complete }) => complete, 'it is rolled out')
    assert.equal(await readyEndpoints(live, 'default', 'nginx'), 3)
    assert.ok(world.fleet.generatedLog().some((message) => message.includes('Reason: rollout-step')))
  })
})
