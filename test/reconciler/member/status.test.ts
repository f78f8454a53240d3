import assert from 'node:assert/strict'
import type { LiveFacts } from '../../../reconciler/member/facts.ts'
import { createItem, type Item } from '../../../reconciler/member/items.ts'
import { isApplied, isDone, type Link, statusOf } from '../../../reconciler/member/status.ts'
import type { Drift, Health } from '../../../reconciler/member/types.ts'
import { configMap, settings } from './support.ts'

const subject = 'ConfigMap/shop/c'
const drift: Drift = {
  subject,
  reason: 'changed',
  fields: [],
  since: '2026-01-01T00:00:00.000Z',
  healedAt: undefined,
  healed: 0,
  fight: false,
}
const healed = { ...drift, healedAt: '2026-01-01T00:00:01.000Z', healed: 1 }

function live(health: Health): LiveFacts {
  return {
    uid: 'u',
    resourceVersion: '1',
    fingerprint: 'f',
    health,
    message: health === 'Current' ? '' : `it is ${health}`,
    autoscaled: false,
    ownsReplicas: false,
    extras: [],
    workload: undefined,
  }
}

/** An item that was applied and is as it should be, but for `change`. */
function item(change: Partial<Item> = {}): Item {
  const wanted = { subject, oid: 'o', source: 'app.yaml', object: configMap('shop', 'c', {}) }
  return { ...createItem(subject), wanted, tried: 'o', action: 'unchanged', live: live('Current'), ...change }
}

interface Situation {
  readonly item?: Partial<Item>
  readonly link?: Link
  readonly problems?: readonly string[]
  readonly suspended?: boolean
  readonly applied?: string
}

function statusIn({ item: change = {}, link = { type: 'connected' }, problems = [], ...rest }: Situation) {
  return statusOf({
    cluster: 'm',
    items: new Map([[subject, item(change)]]),
    settings: settings({ suspended: rest.suspended ?? false }),
    link,
    problems,
    wantedCommit: 'c1',
    appliedCommit: rest.applied ?? 'c1',
    seenAt: 0,
    kubernetesVersion: 'v1.35.4',
    credentialExpiresAt: undefined,
    expiryWarning: '',
  })
}

describe('the status of a member', () => {
  for (const [what, situation, sync] of [
    ['everything applied and healthy', {}, 'synced'],
    ['a commit that is not wholly applied', { applied: 'c0' }, 'progressing'],
    ['an object not tried yet', { item: { tried: undefined } }, 'progressing'],
    ['an object not healthy yet', { item: { live: live('InProgress') } }, 'progressing'],
    ['an object that somebody deletes and finalizers hold', { item: { live: live('Terminating') } }, 'progressing'],
    ['a cluster that was never reached', { link: { type: 'unknown' } }, 'progressing'],
    ['drift that is only told', { item: { drift } }, 'drifted'],
    ['drift that was healed', { item: { drift: healed } }, 'synced'],
    ['a fight', { item: { drift: { ...healed, fight: true } } }, 'drifted'],
    ['an object that failed', { item: { action: 'failed', message: 'no' } }, 'degraded'],
    ['an object that was left alone', { item: { action: 'skipped', message: 'left alone: no' } }, 'degraded'],
    ['an object that is suspended', { item: { action: 'skipped', message: 'suspended' } }, 'synced'],
    ['a route that the cluster cannot have', { item: { action: 'skipped', message: 'left out: no' } }, 'synced'],
    ['an object that is unhealthy for good', { item: { live: live('Failed') } }, 'degraded'],
    ['an inventory that cannot be written', { problems: ['the inventory cannot be written'] }, 'degraded'],
    ['an inventory in other hands', { link: { type: 'broken', message: 'taken over' } }, 'degraded'],
    ['a failure that weighs more than drift', { item: { action: 'failed', drift } }, 'degraded'],
    ['a cluster that refuses us', { link: { type: 'unauthorized', message: '401' } }, 'unauthorized'],
    [
      'a cluster that is gone, whatever failed before',
      { link: { type: 'unreachable', message: 'x' }, item: { action: 'failed' } },
      'unreachable',
    ],
    [
      'a suspended cluster, whatever else',
      { suspended: true, link: { type: 'unreachable', message: 'x' } },
      'suspended',
    ],
  ] as const satisfies readonly (readonly [string, Situation, string])[])
    it(`is ${sync} for ${what}`, () => assert.equal(statusIn(situation).sync, sync))

  it('says why, and how much is applied', () => {
    const { message, objects } = statusIn({ item: { action: 'failed', message: 'no' }, problems: ['cannot watch X'] })
    assert.equal(message, 'cannot watch X; 0/1 applied')
    assert.equal(objects[0]?.message, 'no')
    assert.equal(statusIn({ item: { live: live('InProgress') } }).objects[0]?.message, 'it is InProgress')
    assert.equal(statusIn({ item: { action: 'skipped', message: 'left out: no' } }).message, '1 left out; 0/1 applied')
  })

  it('counts a commit as done without what is suspended, and not with what was left alone', () => {
    assert(isDone(item({ action: 'skipped', message: 'suspended' })))
    assert(isDone(item({ action: 'skipped', message: 'left out: no' })))
    assert(!isDone(item({ action: 'skipped', message: 'left alone: no' })))
    assert(!isApplied(item({ action: 'skipped', message: 'suspended' })))
    assert(isDone(item({ wanted: undefined, tried: 'gone', action: 'skipped', message: 'left in the cluster' })))
    assert(!isDone(item({ wanted: undefined, tried: 'gone', action: 'failed' })))
    assert(!isDone(item({ tried: 'before' })))
  })
})
