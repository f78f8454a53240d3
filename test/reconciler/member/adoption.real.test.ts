import assert from 'node:assert/strict'
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

describeMembers('a member of a real cluster: what it remembers', ['etcd', 'kube-apiserver'], () => {
  let plane: ControlPlane
  before(async () => {
    plane = await sharedControlPlane()
  })
  const mapPath = (ns: string, name = 'c') => `/api/v1/namespaces/${ns}/configmaps/${name}`
  const inventoryPath = (fleet: string) => `/api/v1/namespaces/flotilla-system/configmaps/flotilla-${fleet}-0`

  async function existing(
    data: { [key: string]: string },
    annotations: { [key: string]: string } = {},
  ): Promise<string> {
    const ns = unique('adoption')
    await send(plane, 'POST', '/api/v1/namespaces', namespace(ns))
    await send(
      plane,
      'POST',
      `/api/v1/namespaces/${ns}/configmaps?fieldManager=kubectl-create`,
      configMap(ns, 'c', data, { annotations }),
    )
    return ns
  }

  for (const [mode, word, data, expected] of [
    ['Never', undefined, 'same', 'skipped'],
    ['Never', 'Always', 'other', 'configured'],
    ['IfNoDiff', undefined, 'same', 'configured'],
    ['IfNoDiff', undefined, 'other', 'skipped'],
    ['IfNoDiff', 'Never', 'same', 'skipped'],
    ['Always', undefined, 'other', 'configured'],
    ['Always', 'IfNoDiff', 'other', 'skipped'],
  ] as const)
    it(`adopt: ${mode}${word ? ` and ${word} on the object` : ''}: one that is ${data === 'same' ? 'equal' : 'different'} is ${expected === 'skipped' ? 'left alone' : 'taken'}`, async () => {
      const annotations: { [key: string]: string } = word === undefined ? {} : { 'flotilla.dev/adopt': word }
      // The annotation itself is there already, or it would be a difference.
      const ns = await existing({ k: data }, annotations)
      const base = settings()
      await withMember(plane, async (member) => {
        const wanted = configMap(ns, 'c', { k: 'same' }, word === undefined ? {} : { annotations })
        await apply(member, desired(wanted), { ...base, sync: { ...base.sync, adopt: mode } })
        assert.equal(
          objectOf(member, `ConfigMap/${ns}/c`).action,
          expected,
          objectOf(member, `ConfigMap/${ns}/c`).message,
        )
        assert.equal(await valueAt(plane, mapPath(ns), ['data', 'k']), expected === 'skipped' ? data : 'same')
      })
    })

  it('is that an object was there before, also after a crash in the middle of taking it: it is released', async () => {
    const ns = await existing({ k: '1' })
    const set = settings()
    await withMember(plane, async (member) => {
      const from = plane.auditEntries().length
      await apply(member, desired(configMap(ns, 'c', { k: '1' })), set)
      const writes = plane
        .auditEntries()
        .slice(from)
        .filter(({ user, verb }) => user.username === 'admin' && ['update', 'create', 'patch'].includes(verb))
        .filter(
          ({ requestURI }) => requestURI.startsWith(mapPath(ns)) || requestURI.startsWith(inventoryPath(set.fleetName)),
        )
        // Whether something is in its place is asked by trying to create it, which changes nothing.
        .filter(({ requestURI, responseStatus }) => !requestURI.includes('dryRun') && responseStatus?.code !== 409)
        .map(({ verb, requestURI }) => `${verb} ${requestURI.split('?')[0]}`)
      // The word in the inventory stands before the object is touched.
      assert.deepEqual(writes.slice(0, 2), [`update ${inventoryPath(set.fleetName)}`, `patch ${mapPath(ns)}`])
    })
    const text = String(await valueAt(plane, inventoryPath(set.fleetName), ['data', 'entries']))
    const crashed = JSON.stringify({ ...JSON.parse(text), oid: '', fingerprint: '' })
    await send(plane, 'PATCH', inventoryPath(set.fleetName), { data: { entries: crashed } }, merge)
    await withMember(plane, async (member) => {
      await apply(member, desired(configMap(ns, 'c', { k: '1' })), set)
      assert.equal(objectOf(member, `ConfigMap/${ns}/c`).action, 'unchanged')
      await apply(member, desired(), set)
      assert.match(objectOf(member, `ConfigMap/${ns}/c`).message, /released/)
      assert(await read(plane, mapPath(ns)), 'it is still there')
    })
  })

  it('is not written while the fleet is suspended, whatever becomes of its objects', async () => {
    const ns = unique('still')
    const set = settings()
    const state = desired(namespace(ns), configMap(ns, 'c', { k: '1' }), configMap(ns, 'd', { k: '1' }))
    await withMember(plane, async (member) => {
      await apply(member, state, set)
      await apply(member, state, { ...set, suspended: true })
      const from = plane.auditEntries().length
      const taken = { metadata: { annotations: { 'flotilla.dev/id': `another-fleet/ConfigMap/${ns}/c` } } }
      await send(plane, 'PATCH', mapPath(ns), taken, merge)
      await send(plane, 'DELETE', mapPath(ns, 'd'))
      await send(plane, 'DELETE', inventoryPath(set.fleetName))
      await eventually(() => objectOf(member, `ConfigMap/${ns}/d`).drift?.reason === 'deleted', 'the report')
      await eventually(async () => (await member.diff()).drifts.length > 0, 'the difference')
      const writes = requestsSince(plane, from, () => true).filter(
        (line) => !/^(get|list|watch) |dryRun=All/.test(line),
      )
      assert.deepEqual(writes, [])
      await apply(member, desired(namespace(ns), configMap(ns, 'd', { k: '2' })), set)
      assert.equal(await valueAt(plane, mapPath(ns, 'd'), ['data', 'k']), '2')
      assert(await read(plane, inventoryPath(set.fleetName)))
      assert.match(objectOf(member, `ConfigMap/${ns}/c`).message, /another fleet has taken it/)
      assert(await read(plane, mapPath(ns)))
    })
  })

  it('is written again at once where somebody deletes it', async () => {
    const ns = unique('forgotten')
    const set = settings()
    await withMember(plane, async (member) => {
      await apply(member, desired(namespace(ns), configMap(ns, 'c', { k: '1' })), set)
      const before = await valueAt(plane, inventoryPath(set.fleetName), ['data', 'entries'])
      await send(plane, 'DELETE', inventoryPath(set.fleetName))
      const again = await eventually(
        () => valueAt(plane, inventoryPath(set.fleetName), ['data', 'entries']).catch(() => undefined),
        'the inventory',
      )
      assert.equal(again, before)
      await apply(member, desired(namespace(ns)), set)
      assert.equal(objectOf(member, `ConfigMap/${ns}/c`).action, 'pruned')
    })
  })
})
