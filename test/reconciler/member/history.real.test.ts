import assert from 'node:assert/strict'
import { type Pause, wholeCluster } from '../../../reconciler/member/pause.ts'
import { inventoryName } from '../../../reconciler/member/shards.ts'
import type { Member, MemberSettings } from '../../../reconciler/member/types.ts'
import type { Json } from '../../../repo-layout/json.ts'
import type { ControlPlane } from '../../testbed/control-plane.ts'
import { describeMembers } from '../../testbed/members.ts'
import { sharedControlPlane } from '../../testbed/shared.ts'
import {
  apply,
  configMap,
  desired,
  eventually,
  memberOf,
  namespace,
  read,
  requestsSince,
  send,
  settings,
  unique,
  valueAt,
  withMember,
} from './support.ts'

const historyOf = (member: Member) => member.history() ?? []
const merge = { 'content-type': 'application/merge-patch+json' }

describeMembers('the history of what was written over in a member', ['etcd', 'kube-apiserver'], () => {
  let plane: ControlPlane
  before(async () => {
    plane = await sharedControlPlane()
  })
  const mapPath = (ns: string, name = 'c') => `/api/v1/namespaces/${ns}/configmaps/${name}`
  const historyName = ({ fleetName }: MemberSettings) => `${inventoryName(fleetName)}-history`
  const historyPath = (set: MemberSettings) => mapPath('flotilla-system', historyName(set))
  const edit = (path: string, data: Json) => send(plane, 'PATCH', `${path}?fieldManager=kubectl-edit`, { data }, merge)
  const k = (ns: string) => valueAt(plane, mapPath(ns), ['data', 'k'])

  it('keeps the value that a heal has undone, in the member, also for the next daemon', async () => {
    const ns = unique('kept')
    const set = settings()
    const state = desired(namespace(ns), configMap(ns, 'c', { k: '1' }))
    const fields = [{ path: '/data/k', live: 'hotfix', wanted: '1', manager: 'kubectl-edit' }]
    await withMember(plane, async (member) => {
      assert.equal(member.history(), undefined, 'not reached yet is not empty')
      await apply(member, state, set)
      const from = plane.auditEntries().length
      await edit(mapPath(ns), { k: 'hotfix' })
      const [first] = await eventually(() => historyOf(member).length > 0 && historyOf(member), 'the history')
      assert.equal(first?.subject, `ConfigMap/${ns}/c`)
      assert.equal(first?.reason, 'changed')
      assert.deepEqual(first?.fields, fields)
      const writes = requestsSince(plane, from, (uri) => uri.includes(historyName(set)))
      assert.deepEqual(writes, [], 'a heal costs no write of the history at once')
    })
    assert.ok(await read(plane, historyPath(set)), 'written down when the daemon stops')
    await withMember(plane, async (member) => {
      await apply(member, state, set)
      assert.deepEqual(
        historyOf(member).map((one) => one.fields),
        [fields],
      )
    })
  })

  it('keeps what a new commit has undone, and not what the commit itself changed', async () => {
    const ns = unique('commit')
    const set = settings()
    const subject = `ConfigMap/${ns}/c`
    await withMember(plane, async (member) => {
      await apply(member, desired(namespace(ns), configMap(ns, 'c', { k: '1', other: '1' })), set)
      const now = Date.now()
      const until = new Date(now + 60_000).toISOString()
      const pause: Pause = { subject, until, reason: '', by: 'ann', at: new Date(now).toISOString() }
      await member.pause(pause)
      await edit(mapPath(ns), { k: 'hotfix' })
      await apply(member, desired(namespace(ns), configMap(ns, 'c', { k: '1', other: '2' })), set)
      await member.resume(subject)
      await eventually(async () => (await k(ns)) === '1', 'the apply')
      assert.deepEqual(
        historyOf(member).map(({ reason, fields }) => [reason, fields]),
        [['new commit', [{ path: '/data/k', live: 'hotfix', wanted: '1', manager: 'kubectl-edit' }]]],
      )
      // A commit that nobody stood in the way of leaves no entry.
      await apply(member, desired(namespace(ns), configMap(ns, 'c', { k: '3', other: '3' })), set)
      assert.equal(historyOf(member).length, 1)
    })
  })

  it('never holds the value of a Secret', async () => {
    const ns = unique('secret')
    const set = settings()
    const path = `/api/v1/namespaces/${ns}/secrets/s`
    const metadata = { name: 's', namespace: ns }
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { password: 'from-git' } }
    await withMember(plane, async (member) => {
      await apply(member, desired(namespace(ns), secret), set)
      const password = Buffer.from('hunter2-by-hand').toString('base64')
      await send(plane, 'PATCH', `${path}?fieldManager=kubectl-edit`, { data: { password } }, merge)
      await eventually(() => historyOf(member).length > 0, 'the history')
      const text = JSON.stringify(historyOf(member))
      assert.match(text, /\(masked\)/)
      assert.ok(!text.includes(password) && !text.includes('hunter2'), text)
    })
    const written = JSON.stringify(await read(plane, historyPath(set)))
    assert.match(written, /masked/)
    assert.ok(!written.includes(Buffer.from('hunter2-by-hand').toString('base64')))
  })

  it('is written before a pause of the whole cluster is in force, and healing goes on where it cannot be', async () => {
    const ns = unique('refused')
    const set = settings()
    const state = desired(namespace(ns), configMap(ns, 'c', { k: '1' }))
    const member = memberOf(plane)
    try {
      await apply(member, state, set)
      await edit(mapPath(ns), { k: 'one' })
      await eventually(() => historyOf(member).length === 1, 'the first heal')
      const now = new Date()
      const until = new Date(now.getTime() + 60_000).toISOString()
      await member.pause({ subject: wholeCluster, until, reason: '', by: 'ann', at: now.toISOString() })
      const entries = async () => String(await valueAt(plane, historyPath(set), ['data', 'entries']))
      assert.equal((await entries()).split('\n').length, 1)
      await member.resume(wholeCluster)
      // Somebody locks it: the API server refuses every write of it from now on.
      await send(plane, 'PATCH', historyPath(set), { immutable: true }, merge)
      await edit(mapPath(ns), { k: 'two' })
      await eventually(() => historyOf(member).length === 2, 'the second heal')
      await eventually(async () => (await k(ns)) === '1', 'the heal')
    } finally {
      await member.stop()
    }
    assert.equal(String(await valueAt(plane, historyPath(set), ['data', 'entries'])).split('\n').length, 1)
  })
})
