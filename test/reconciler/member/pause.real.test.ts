import assert from 'node:assert/strict'
import { type Pause, wholeCluster } from '../../../reconciler/member/pause.ts'
import { inventoryName } from '../../../reconciler/member/shards.ts'
import type { MemberSettings } from '../../../reconciler/member/types.ts'
import type { Json } from '../../../repo-layout/json.ts'
import type { ControlPlane } from '../../testbed/control-plane.ts'
import { describeMembers } from '../../testbed/members.ts'
import { sharedControlPlane } from '../../testbed/shared.ts'
import {
  apply,
  configMap,
  desired,
  eventually,
  namespace,
  objectOf,
  read,
  requestsSince,
  send,
  settings,
  unique,
  valueAt,
  withMember,
} from './support.ts'

const merge = { 'content-type': 'application/merge-patch+json' }
const hour = 3_600_000

function pauseOf(subject: string, more: Partial<Pause> = {}): Pause {
  const now = Date.now()
  const until = new Date(now + hour).toISOString()
  return { subject, until, reason: 'hotfix', by: 'ann@desk', at: new Date(now).toISOString(), ...more }
}

describeMembers('pausing what runs in a member', ['etcd', 'kube-apiserver'], () => {
  let plane: ControlPlane
  before(async () => {
    plane = await sharedControlPlane()
  })
  const mapPath = (ns: string, name = 'c') => `/api/v1/namespaces/${ns}/configmaps/${name}`
  const pausesPath = ({ fleetName }: MemberSettings) => mapPath('flotilla-system', `${inventoryName(fleetName)}-pauses`)
  const edit = (path: string, data: Json, manager = 'kubectl-edit') =>
    send(plane, 'PATCH', `${path}?fieldManager=${manager}`, { data }, merge)
  const k = (ns: string, name = 'c') => valueAt(plane, mapPath(ns, name), ['data', 'k'])
  const writesIn = (from: number, ns: string) =>
    requestsSince(plane, from, (uri) => uri.includes(ns) && !uri.includes('dryRun')).filter(
      (line) => !/^(get|list|watch) /.test(line),
    )

  it('leaves a paused object as it was set by hand, tells the drift, and heals it once it is resumed', async () => {
    const ns = unique('paused')
    const set = settings()
    const subject = `ConfigMap/${ns}/c`
    await withMember(plane, async (member) => {
      await apply(member, desired(namespace(ns), configMap(ns, 'c', { k: '1' }), configMap(ns, 'd', { k: '1' })), set)
      const pause = pauseOf(subject)
      await member.pause(pause)
      const from = plane.auditEntries().length
      await edit(mapPath(ns), { k: 'by hand' })
      await edit(mapPath(ns, 'd'), { k: 'by hand' })
      const drift = await eventually(() => objectOf(member, subject).drift, 'the report')
      assert.deepEqual(drift.fields, [{ path: '/data/k', live: 'by hand', wanted: '1', manager: 'kubectl-edit' }])
      await eventually(async () => (await k(ns, 'd')) === '1', 'the heal of the object beside it')
      const status = objectOf(member, subject)
      assert.equal(status.action, 'skipped')
      assert.match(status.message, /^paused until \d{4}-\d\d-\d\d \d\d:\d\dZ by ann@desk: hotfix$/)
      assert.deepEqual(status.pause, pause)
      assert.match(member.status().message, /(^|; )1 paused; /)
      // Nor does another commit write to it, nor one that takes it away.
      await apply(member, desired(namespace(ns), configMap(ns, 'c', { k: '2' }), configMap(ns, 'd', { k: '2' })), set)
      await apply(member, desired(namespace(ns), configMap(ns, 'd', { k: '2' })), set)
      assert.equal(await k(ns), 'by hand')
      assert.match(objectOf(member, subject).message, /^paused until/)
      const mine = writesIn(from, ns).filter((line) => line.includes('/configmaps/c'))
      assert.deepEqual(
        mine.filter((line) => !line.includes('kubectl-edit')),
        [],
      )
      await apply(member, desired(namespace(ns), configMap(ns, 'c', { k: '2' }), configMap(ns, 'd', { k: '2' })), set)
      assert.deepEqual(await member.resume(subject), pause)
      await eventually(async () => (await k(ns)) === '2', 'the heal')
      assert.equal(objectOf(member, subject).pause, undefined)
      assert.equal(await member.resume(subject), undefined)
    })
  })

  it('does not tell a hotfix that stands as healed, although the one before it was a moment ago', async () => {
    const ns = unique('again')
    const set = settings()
    const subject = `ConfigMap/${ns}/c`
    await withMember(plane, async (member) => {
      await apply(member, desired(namespace(ns), configMap(ns, 'c', { k: '1' })), set)
      await edit(mapPath(ns), { k: 'by hand' })
      await eventually(() => objectOf(member, subject).drift?.healedAt, 'the heal')
      await member.pause(pauseOf(subject))
      await edit(mapPath(ns), { k: 'once more' })
      const stands = () => objectOf(member, subject).drift?.fields[0]?.live === 'once more'
      await eventually(stands, 'the report')
      assert.equal(objectOf(member, subject).drift?.healedAt, undefined)
      assert.equal(member.status().sync, 'drifted')
    })
  })

  it('stands in the member, so that another daemon holds it too, and kubectl shows and ends it', async () => {
    const ns = unique('handed')
    const set = settings()
    const subject = `ConfigMap/${ns}/c`
    const state = desired(namespace(ns), configMap(ns, 'c', { k: '1' }))
    await withMember(plane, async (member) => {
      await apply(member, state, set)
      await member.pause(pauseOf(subject))
    })
    await edit(mapPath(ns), { k: 'by hand' })
    const entries = String(await valueAt(plane, pausesPath(set), ['data', 'entries']))
    assert.equal(JSON.parse(entries).subject, subject)
    await withMember(plane, async (member) => {
      await apply(member, state, set)
      assert.equal(objectOf(member, subject).pause?.by, 'ann@desk')
      assert.equal(await k(ns), 'by hand')
      await send(plane, 'DELETE', pausesPath(set))
      await eventually(async () => (await k(ns)) === '1', 'the heal')
    })
  })

  it('ends by itself, and what has expired goes with the next write', async () => {
    const ns = unique('expires')
    const set = settings()
    const subject = `ConfigMap/${ns}/c`
    await withMember(plane, async (member) => {
      await apply(member, desired(namespace(ns), configMap(ns, 'c', { k: '1' })), set)
      const until = new Date(Date.now() + 1500)
      await member.pause(pauseOf(subject, { until: until.toISOString() }))
      await edit(mapPath(ns), { k: 'by hand' })
      await eventually(() => objectOf(member, subject).drift, 'the report')
      await eventually(async () => (await k(ns)) === '1', 'the heal')
      assert.ok(Date.now() >= until.getTime(), 'not before its time')
      assert.deepEqual(member.pauses(), [])
      await member.pause(pauseOf(wholeCluster))
      assert.deepEqual(
        String(await valueAt(plane, pausesPath(set), ['data', 'entries']))
          .split('\n')
          .map((line) => JSON.parse(line).subject),
        ['*'],
      )
    })
  })

  it('pauses a whole cluster, and what came meanwhile is applied when it is resumed', async () => {
    const ns = unique('whole')
    const set = settings()
    await withMember(plane, async (member) => {
      await apply(
        member,
        desired(namespace(ns), configMap(ns, 'c', { k: '1' }), configMap(ns, 'gone', { k: '1' })),
        set,
      )
      await member.pause(pauseOf(wholeCluster))
      const from = plane.auditEntries().length
      assert.equal(member.status().sync, 'suspended')
      assert.match(member.status().message, /^paused until .* by ann@desk: hotfix; /)
      await apply(member, desired(namespace(ns), configMap(ns, 'c', { k: '2' }), configMap(ns, 'new', { k: '1' })), set)
      assert.equal(await k(ns), '1')
      assert.equal(await read(plane, mapPath(ns, 'new')), undefined)
      assert.deepEqual(writesIn(from, ns), [])
      assert.deepEqual(writesIn(from, inventoryName(set.fleetName)), [])
      await member.resume(wholeCluster)
      await eventually(async () => (await k(ns)) === '2', 'the apply')
      await eventually(async () => (await read(plane, mapPath(ns, 'gone'))) === undefined, 'the prune')
      await eventually(() => member.status().sync === 'synced', 'the cluster is synced')
      assert.equal(await k(ns, 'new'), '1')
    })
  })

  it('lets nothing be written any more once it has said so, also while somebody fights with healing', async () => {
    const ns = unique('fought')
    const set = settings()
    const subject = `ConfigMap/${ns}/c`
    await withMember(plane, async (member) => {
      await apply(member, desired(namespace(ns), configMap(ns, 'c', { k: '1' })), set)
      let value = 0
      const fight = setInterval(() => void edit(mapPath(ns), { k: `hand ${++value}` }).catch(() => undefined), 25)
      try {
        await eventually(() => (objectOf(member, subject).drift?.healed ?? 0) > 0, 'a heal')
        await member.pause(pauseOf(subject))
        const from = plane.auditEntries().length
        const before = value
        await eventually(() => value > before + 10, 'more edits')
        const ours = (since: number) =>
          writesIn(since, mapPath(ns)).filter((line) => line.includes('fieldManager=flotilla'))
        assert.notDeepEqual(ours(0), [])
        assert.deepEqual(ours(from), [])
      } finally {
        clearInterval(fight)
      }
    })
  })

  it('writes nothing to a cluster whose pauses cannot be read, until somebody mends them', async () => {
    const ns = unique('unreadable')
    const set = settings()
    const state = desired(namespace(ns), configMap(ns, 'c', { k: '1' }))
    await withMember(plane, async (member) => {
      await apply(member, state, set)
      await member.pause(pauseOf(`ConfigMap/${ns}/c`))
    })
    await edit(pausesPath(set), { entries: 'c, until tomorrow' })
    await edit(mapPath(ns), { k: 'by hand' })
    await withMember(plane, async (member) => {
      await apply(member, state, set)
      assert.equal(member.status().sync, 'degraded')
      assert.match(member.status().message, /the pauses in this cluster cannot be read/)
      assert.equal(await k(ns), 'by hand')
      await edit(pausesPath(set), { entries: '' })
      await eventually(async () => (await k(ns)) === '1', 'the heal')
    })
  })

  it('keeps a Namespace that left Git while something inside of it is paused', async () => {
    const ns = unique('inside')
    const set = settings()
    const doomed = namespace(ns)
    const whole = { ...doomed, metadata: { ...doomed.metadata, annotations: { 'flotilla.dev/prune': 'true' } } }
    await withMember(plane, async (member) => {
      await apply(member, desired(whole, configMap(ns, 'c', { k: '1' })), set)
      await member.pause(pauseOf(`ConfigMap/${ns}/c`))
      await apply(member, desired(), set)
      assert.match(objectOf(member, `Namespace/${ns}`).message, /^paused until/)
      assert.equal(await valueAt(plane, `/api/v1/namespaces/${ns}`, ['metadata', 'deletionTimestamp']), undefined)
      assert.equal(await k(ns), '1')
    })
  })

  it('does not prune an object that was suspended when it left Git', async () => {
    const ns = unique('left')
    const set = settings()
    const suspended = { annotations: { 'flotilla.dev/suspend': 'true' } }
    const plain = configMap(ns, 'c', { k: '1' })
    await withMember(plane, async (member) => {
      await apply(member, desired(namespace(ns), plain, configMap(ns, 'd', { k: '1' })), set)
      await apply(
        member,
        desired(namespace(ns), configMap(ns, 'c', { k: '1' }, suspended), configMap(ns, 'd', {})),
        set,
      )
    })
    await withMember(plane, async (member) => {
      await apply(member, desired(namespace(ns)), set)
      assert.match(objectOf(member, `ConfigMap/${ns}/c`).message, /suspended when it left Git/)
      assert.equal(await k(ns), '1')
      assert.equal(await read(plane, mapPath(ns, 'd')), undefined)
      // Wanted again without that, it is like any other.
      await apply(member, desired(namespace(ns), plain), set)
      await apply(member, desired(namespace(ns)), set)
      assert.equal(await read(plane, mapPath(ns)), undefined)
    })
  })
})
