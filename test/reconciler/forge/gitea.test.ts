import assert from 'node:assert/strict'
import { describeReal } from '../../testbed/binaries.ts'
import { type GiteaWorld, startGiteaWorld } from './gitea-world.ts'
import { promisesOfForges } from './suite.ts'

describeReal('a real Gitea', ['gitea'], () => {
  let world: GiteaWorld
  promisesOfForges(async () => {
    world = await startGiteaWorld()
    return world
  })

  it('takes a pull request that a reader pushed without a fork for one of a fork', async () => {
    const { number, commit } = await world.pushForReview()
    const pull = await world.forge.pullRequest(number)
    assert.equal(pull.fork, true)
    assert.equal(pull.head.commit, commit)
    assert.equal(await world.refAt(world.forge.headRef(number)), commit)
    assert.ok((await world.forge.pullRequests('main')).some((one) => one.number === number && one.fork))
  })
})
