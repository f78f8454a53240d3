import assert from 'node:assert/strict'
import { describeReal } from '../../testbed/binaries.ts'
import { type Gitea, startGitea } from '../../testbed/gitea.ts'
import { createWorkTree, type WorkTree } from '../../testbed/work-tree.ts'
import { fleetOf } from '../views/fleet.ts'
import { type FakeDaemon, startFakeDaemon } from './fake-daemon.ts'

const giveUpAfter = 30_000
const secret = 'a-shared-secret'

describeReal('the webhook of a real Gitea', ['gitea'], () => {
  let gitea: Gitea
  let daemon: FakeDaemon
  let tree: WorkTree
  const pulls: number[] = []

  before(async () => {
    gitea = await startGitea()
    await gitea.createRepo('fleet')
    daemon = await startFakeDaemon(fleetOf([]), {
      webhookToken: secret,
      onPullRequest: (number) => void pulls.push(number),
    })
    tree = await createWorkTree(gitea.urlWithCredential('fleet'))
    const answer = await gitea.api('POST', `/repos/${gitea.user}/fleet/hooks`, {
      type: 'gitea',
      active: true,
      events: ['push', 'pull_request', 'pull_request_label', 'pull_request_sync'],
      config: { url: `${daemon.url}/webhook`, content_type: 'json', secret },
    })
    assert.equal(answer.status, 201)
    await tree.commit('First')
    await tree.push()
    await until(() => daemon.syncs() > 0)
  })
  after(async () => {
    tree?.dispose()
    await daemon?.close()
    await gitea?.stop()
  })

  async function until(isSo: () => boolean): Promise<void> {
    const start = Date.now()
    while (!isSo()) {
      assert.ok(Date.now() - start < giveUpAfter, 'nothing was notified')
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }

  it('tells of a push', async () => {
    const before = daemon.syncs()
    await tree.commit('Second')
    await tree.push()
    await until(() => daemon.syncs() > before)
  })

  it('tells the number of a pull request that is opened and labelled, without a sync for its branch', async () => {
    const before = daemon.syncs()
    await tree.git('checkout', '-b', 'change')
    await tree.commit('Third')
    await tree.git('push', 'origin', 'change')
    const pull = { title: 'Third', head: 'change', base: 'main' }
    assert.equal((await gitea.api('POST', `/repos/${gitea.user}/fleet/pulls`, pull)).status, 201)
    await until(() => pulls.length > 0)
    const label = await gitea.api('POST', `/repos/${gitea.user}/fleet/labels`, { name: 'ok', color: '#00aabb' })
    const { id } = label.body as { id: number }
    const opened = pulls.length
    await gitea.api('POST', `/repos/${gitea.user}/fleet/issues/1/labels`, { labels: [id] })
    await until(() => pulls.length > opened)
    assert.deepEqual([...new Set(pulls)], [1])
    assert.equal(daemon.syncs(), before)
  })
})
