import assert from 'node:assert/strict'
import type { Api, ApplyOptions, Place } from '../../../reconciler/member/api.ts'
import { ApiError } from '../../../reconciler/member/errors.ts'
import type { Transport } from '../../../reconciler/member/transport.ts'
import { changedFields } from '../../../reconciler/plan/changed-fields.ts'
import { readOnly } from '../../../reconciler/plan/read-only.ts'
import { rehearse } from '../../../reconciler/plan/rehearsal.ts'
import type { KubeObject } from '../../../repo-layout/json.ts'

const place: Place = {
  resource: { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true, verbs: [] },
  ...{ namespace: 'shop', name: 'c' },
}

function object(data: { [key: string]: string }): KubeObject {
  const metadata = { name: 'c', namespace: 'shop', uid: 'u', resourceVersion: '7' }
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data }
}

interface Server {
  readonly api: Api
  readonly sent: { readonly manifest: KubeObject; readonly options: ApplyOptions }[]
}

/** A server that answers applies as it is told, and to which nothing else may be said. */
function serverOf(answer: () => KubeObject): Server {
  const sent: Server['sent'] = []
  const never = () => Promise.reject(new Error('nothing of this kind is sent in a plan'))
  const api: Api = {
    place: async () => place,
    placeOfAnyVersion: async () => place,
    get: async () => object({ k: '1' }),
    async apply(_, manifest, options = {}) {
      sent.push({ manifest, options })
      return { created: false, object: answer() }
    },
    patch: never,
    remove: never,
    firstPage: never,
    resource: never,
    namespacedKinds: never,
  }
  return { api, sent }
}

describe('a rehearsal', () => {
  it('sends every apply as a dry run, and gives what changed another version', async () => {
    const { api, sent } = serverOf(() => object({ k: '2' }))
    const { api: rehearsed } = rehearse(api, object({ k: '1' }))
    const { object: after } = await rehearsed.apply(place, object({ k: '2' }), { uid: 'u' })
    assert.deepEqual(
      sent.map(({ options }) => options),
      [{ uid: 'u', dryRun: true }],
    )
    assert.notEqual(after.metadata.resourceVersion, '7', 'a server gives a dry run the version of before')
  })

  it('knows an apply that changes nothing, though the time of its entry is another', async () => {
    const entry = (time: string) => ({
      ...{ manager: 'flotilla', operation: 'Apply', apiVersion: 'v1', time, fieldsType: 'FieldsV1' },
      fieldsV1: { 'f:data': { 'f:k': {} } },
    })
    const at = (time: string) => {
      const { metadata, ...rest } = object({ k: '1' })
      return { ...rest, metadata: { ...metadata, managedFields: [entry(time)] } } as KubeObject
    }
    const { api } = serverOf(() => at('2026-01-02T00:00:00Z'))
    const before = at('2026-01-01T00:00:00Z')
    const answer = await rehearse(api, before).api.apply(place, object({ k: '1' }))
    assert.equal(answer.object, before)
  })

  it('shows an object as gone once it was to be deleted, and then as the manifest of what is made anew', async () => {
    const { api, sent } = serverOf(() => object({}))
    const rehearsal = rehearse(api, object({ k: '1' }))
    const live = await rehearsal.api.get(place)
    assert(live)
    await rehearsal.api.remove(place, live)
    assert.equal(await rehearsal.api.get(place), undefined)
    const { created, object: made } = await rehearsal.api.apply(place, object({ k: '2' }), { onlyNew: true })
    assert.deepEqual([created, made.data], [true, { k: '2' }])
    assert.deepEqual(sent, [], 'the server still has it, and would answer for that')
    assert.deepEqual(
      changedFields(rehearsal.result()).map(({ path, live: was, wanted }) => [path, was, wanted]),
      [['/data/k', '1', '2']],
    )
  })

  it('keeps in what is tried the value of a field that is handed over first', async () => {
    const { api, sent } = serverOf(() => object({ k: '1' }))
    const { api: rehearsed } = rehearse(api, object({ k: '1' }))
    await rehearsed.apply(place, object({ k: '1' }), { manager: 'flotilla-handover' })
    await rehearsed.apply(place, object({}))
    assert.deepEqual(
      sent.map(({ manifest }) => manifest.data),
      [{ k: '1' }],
    )
  })

  it('says what it expects where a webhook of the cluster lets no dry run pass', async () => {
    const failure = { type: 'rejected', status: 400, reason: 'BadRequest', causes: [] } as const
    const { api } = serverOf(() => {
      throw new ApiError('admission webhook "w" does not support dry run', failure)
    })
    const rehearsal = rehearse(api, object({ k: '1' }))
    await rehearsal.api.apply(place, object({ k: '2' }))
    const result = rehearsal.result()
    assert.equal(result.assumed, true)
    assert.deepEqual(
      changedFields(result).map(({ path }) => path),
      ['/data/k'],
    )
  })

  it('passes on what the server refuses', async () => {
    const failure = { type: 'rejected', status: 422, reason: 'Invalid', causes: [] } as const
    const { api } = serverOf(() => {
      throw new ApiError('no', failure)
    })
    await assert.rejects(rehearse(api, object({})).api.apply(place, object({})), /no/)
  })
})

describe('the transport of a plan', () => {
  const passed: string[] = []
  const transport: Transport = {
    request: async (method) => {
      passed.push(method)
      return { status: 200, json: {} }
    },
    async *stream() {},
    close: async () => undefined,
  }
  const cases = [
    ['GET', undefined, true],
    ['PATCH', { dryRun: 'All' }, true],
    ['PATCH', {}, false],
    ['PATCH', { dryRun: '' }, false],
    ['POST', { dryRun: 'All' }, false],
    ['PUT', undefined, false],
    ['DELETE', { dryRun: 'All' }, false],
  ] as const
  for (const [method, query, passes] of cases)
    it(`${passes ? 'lets pass' : 'refuses'} ${method} ${JSON.stringify(query ?? {})}`, async () => {
      passed.length = 0
      const asked = readOnly(transport).request(method, '/api/v1/x', query ? { query } : {})
      if (passes) await asked
      else await assert.rejects(asked, /a plan writes nothing/)
      assert.deepEqual(passed, passes ? [method] : [])
    })
})
