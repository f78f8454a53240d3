import assert from 'node:assert/strict'
import { configMap, service } from './objects.ts'
import { apply, dig, freshNamespace, type GetTarget, listAt, ok, openWatch, type Target, textAt } from './target.ts'

/** What clients rely on when they look around, list and watch. */
export function readingCases(get: GetTarget): void {
  let target: Target
  let namespace: string
  let maps: string

  before(async () => {
    target = get()
    namespace = await freshNamespace(target)
    maps = `/api/v1/namespaces/${namespace}/configmaps`
  })

  it('refuses a request without a token with 401', async () => {
    const answer = await target.request('GET', '/api/v1/namespaces', undefined, { authorization: 'Bearer wrong' })
    assert.equal(answer.status, 401)
    assert.equal(dig(answer.body, 'reason'), 'Unauthorized')
  })

  it('says that it is ready and which version it is', async () => {
    assert.equal((await target.request('GET', '/readyz')).body, 'ok')
    assert.match(textAt(ok(await target.request('GET', '/version')), 'gitVersion'), /^v1\.35\./)
  })

  it('lists groups, versions and resources with their scale and status', async () => {
    const groups = listAt(ok(await target.request('GET', '/apis')), 'groups').map((group) => dig(group, 'name'))
    for (const name of ['apps', 'batch', 'apiextensions.k8s.io', 'networking.k8s.io'])
      assert.ok(groups.includes(name), name)
    const apps = listAt(ok(await target.request('GET', '/apis/apps/v1')), 'resources')
    const names = apps.map((one) => dig(one, 'name'))
    for (const name of ['deployments', 'deployments/scale', 'deployments/status']) assert.ok(names.includes(name), name)
    assert.equal(
      dig(
        apps.find((one) => dig(one, 'name') === 'deployments/scale'),
        'kind',
      ),
      'Scale',
    )
  })

  it('lists everything in one document for clients that ask for aggregated discovery', async () => {
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json'
    const list = ok(await target.request('GET', '/apis', undefined, { accept }))
    assert.equal(dig(list, 'kind'), 'APIGroupDiscoveryList')
    const apps = listAt(list, 'items').find((group) => dig(group, 'metadata', 'name') === 'apps')
    const resources = listAt(apps, 'versions', 0, 'resources').map((one) => dig(one, 'resource'))
    assert.ok(resources.includes('deployments'))
  })

  it('answers 404 for a kind that is not served and for an object that is not there', async () => {
    assert.equal((await target.request('GET', '/apis/apps/v1/nothings')).status, 404)
    const missing = await target.request('GET', `${maps}/missing`)
    assert.equal(missing.status, 404)
    assert.equal(dig(missing.body, 'message'), 'configmaps "missing" not found')
    assert.deepEqual(dig(missing.body, 'details'), { name: 'missing', kind: 'configmaps' })
  })

  it('describes its kinds in OpenAPI v3, with how their lists merge', async () => {
    const index = ok(await target.request('GET', '/openapi/v3'))
    const document = ok(await target.request('GET', textAt(index, 'paths', 'apis/apps/v1', 'serverRelativeURL')))
    const container = dig(document, 'components', 'schemas', 'io.k8s.api.core.v1.Container', 'properties', 'ports')
    assert.deepEqual(dig(container, 'x-kubernetes-list-map-keys'), ['containerPort', 'protocol'])
  })

  it('lists in pages that show one state, though objects change meanwhile', async () => {
    for (const name of ['p1', 'p2', 'p3', 'p4', 'p5']) ok(await target.request('POST', maps, configMap(name)), 201)
    const first = ok(await target.request('GET', `${maps}?limit=2`))
    assert.deepEqual(
      listAt(first, 'items').map((one) => dig(one, 'metadata', 'name')),
      ['p1', 'p2'],
    )
    assert.equal(dig(first, 'metadata', 'remainingItemCount'), 3)
    ok(await target.request('DELETE', `${maps}/p3`))
    const next = encodeURIComponent(textAt(first, 'metadata', 'continue'))
    const second = ok(await target.request('GET', `${maps}?limit=10&continue=${next}`))
    assert.deepEqual(
      listAt(second, 'items').map((one) => dig(one, 'metadata', 'name')),
      ['p3', 'p4', 'p5'],
    )
    assert.equal(dig(second, 'metadata', 'resourceVersion'), dig(first, 'metadata', 'resourceVersion'))
    assert.equal(dig(second, 'metadata', 'continue'), undefined)
  })

  const selections = [
    { selector: 'tier=a', names: ['s1', 's2'] },
    { selector: 'tier!=a', names: ['s3', 's4'] },
    { selector: 'tier in (a, b)', names: ['s1', 's2', 's3'] },
    { selector: 'tier notin (a)', names: ['s3', 's4'] },
    { selector: 'tier', names: ['s1', 's2', 's3'] },
    { selector: '!tier', names: ['s4'] },
    { selector: 'tier=a,extra', names: ['s2'] },
  ]
  it('selects by labels in every form', async () => {
    const other = await freshNamespace(target)
    const path = `/api/v1/namespaces/${other}/configmaps`
    const labels = [{ tier: 'a' }, { tier: 'a', extra: 'x' }, { tier: 'b' }, {}]
    for (const [i, held] of labels.entries())
      ok(await target.request('POST', path, configMap(`s${i + 1}`, {}, { labels: held })), 201)
    for (const { selector, names } of selections) {
      const list = ok(await target.request('GET', `${path}?labelSelector=${encodeURIComponent(selector)}`))
      assert.deepEqual(
        listAt(list, 'items').map((one) => dig(one, 'metadata', 'name')),
        names,
        selector,
      )
    }
  })

  it('selects by name and refuses fields that cannot be selected by', async () => {
    const list = ok(await target.request('GET', `${maps}?fieldSelector=metadata.name%3Dp1`))
    assert.deepEqual(
      listAt(list, 'items').map((one) => dig(one, 'metadata', 'name')),
      ['p1'],
    )
    const refused = await target.request('GET', `${maps}?fieldSelector=data.x%3Dp1`)
    assert.equal(refused.status, 400)
  })

  it('writes the kind of a list once, and not in its items', async () => {
    const list = ok(await target.request('GET', maps))
    assert.equal(dig(list, 'kind'), 'ConfigMapList')
    assert.ok(listAt(list, 'items').length > 0)
    for (const item of listAt(list, 'items')) assert.equal(dig(item, 'kind'), undefined)
  })

  it('answers a table to those who ask for one', async () => {
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io'
    const table = ok(await target.request('GET', `${maps}/p1`, undefined, { accept }))
    assert.equal(dig(table, 'kind'), 'Table')
    assert.deepEqual(
      listAt(table, 'columnDefinitions').map((column) => dig(column, 'name')),
      ['Name', 'Data', 'Age'],
    )
    assert.deepEqual(listAt(table, 'rows', 0, 'cells').slice(0, 2), ['p1', 0])
    assert.equal(dig(table, 'rows', 0, 'object', 'kind'), 'PartialObjectMetadata')
  })

  it('answers metadata alone to those who ask for it', async () => {
    const accept = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io'
    const list = ok(await target.request('GET', maps, undefined, { accept }))
    assert.equal(dig(list, 'kind'), 'PartialObjectMetadataList')
    assert.equal(dig(list, 'items', 0, 'data'), undefined)
    assert.equal(dig(list, 'items', 0, 'metadata', 'namespace'), namespace)
  })

  it('tells a watch of what was created, changed and deleted, in order and at rising revisions', async () => {
    const version = textAt(ok(await target.request('GET', maps)), 'metadata', 'resourceVersion')
    const watching = openWatch(target, `${maps}?watch=1&resourceVersion=${version}`)
    ok(await target.request('POST', maps, configMap('w1', { a: '1' })), 201)
    ok(await target.request('PATCH', `${maps}/w1`, { data: { a: '2' } }))
    ok(await target.request('DELETE', `${maps}/w1`))
    const events = await watching.take(3)
    watching.close()
    assert.deepEqual(
      events.map((event) => [dig(event, 'type'), dig(event, 'object', 'data', 'a')]),
      [
        ['ADDED', '1'],
        ['MODIFIED', '2'],
        ['DELETED', '2'],
      ],
    )
    const versions = events.map((event) => Number(textAt(event, 'object', 'metadata', 'resourceVersion')))
    assert.deepEqual(
      [...versions].sort((a, b) => a - b),
      versions,
    )
    assert.equal(new Set(versions).size, 3)
  })

  it('goes on with a watch from where it was left', async () => {
    const version = textAt(ok(await target.request('GET', maps)), 'metadata', 'resourceVersion')
    ok(await target.request('POST', maps, configMap('w2')), 201)
    ok(await target.request('POST', maps, configMap('w3')), 201)
    const watching = openWatch(target, `${maps}?watch=true&resourceVersion=${version}`)
    const events = await watching.take(2)
    watching.close()
    assert.deepEqual(
      events.map((event) => dig(event, 'object', 'metadata', 'name')),
      ['w2', 'w3'],
    )
  })

  it('tells a watch with a selector DELETED, with the old object, when the label goes', async () => {
    ok(await target.request('POST', maps, configMap('w4', { a: 'old' }, { labels: { pick: 'yes' } })), 201)
    const watching = openWatch(target, `${maps}?watch=1&labelSelector=pick%3Dyes`)
    await watching.take(1)
    ok(await target.request('PATCH', `${maps}/w4`, { metadata: { labels: { pick: 'no' } }, data: { a: 'new' } }))
    ok(await target.request('PATCH', `${maps}/w4`, { metadata: { labels: { pick: 'yes' } } }))
    const events = await watching.take(3)
    watching.close()
    assert.deepEqual(
      events.map((event) => [dig(event, 'type'), dig(event, 'object', 'data', 'a')]),
      [
        ['ADDED', 'old'],
        ['DELETED', 'old'],
        ['ADDED', 'new'],
      ],
    )
    assert.equal(dig(events[1], 'object', 'metadata', 'labels', 'pick'), 'yes')
  })

  it('watches without a revision from the state of now', async () => {
    const watching = openWatch(target, `${maps}?watch=1&fieldSelector=metadata.name%3Dp1`)
    const [event] = await watching.take(1)
    watching.close()
    assert.deepEqual([dig(event, 'type'), dig(event, 'object', 'metadata', 'name')], ['ADDED', 'p1'])
  })

  it('ends the initial events of a streamed list with a bookmark that says so', async () => {
    const query = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'
    const watching = openWatch(target, `${maps}?${query}&fieldSelector=metadata.name%3Dp1`)
    const events = await watching.take(2)
    watching.close()
    assert.deepEqual(
      events.map((event) => dig(event, 'type')),
      ['ADDED', 'BOOKMARK'],
    )
    assert.equal(dig(events[1], 'object', 'metadata', 'annotations', 'k8s.io/initial-events-end'), 'true')
  })

  it('ends a watch after the seconds that were asked for', async () => {
    const started = Date.now()
    await openWatch(target, `${maps}?watch=1&timeoutSeconds=1`).ended
    assert.ok(Date.now() - started < 6000)
  })

  it('gives a Service an address and its ports their defaults', async () => {
    const path = `/api/v1/namespaces/${namespace}/services`
    const object = ok(await apply(target, `${path}/web`, service('web')), 201)
    assert.match(textAt(object, 'spec', 'clusterIP'), /^10\./)
    assert.deepEqual(dig(object, 'spec', 'clusterIPs'), [dig(object, 'spec', 'clusterIP')])
    assert.deepEqual(dig(object, 'spec', 'ports', 0), { protocol: 'TCP', port: 80, targetPort: 80 })
  })
}
