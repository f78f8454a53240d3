import { equal, ok } from 'node:assert/strict'
import { createServer } from 'node:http'
import { getIn } from '../../repo-layout/json.ts'
import { describeReal } from './binaries.ts'
import { type Gitea, startGitea } from './gitea.ts'
import { createWorkTree } from './work-tree.ts'

describeReal('testbed: Gitea', ['gitea'], () => {
  let gitea: Gitea
  before(async () => {
    gitea = await startGitea()
    await gitea.createRepo('fleet')
  })
  after(() => gitea?.stop())

  it('takes a push and a status on the commit that was pushed', async () => {
    const tree = await createWorkTree(gitea.urlWithCredential('fleet'))
    tree.write('a.yaml', 'a: 1\n')
    const sha = await tree.commit('First')
    await tree.push()
    const repo = `/repos/${gitea.user}/fleet`
    const status = await gitea.api('POST', `${repo}/statuses/${sha}`, { state: 'success', context: 'flotilla' })
    equal(status.status, 201)
    const combined = await gitea.api('GET', `${repo}/commits/main/status`)
    equal(getIn(combined.body, ['state']), 'success')
    equal(getIn(combined.body, ['sha']), sha)
  })

  it('tells a webhook on this machine of a push', async () => {
    const events: string[] = []
    const receiver = createServer((request, response) => {
      events.push(String(request.headers['x-gitea-event']))
      response.end()
      request.resume()
    })
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
    const address = receiver.address()
    ok(address !== null && typeof address === 'object')
    await gitea.createRepo('hooked')
    const hook = {
      type: 'gitea',
      active: true,
      events: ['push'],
      config: { url: `http://127.0.0.1:${address.port}/`, content_type: 'json', secret: 's' },
    }
    equal((await gitea.api('POST', `/repos/${gitea.user}/hooked/hooks`, hook)).status, 201)
    const tree = await createWorkTree(gitea.urlWithCredential('hooked'))
    await tree.commit('First')
    await tree.push()
    const giveUp = Date.now() + 20_000
    while (events.length === 0 && Date.now() < giveUp) await new Promise((resolve) => setTimeout(resolve, 50))
    receiver.closeAllConnections()
    receiver.close()
    equal(events[0], 'push')
  })
})
