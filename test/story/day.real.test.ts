import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeReal } from '../testbed/binaries.ts'
import { controllerBinaries } from '../testbed/controllers.ts'
import { breakAdmission, merge, openPull, type Pull, revert, seePlan } from './chapters.ts'
import { createRecording } from './recording.ts'
import { startWorld, type World } from './world.ts'

const readme = join(import.meta.dirname, '../../README.md')
const heading = '## A day with Flotilla\n\n'
const next = '\n## '
const story = createRecording()

/** Each chapter goes on where the one before has ended. */
describeReal('a day with Flotilla', ['gitea', 'git', ...controllerBinaries], function () {
  this.bail(true)
  this.timeout(180_000)
  let world: World
  let pull: Pull
  let failed: string

  before(async () => {
    world = await startWorld()
  })
  after(() => world?.stop())

  it('begins with a branch, a changed placement and a pull request', async () => {
    assert.deepEqual(await world.running(), { 'eu-1': '6/6', 'us-1': '6/6' })
    pull = await openPull(world, story)
  })

  it('shows the plan as a status and a comment, with the exact moves of replicas', async () => {
    await seePlan(world, pull, story)
  })

  it('reports each cluster on the merge commit', async () => {
    await merge(world, pull, story)
  })

  it('says which cluster refuses a commit, and why', async () => {
    failed = await breakAdmission(world, story)
  })

  it('is back where it was after git revert', async () => {
    await revert(world, failed, story)
  })

  it('reads as it is told in the README (FLOTILLA_GOLDEN=write tells it anew)', async () => {
    await world.person.types('git fetch --quiet --all')
    const commits = (await world.person.types('git rev-list --all')).split('\n')
    const told = story.page({ forgeUrl: world.forge.url, commits })
    const text = readFileSync(readme, 'utf8')
    const from = text.indexOf(heading) + heading.length
    const to = text.indexOf(next, from)
    if (process.env.FLOTILLA_GOLDEN === 'write') writeFileSync(readme, text.slice(0, from) + told + text.slice(to))
    else assert.equal(told, text.slice(from, to))
  })
})
