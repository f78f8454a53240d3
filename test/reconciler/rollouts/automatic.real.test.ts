import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Forge } from '../../../reconciler/forge/types.ts'
import { describeMembers } from '../../testbed/members.ts'
import type { TestFleet } from '../daemon/harness.ts'
import { createMemoryForge } from '../pulls/memory-forge.ts'
import { needs, type RolloutWorld, readyEndpoints, rolloutWorld } from './world.ts'

const article = readFileSync('test/fixtures/article/application.yaml', 'utf8')

/** The article's Application, in a namespace of its own, that goes on by itself. */
function automatic(namespace: string): string {
  const metadata = `metadata:
  namespace: ${namespace}
  annotations:
    flotilla.dev/promote: Automatic
    flotilla.dev/soak: 2s
    flotilla.dev/step-deadline: 10m
    flotilla.dev/check: smoke
`
  return article.replace('metadata:\n', metadata)
}

describeMembers('an Application that goes on by itself', needs, function () {
  this.timeout(400_000)
  let world: RolloutWorld
  let status = 200
  let memory = createMemoryForge()
  let opened: Parameters<Forge['openPullRequest']>[0][] = []
  const server = createServer((_, response) => response.writeHead(status).end())

  before(async () => {
    memory = createMemoryForge()
    opened = []
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const checks = [{ name: 'smoke', http: { url }, interval: '1s', failureLimit: 2 }]
    const onFailure = { action: 'OpenRevert', after: '3s' }
    world = await rolloutWorld({ clusters: ['c1'], spec: { rollouts: { checks }, onFailure }, forge })
  })
  after(async () => {
    await world.stop()
    server.close()
  })

  /** A forge in memory; the heads of its pull requests are in the repository. */
  function forge({ git }: TestFleet): Forge {
    return {
      ...memory.forge,
      statusesSince: async () => [],
      async openPullRequest(request) {
        opened.push(request)
        const commit = git('rev-parse', request.head)
        const number = memory.open({ commit, branch: request.head, title: request.title })
        git('update-ref', `refs/pull/${number}/head`, commit)
        return memory.pull(number)
      },
    }
  }

  it('is rolled out without a command; a version whose check fails is given up, also over a restart, and its revert opened', async () => {
    const { live } = world.fleet.member('c1')
    const { ns } = world.fleet
    const application = automatic(ns)
    await world.push('Roll out', { 'application.yaml': application })
    const { release: first } = await world.until(({ complete }) => complete, 'it is rolled out', 150_000)
    assert.equal(await readyEndpoints(live, ns, 'nginx'), 3)
    assert.ok(world.fleet.generatedLog().some((message) => message.startsWith(`${first} is to go to step 1`)))

    status = 503
    const bad = await world.push('Another one', {
      'application.yaml': application.replace('replicaCount: 3', 'replicaCount: 4'),
    })
    const { failed } = await world.until(
      (one) => one.failed !== undefined && one.release === first,
      'it is given up',
      150_000,
    )
    const reason = 'check smoke: answered 503, not 200, 2 of 2 times'
    assert.deepEqual([failed?.reason, failed?.commit], [reason, bad])
    assert.notEqual(failed?.release, first)

    await world.restart()
    await world.daemon().synced()
    const still = await world.until(({ waitsFor }) => waitsFor === 'nothing', 'nothing is under way')
    assert.deepEqual([still.release, still.failed], [first, failed])
    const begun = world.fleet.generatedLog().filter((message) => message.includes('Begin super-server-'))
    assert.equal(begun.length, 2, 'it is not begun again')
    assert.equal(await readyEndpoints(live, ns, 'nginx'), 3)

    await world.daemon().until(() => opened.length > 0, 'the revert is a pull request')
    const branch = `flotilla/revert-${bad.slice(0, 12)}`
    assert.deepEqual(
      opened.map(({ title, head, base }) => [title, head, base]),
      [['Revert "Another one"', branch, 'main']],
    )
    assert.match(opened[0]?.body ?? '', new RegExp(`^Commit ${bad} made release \`${failed?.release}\``))
    assert.ok(opened[0]?.body.includes(reason), opened[0]?.body)
    await world.daemon().reported()
    const said = memory.status(bad, 'flotilla')
    assert.equal(said?.state, 'failure')
    assert.ok(said.description.startsWith(`release ${failed?.release} failed: ${reason}`), said.description)

    const { people } = world.fleet
    await people.git('fetch', '--quiet', 'origin')
    await people.git('merge', '--quiet', '--no-ff', '--message', 'Merge the revert', `origin/${branch}`)
    await people.push()
    await world.daemon().synced()
    const forgotten = await world.until((one) => one.failed === undefined, 'the failure is forgotten')
    assert.deepEqual([forgotten.release, forgotten.waitsFor], [first, 'nothing'])
    assert.equal(await readyEndpoints(live, ns, 'nginx'), 3)
    assert.equal(world.fleet.generatedLog().filter((message) => message.includes('Begin super-server-')).length, 2)
    await world.daemon().reported()
    assert.equal(memory.status(await people.git('rev-parse', 'HEAD'), 'flotilla')?.state, 'success')
    assert.equal(memory.status(bad, 'flotilla')?.state, 'failure')
    assert.equal(opened.length, 1)
  })
})
