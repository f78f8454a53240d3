import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describeMembers } from '../../testbed/members.ts'
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
  const server = createServer((_, response) => response.writeHead(status).end())

  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const checks = [{ name: 'smoke', http: { url }, interval: '1s', failureLimit: 2 }]
    world = await rolloutWorld({ clusters: ['c1'], spec: { rollouts: { checks } } })
  })
  after(async () => {
    await world.stop()
    server.close()
  })

  it('is rolled out without a command, and a version whose check fails is given up, also over a restart', async () => {
    const { live } = world.fleet.member('c1')
    const { ns } = world.fleet
    const application = automatic(ns)
    await world.push('Roll out', { 'application.yaml': application })
    const { release: first } = await world.until(({ complete }) => complete, 'it is rolled out', 150_000)
    assert.equal(await readyEndpoints(live, ns, 'nginx'), 3)
    assert.ok(world.fleet.generatedLog().some((message) => message.startsWith(`${first} is to go to step 1`)))

    status = 503
    await world.push('Another one', { 'application.yaml': application.replace('replicaCount: 3', 'replicaCount: 4') })
    const { failed } = await world.until(
      (one) => one.failed !== undefined && one.release === first,
      'it is given up',
      150_000,
    )
    assert.equal(failed?.reason, 'check smoke: answered 503, not 200, 2 of 2 times')
    assert.notEqual(failed?.release, first)

    await world.restart()
    await world.daemon().synced()
    const still = await world.until(({ waitsFor }) => waitsFor === 'nothing', 'nothing is under way')
    assert.deepEqual([still.release, still.failed], [first, failed])
    const begun = world.fleet.generatedLog().filter((message) => message.includes('Begin super-server-'))
    assert.equal(begun.length, 2, 'it is not begun again')
    assert.equal(await readyEndpoints(live, ns, 'nginx'), 3)
  })
})
