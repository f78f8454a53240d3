import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { type Sandbox, startSandbox } from '../../../deploy/sandbox/start.ts'
import type { SandboxCluster } from '../../../deploy/sandbox/types.ts'
import { getIn, isJsonObject } from '../../../repo-layout/json.ts'
import { apiClient } from '../../testbed/api-client.ts'

function clientOf({ server, caData, token }: SandboxCluster) {
  return apiClient({ server, ca: Buffer.from(caData, 'base64').toString(), token })
}

describe('sandbox', () => {
  let sandbox: Sandbox
  let one: SandboxCluster

  before(async () => {
    sandbox = await startSandbox({
      clusters: [
        { name: 'one', audit: true, nodes: [{ name: 'small', allocatable: { cpu: '1', memory: '1Gi', pods: '2' } }] },
        { name: 'two' },
      ],
    })
    one = sandbox.cluster('one')
  })
  after(() => sandbox.stop())

  it('gives a kubeconfig with a context for each cluster', () => {
    const { contexts, 'current-context': current } = sandbox.kubeconfig()
    assert.deepEqual(Array.isArray(contexts) && contexts.map((context) => isJsonObject(context) && context.name), [
      'one',
      'two',
    ])
    assert.equal(current, 'one')
  })

  it('names the clusters that there are where another one is asked for', () => {
    assert.throws(() => sandbox.cluster('three'), /no cluster three; there are one, two/)
  })

  it('refuses two clusters of one name', async () => {
    await assert.rejects(startSandbox({ clusters: [{ name: 'a' }, { name: 'a' }] }), /two clusters are named a/)
  })

  it('keeps the clusters apart: another kube-system, other objects', async () => {
    const uids = await Promise.all(
      sandbox.clusters.map(async (cluster) => {
        const { body } = await clientOf(cluster)('GET', '/api/v1/namespaces/kube-system')
        return isJsonObject(body) && isJsonObject(body.metadata) && body.metadata.uid
      }),
    )
    assert.equal(new Set(uids).size, 2)
  })

  it('refuses the token of another sandbox', async () => {
    const other = await startSandbox({ clusters: [{ name: 'other' }] })
    const answer = await clientOf({ ...one, token: other.cluster('other').token })('GET', '/api/v1/nodes')
    await other.stop()
    assert.equal(answer.status, 401)
  })

  it('cuts one cluster off and leaves the others, until it can be reached again', async () => {
    const request = clientOf(one)
    assert.equal((await request('GET', '/readyz')).status, 200)
    await one.setReachable(false)
    await assert.rejects(request('GET', '/readyz'))
    assert.equal((await one.request('GET', '/readyz')).status, 200)
    assert.equal((await clientOf(sandbox.cluster('two'))('GET', '/readyz')).status, 200)
    await one.setReachable(true)
    assert.equal((await request('GET', '/readyz')).status, 200)
  })

  it('hangs with its connections open, and answers what was asked meanwhile afterwards', async () => {
    const request = clientOf(one)
    assert.equal((await request('GET', '/readyz')).status, 200)
    one.setHanging(true)
    const asked = request('GET', '/readyz')
    assert.equal(await Promise.race([asked, pause(100, 'no answer')]), 'no answer')
    one.setHanging(false)
    assert.equal((await asked).status, 200)
  })

  it('refuses what its owner does not admit, dry runs too, and stores nothing of it', async () => {
    const strict = await startSandbox({
      clusters: [
        {
          name: 'strict',
          admit: ({ resource, operation, object }) =>
            resource === 'configmaps' && getIn(object, ['data', 'k']) === 'no' ? `${operation}: not here` : undefined,
        },
      ],
    })
    const { request } = strict.cluster('strict')
    const path = '/api/v1/namespaces/default/configmaps'
    const map = (k: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { k } })
    for (const query of ['', '?dryRun=All']) {
      const { status, body } = await request('POST', `${path}${query}`, map('no'))
      assert.equal(status, 422)
      assert.equal(getIn(body, ['message']), 'configmaps "c" is forbidden: CREATE: not here')
    }
    assert.equal((await request('GET', `${path}/c`)).status, 404)
    assert.equal((await request('POST', path, map('yes'))).status, 201)
    assert.equal((await request('PATCH', `${path}/c`, { data: { k: 'no' } })).status, 422)
    assert.equal(getIn((await request('GET', `${path}/c`)).body, ['data', 'k']), 'yes')
    await strict.stop()
  })

  it('records who asked for what, also as somebody else', async () => {
    const request = clientOf({ ...one, token: one.tokenFor('alice') })
    await request('GET', '/api/v1/namespaces/default/configmaps?limit=1', undefined, { 'user-agent': 'test/1' })
    await request('DELETE', '/api/v1/namespaces/default/configmaps/none', undefined, { 'impersonate-user': 'bob' })
    const [listed, deleted] = one.audit().slice(-2)
    assert.deepEqual(
      [listed?.user, listed?.verb, listed?.resource, listed?.status, listed?.userAgent],
      ['alice', 'list', 'configmaps', 200, 'test/1'],
    )
    assert.deepEqual(
      [deleted?.user, deleted?.verb, deleted?.objectName, deleted?.status],
      ['bob', 'delete', 'none', 404],
    )
  })

  it('says that nothing was recorded where it was not asked to', () => {
    assert.throws(() => sandbox.cluster('two').audit(), /two was started without the option audit/)
  })

  it('holds idle clusters in less than a mebibyte each', async () => {
    const count = 200
    const before = process.memoryUsage().rss
    const many = await startSandbox({ clusters: Array.from({ length: count }, (_, i) => ({ name: `c${i}` })) })
    const each = (process.memoryUsage().rss - before) / count
    await many.stop()
    assert.ok(each < 2 ** 20, `${Math.round(each / 1024)} KiB each`)
  })

  it('takes a port that it is told, and rejects one that is taken', async () => {
    const port = Number(new URL(one.server).port)
    await assert.rejects(startSandbox({ clusters: [{ name: 'same', port }] }), /EADDRINUSE/)
  })
})
