import assert from 'node:assert/strict'
import type { Api } from '../../../reconciler/member/api.ts'
import { createItem } from '../../../reconciler/member/items.ts'
import { leaveOut, neverCame } from '../../../reconciler/member/left-out.ts'
import type { InventoryEntry } from '../../../reconciler/member/shards.ts'
import type { Work } from '../../../reconciler/member/work.ts'
import { notes } from '../../../render/shipper/rollout.ts'
import type { JsonObject, KubeObject } from '../../../repo-layout/json.ts'
import { subjectOf } from '../../../repo-layout/subject.ts'

const ours = { annotations: { [notes.application]: 'shop/web' } }
const route = (more: JsonObject = ours): KubeObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: 'web', namespace: 'shop', ...more },
})

/** A cluster that serves some kind of the group, or none. */
function workIn(serves: boolean | Error, entry?: InventoryEntry): Work {
  const api: Pick<Api, 'placeOfAnyVersion'> = {
    async placeOfAnyVersion() {
      if (serves instanceof Error) throw serves
      return serves ? ({} as Awaited<ReturnType<Api['placeOfAnyVersion']>>) : undefined
    },
  }
  return { api, inventory: { get: () => entry } } as unknown as Work
}

function itemOf(object: KubeObject) {
  const subject = subjectOf(object)
  return { ...createItem(subject), wanted: { subject, oid: 'o', source: 'app.yaml', object } }
}

describe('a route that a cluster does not serve', () => {
  it('is left out where an application has it, said so, and looked for again', async () => {
    const outcome = await leaveOut(workIn(false), itemOf(route()))
    assert.equal(outcome?.action, 'skipped')
    assert.equal(
      outcome?.message,
      'left out: the cluster serves no HTTPRoute.gateway.networking.k8s.io, so pods alone divide the traffic',
    )
    assert.equal(outcome?.again, 60_000)
  })

  for (const [what, serves, object] of [
    ['another version of it is served: that is a mistake of the chart', true, route()],
    ['no application has it: that is an error', false, route({})],
    ['it is no route: that is an error', false, { ...route(), kind: 'Gateway' }],
  ] as const)
    it(`is not left out where ${what}`, async () => {
      assert.equal(await leaveOut(workIn(serves), itemOf(object)), undefined)
    })

  it('is not left out where it was there before: requests may still be led by it', async () => {
    const entry = { subject: '', state: 'created', apiVersion: '', uid: 'u', oid: 'o', fingerprint: 'f' } as const
    assert.equal(await leaveOut(workIn(false, entry), itemOf(route())), undefined)
  })

  it('is forgotten when it leaves Git, and nothing else of which the kind is not served', () => {
    const intent = { subject: '', state: 'intent', apiVersion: '', uid: '', oid: '', fingerprint: '' } as const
    const subject = subjectOf(route())
    assert.equal(neverCame(subject, intent), true)
    assert.equal(neverCame(subject, { ...intent, state: 'created', uid: 'u', oid: 'o' }), false)
    assert.equal(neverCame('Widget.example.com/shop/web', intent), false)
  })

  it('is not left out while nobody knows what is served', async () => {
    await assert.rejects(leaveOut(workIn(new Error('no answer')), itemOf(route())), /no answer/)
  })
})
