import assert from 'node:assert/strict'
import type { JsonObject } from '../../repo-layout/json.ts'
import { configMap, deployment, service } from './objects.ts'
import { dig, freshNamespace, type GetTarget, listAt, ok, type Target, textAt } from './target.ts'

/** What clients rely on when they create, update, patch and delete. */
export function writingCases(get: GetTarget): void {
  let target: Target
  let namespace: string
  let maps: string
  let deployments: string
  const send = (method: string, path: string, body?: JsonObject, type?: string) =>
    target.request(method, path, body, type === undefined ? {} : { 'content-type': type })

  before(async () => {
    target = get()
    namespace = await freshNamespace(target)
    maps = `/api/v1/namespaces/${namespace}/configmaps`
    deployments = `/apis/apps/v1/namespaces/${namespace}/deployments`
  })

  it('creates once: a second create of the name is 409 AlreadyExists', async () => {
    const created = ok(await send('POST', maps, configMap('once', { a: 'b' })), 201)
    assert.match(textAt(created, 'metadata', 'uid'), /^[0-9a-f-]{36}$/)
    assert.match(textAt(created, 'metadata', 'creationTimestamp'), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    const again = await send('POST', maps, configMap('once'))
    assert.equal(again.status, 409)
    assert.equal(dig(again.body, 'reason'), 'AlreadyExists')
    assert.equal(dig(again.body, 'message'), 'configmaps "once" already exists')
  })

  it('makes up a name from generateName', async () => {
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'gen-' } }
    assert.match(textAt(ok(await send('POST', maps, body), 201), 'metadata', 'name'), /^gen-[a-z0-9]{5}$/)
  })

  it('refuses to create in a namespace that does not exist', async () => {
    const answer = await send('POST', '/api/v1/namespaces/missing/configmaps', configMap('x'))
    assert.equal(answer.status, 404)
    assert.equal(dig(answer.body, 'message'), 'namespaces "missing" not found')
  })

  it('refuses a body of another kind, namespace or name than its path', async () => {
    assert.equal((await send('POST', maps, service('x'))).status, 400)
    assert.equal((await send('POST', maps, configMap('x', {}, { namespace: 'default' }))).status, 400)
    ok(await send('POST', maps, configMap('named')), 201)
    assert.equal((await send('PUT', `${maps}/named`, configMap('other'))).status, 400)
  })

  it('takes an update only upon the resourceVersion that it names', async () => {
    const first = ok(await send('POST', maps, configMap('versioned', { a: '1' })), 201)
    const version = textAt(first, 'metadata', 'resourceVersion')
    ok(await send('PUT', `${maps}/versioned`, configMap('versioned', { a: '2' }, { resourceVersion: version })))
    const stale = await send(
      'PUT',
      `${maps}/versioned`,
      configMap('versioned', { a: '3' }, { resourceVersion: version }),
    )
    assert.equal(stale.status, 409)
    assert.equal(
      dig(stale.body, 'message'),
      'Operation cannot be fulfilled on configmaps "versioned": the object has been modified; please apply your changes to the latest version and try again',
    )
    const blind = ok(await send('PUT', `${maps}/versioned`, configMap('versioned', { a: '4' })))
    assert.equal(dig(blind, 'data', 'a'), '4')
  })

  it('refuses a resourceVersion at creation and an update of another uid', async () => {
    const versioned = await send('POST', maps, configMap('rv', {}, { resourceVersion: '5' }))
    assert.equal(dig(versioned.body, 'message'), 'resourceVersion should not be set on objects to be created')
    ok(await send('POST', maps, configMap('uid')), 201)
    const answer = await send('PUT', `${maps}/uid`, configMap('uid', {}, { uid: 'other' }))
    assert.equal(answer.status, 409)
  })

  it('keeps the revision of an object when a write changes nothing', async () => {
    const first = ok(await send('POST', maps, configMap('still', { a: '1' })), 201)
    const again = ok(await send('PATCH', `${maps}/still`, { data: { a: '1' } }))
    assert.equal(dig(again, 'metadata', 'resourceVersion'), dig(first, 'metadata', 'resourceVersion'))
  })

  it('answers 404 to a PUT of what is not there', async () => {
    assert.equal((await send('PUT', `${maps}/nowhere`, configMap('nowhere'))).status, 404)
  })

  it('computes and validates a dry run, and writes nothing', async () => {
    const made = ok(await send('POST', `${deployments}?dryRun=All`, deployment('dry')), 201)
    assert.equal(dig(made, 'spec', 'revisionHistoryLimit'), 10)
    assert.equal((await send('GET', `${deployments}/dry`)).status, 404)
  })

  it('fills a Deployment with its defaults', async () => {
    const made = ok(await send('POST', deployments, deployment('defaults')), 201)
    assert.deepEqual(dig(made, 'spec', 'strategy'), {
      type: 'RollingUpdate',
      rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' },
    })
    assert.deepEqual(dig(made, 'spec', 'template', 'spec'), {
      containers: [
        {
          name: 'web',
          image: 'nginx:1.27',
          ports: [{ containerPort: 80, protocol: 'TCP' }],
          resources: {},
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
          imagePullPolicy: 'IfNotPresent',
        },
      ],
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      securityContext: {},
      schedulerName: 'default-scheduler',
    })
    assert.deepEqual(dig(made, 'status'), {})
    assert.equal(dig(made, 'metadata', 'generation'), 1)
  })

  it('raises the generation with the spec, not with labels', async () => {
    ok(await send('POST', deployments, deployment('generation')), 201)
    const path = `${deployments}/generation`
    const labelled = ok(await send('PATCH', path, { metadata: { labels: { a: 'b' } } }))
    assert.equal(dig(labelled, 'metadata', 'generation'), 1)
    const scaled = ok(await send('PATCH', path, { spec: { replicas: 3 } }))
    assert.equal(dig(scaled, 'metadata', 'generation'), 2)
  })

  it('ignores a status on the main path, and a spec on the status path', async () => {
    ok(await send('POST', deployments, { ...deployment('parts'), status: { replicas: 7 } }), 201)
    const path = `${deployments}/parts`
    assert.deepEqual(dig(ok(await send('GET', path)), 'status'), {})
    const patch = { spec: { replicas: 9 }, status: { replicas: 5, observedGeneration: 1 } }
    const written = ok(await send('PATCH', `${path}/status`, patch))
    assert.equal(dig(written, 'status', 'replicas'), 5)
    assert.equal(dig(written, 'spec', 'replicas'), 2)
    assert.equal(dig(written, 'metadata', 'generation'), 1)
  })

  const refusals: readonly { name: string; body: JsonObject; field: string; reason: string }[] = [
    {
      name: 'no selector',
      body: deployment('bad', { selector: null }),
      field: 'spec.selector',
      reason: 'FieldValueRequired',
    },
    {
      name: 'a selector that does not match',
      body: deployment('bad', { selector: { matchLabels: { app: 'other' } } }),
      field: 'spec.template.metadata.labels',
      reason: 'FieldValueInvalid',
    },
    {
      name: 'no image',
      body: deployment('bad', {}, { image: null }),
      field: 'spec.template.spec.containers[0].image',
      reason: 'FieldValueRequired',
    },
    {
      name: 'a port out of range',
      body: deployment('bad', {}, { ports: [{ containerPort: 70_000 }] }),
      field: 'spec.template.spec.containers[0].ports[0].containerPort',
      reason: 'FieldValueInvalid',
    },
    {
      name: 'negative replicas',
      body: deployment('bad', { replicas: -1 }),
      field: 'spec.replicas',
      reason: 'FieldValueInvalid',
    },
    {
      name: 'a bad name',
      body: { ...deployment('bad'), metadata: { name: 'Bad_Name' } },
      field: 'metadata.name',
      reason: 'FieldValueInvalid',
    },
  ]
  for (const { name, body, field, reason } of refusals) {
    it(`refuses a Deployment with ${name}: 422 with ${field}`, async () => {
      const answer = await send('POST', deployments, body)
      assert.equal(answer.status, 422, JSON.stringify(answer.body))
      assert.equal(dig(answer.body, 'reason'), 'Invalid')
      const causes = listAt(answer.body, 'details', 'causes').map((cause) => [
        dig(cause, 'field'),
        dig(cause, 'reason'),
      ])
      assert.ok(
        causes.some(([at, why]) => at === field && why === reason),
        JSON.stringify(answer.body),
      )
    })
  }

  it('never changes the selector of a Deployment', async () => {
    ok(await send('POST', deployments, deployment('frozen')), 201)
    const selector = { matchLabels: { app: 'frozen', extra: 'x' } }
    const patch = { spec: { selector, template: { metadata: { labels: { extra: 'x' } } } } }
    const answer = await send('PATCH', `${deployments}/frozen`, patch)
    assert.equal(answer.status, 422)
    assert.match(String(dig(answer.body, 'message')), /spec\.selector: Invalid value: .*field is immutable/)
  })

  it('turns stringData into data, and says so in no answer', async () => {
    const path = `/api/v1/namespaces/${namespace}/secrets`
    const body = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's' },
      stringData: { a: 'b' },
      data: { a: 'eA==', c: 'ZA==' },
    }
    const made = ok(await send('POST', path, body), 201)
    assert.deepEqual(dig(made, 'data'), { a: 'Yg==', c: 'ZA==' })
    assert.equal(dig(made, 'stringData'), undefined)
    assert.equal(dig(made, 'type'), 'Opaque')
    assert.equal((await send('POST', path, { ...body, metadata: { name: 't' }, data: { a: '%' } })).status, 400)
    assert.equal((await send('PATCH', `${path}/s`, { type: 'other' })).status, 422)
  })

  it('lets nobody change what is immutable', async () => {
    ok(await send('POST', maps, { ...configMap('stone', { a: '1' }), immutable: true }), 201)
    assert.equal((await send('PATCH', `${maps}/stone`, { data: { a: '2' } })).status, 422)
    assert.equal((await send('PATCH', `${maps}/stone`, { immutable: false })).status, 422)
    ok(await send('DELETE', `${maps}/stone`))
  })

  it('drops unknown fields with a warning, or refuses them all at once where asked', async () => {
    const body = { ...deployment('unknown', { replica: 3 }), extra: true }
    const refused = await send('POST', `${deployments}?fieldValidation=Strict`, body)
    assert.equal(refused.status, 400)
    assert.equal(
      dig(refused.body, 'message'),
      'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.replica", unknown field "extra"',
    )
    const made = ok(await send('POST', deployments, body), 201)
    assert.equal(dig(made, 'spec', 'replica'), undefined)
    assert.equal(dig(made, 'extra'), undefined)
  })

  it('refuses keys that stand twice where asked', async () => {
    const text = JSON.stringify(configMap('dup', { a: '1' })).replace('"a":"1"', '"a":"1","a":"2"')
    const answer = await target.request('POST', `${maps}?fieldValidation=Strict`, text)
    assert.equal(answer.status, 400)
    assert.match(String(dig(answer.body, 'message')), /duplicate field "data\.a"/)
  })

  it('refuses a value of another type', async () => {
    assert.equal((await send('POST', deployments, deployment('typed', { replicas: 'two' }))).status, 400)
    assert.equal((await send('POST', maps, configMap('typed', { a: 1 }))).status, 400)
  })

  it('merges a patch, and takes away what it says is null', async () => {
    ok(await send('POST', maps, configMap('merge', { a: '1', b: '2' })), 201)
    const merged = ok(
      await send('PATCH', `${maps}/merge`, { data: { a: null, c: '3' } }, 'application/merge-patch+json'),
    )
    assert.deepEqual(dig(merged, 'data'), { b: '2', c: '3' })
  })

  it('says of a patch that takes the name away what else is wrong with it first', async () => {
    ok(await send('POST', maps, configMap('nameless')), 201)
    const plain = await send('PATCH', `${maps}/nameless`, { metadata: null })
    assert.equal(plain.status, 400)
    const strict = await send('PATCH', `${maps}/nameless?fieldValidation=Strict`, { metadata: null, bad: 1 })
    assert.equal(strict.status, 422)
  })

  it('follows a JSON patch, and refuses one whose test fails', async () => {
    ok(await send('POST', maps, configMap('json', { a: '1' })), 201)
    const type = { 'content-type': 'application/json-patch+json' }
    const patch = [
      { op: 'test', path: '/data/a', value: '1' },
      { op: 'replace', path: '/data/a', value: '2' },
      { op: 'add', path: '/metadata/labels', value: { x: 'y' } },
    ]
    const patched = ok(await target.request('PATCH', `${maps}/json`, patch, type))
    assert.deepEqual([dig(patched, 'data'), dig(patched, 'metadata', 'labels')], [{ a: '2' }, { x: 'y' }])
    assert.equal((await target.request('PATCH', `${maps}/json`, patch, type)).status, 422)
    const missing = [{ op: 'remove', path: '/data/none' }]
    assert.equal((await target.request('PATCH', `${maps}/json`, missing, type)).status, 422)
  })

  it('merges containers by name and deletes them by directive in a strategic merge patch', async () => {
    ok(await send('POST', deployments, deployment('strategic')), 201)
    const type = 'application/strategic-merge-patch+json'
    const template = (containers: readonly JsonObject[]) => ({ spec: { template: { spec: { containers } } } })
    const names = (object: JsonObject) =>
      listAt(object, 'spec', 'template', 'spec', 'containers').map((one) => [dig(one, 'name'), dig(one, 'image')])
    const added = ok(
      await send('PATCH', `${deployments}/strategic`, template([{ name: 'side', image: 'side:1' }]), type),
    )
    assert.deepEqual(names(added), [
      ['side', 'side:1'],
      ['web', 'nginx:1.27'],
    ])
    const changed = ok(
      await send('PATCH', `${deployments}/strategic`, template([{ name: 'web', image: 'nginx:1.28' }]), type),
    )
    assert.ok(names(changed).some(([name, image]) => name === 'web' && image === 'nginx:1.28'))
    const removed = ok(
      await send('PATCH', `${deployments}/strategic`, template([{ $patch: 'delete', name: 'side' }]), type),
    )
    assert.deepEqual(names(removed), [['web', 'nginx:1.28']])
  })

  it('refuses a patch of an unknown type with 415', async () => {
    assert.equal((await send('PATCH', `${maps}/once`, {}, 'application/json')).status, 415)
  })

  it('scales through the subresource', async () => {
    ok(await send('POST', deployments, deployment('scaled')), 201)
    const scale = ok(await send('GET', `${deployments}/scaled/scale`))
    assert.equal(dig(scale, 'kind'), 'Scale')
    assert.equal(dig(scale, 'status', 'selector'), 'app=scaled')
    ok(await send('PATCH', `${deployments}/scaled/scale`, { spec: { replicas: 5 } }))
    assert.equal(dig(ok(await send('GET', `${deployments}/scaled`)), 'spec', 'replicas'), 5)
  })

  it('deletes upon preconditions alone', async () => {
    const made = ok(await send('POST', maps, configMap('doomed')), 201)
    const path = `${maps}/doomed`
    const wrong = await send('DELETE', path, { preconditions: { uid: 'other' } })
    assert.equal(wrong.status, 409)
    assert.match(String(dig(wrong.body, 'message')), /the UID in the precondition \(other\) does not match/)
    assert.equal((await send('DELETE', path, { preconditions: { resourceVersion: '1' } })).status, 409)
    const { uid, resourceVersion } = made.metadata as JsonObject
    const gone = ok(await send('DELETE', path, { preconditions: { uid, resourceVersion } }))
    assert.equal(dig(gone, 'status'), 'Success')
    assert.deepEqual(dig(gone, 'details'), { name: 'doomed', kind: 'configmaps', uid })
    assert.equal((await send('DELETE', path)).status, 404)
  })

  it('holds what has finalizers until the last of them goes', async () => {
    ok(await send('POST', maps, configMap('held', {}, { finalizers: ['example.com/hold'] })), 201)
    const marked = ok(await send('DELETE', `${maps}/held`))
    assert.equal(dig(marked, 'kind'), 'ConfigMap')
    assert.equal(dig(marked, 'metadata', 'deletionGracePeriodSeconds'), 0)
    assert.match(textAt(marked, 'metadata', 'deletionTimestamp'), /Z$/)
    ok(await send('PATCH', `${maps}/held`, { metadata: { finalizers: null } }))
    assert.equal((await send('GET', `${maps}/held`)).status, 404)
  })

  it('deletes all that a selector names', async () => {
    for (const name of ['all-1', 'all-2'])
      ok(await send('POST', maps, configMap(name, {}, { labels: { all: 'yes' } })), 201)
    const list = ok(await send('DELETE', `${maps}?labelSelector=all%3Dyes`))
    assert.equal(dig(list, 'kind'), 'ConfigMapList')
    assert.equal((await send('GET', `${maps}/all-1`)).status, 404)
    assert.equal((await send('GET', `${maps}/once`)).status, 200)
  })

  it('marks a namespace as ending, and takes nothing new into it', async () => {
    const name = await freshNamespace(target)
    const path = `/api/v1/namespaces/${name}`
    ok(await send('POST', `${path}/configmaps`, configMap('inside', {}, { finalizers: ['example.com/hold'] })), 201)
    const ending = ok(await send('DELETE', path))
    assert.equal(dig(ending, 'status', 'phase'), 'Terminating')
    const refused = await send('POST', `${path}/configmaps`, configMap('late'))
    assert.equal(refused.status, 403)
    assert.equal(dig(refused.body, 'details', 'causes', 0, 'reason'), 'NamespaceTerminating')
  })

  it('never deletes the namespaces that a cluster needs', async () => {
    assert.equal((await send('DELETE', '/api/v1/namespaces/kube-system')).status, 403)
  })
}
