import assert from 'node:assert/strict'
import type { KubeObject } from '../../../repo-layout/json.ts'
import type { ControlPlane } from '../../testbed/control-plane.ts'
import { describeMembers } from '../../testbed/members.ts'
import { sharedControlPlane } from '../../testbed/shared.ts'
import {
  apply,
  configMap,
  deployment,
  desired,
  namespace,
  requestsSince,
  send,
  settings,
  unique,
  withMember,
} from './support.ts'

describeMembers('a member of a real cluster: what it costs', ['etcd', 'kube-apiserver'], () => {
  let plane: ControlPlane
  before(async () => {
    plane = await sharedControlPlane()
  })
  const isWrite = (line: string) => !/^(get|list|watch) /.test(line)
  const objects = (ns: string, change: (index: number) => string): readonly KubeObject[] => [
    namespace(ns),
    ...Array.from({ length: 60 }, (_, i) => configMap(ns, `c${i}`, { k: change(i) })),
    ...Array.from({ length: 20 }, (_, i) => deployment(ns, `d${i}`)),
  ]

  it('is one list and one watch with bookmarks for each kind, and no write, after a restart with nothing changed', async () => {
    const ns = unique('restart')
    const set = settings()
    const state = desired(...objects(ns, () => '1'))
    await withMember(plane, (member) => apply(member, state, set))
    const from = plane.auditEntries().length
    await withMember(plane, async (member) => {
      await apply(member, state, set)
      assert.equal(member.status().message, '81/81 applied')
    })
    const sent = requestsSince(plane, from, () => true)
    const fleet = `labelSelector=flotilla.dev%2Ffleet%3D${set.fleetName}`
    const lists = sent
      .filter((line) => line.startsWith('list ') && line.includes(fleet))
      .map((line) => line.split('?')[0])
    assert.deepEqual(lists.sort(), [
      'list /api/v1/configmaps',
      'list /api/v1/namespaces',
      'list /apis/apps/v1/deployments',
    ])
    assert.deepEqual(sent.filter(isWrite), [])
    // What remains is to see that it is the cluster we mean, and what it serves: it does not grow with the objects.
    const others = sent.filter((line) => !line.includes(fleet))
    assert(others.length <= 8, others.join('\n'))
  })

  it('is one PATCH for one object of many, and one write of the inventory', async () => {
    const ns = unique('one')
    const set = settings()
    await withMember(plane, async (member) => {
      await apply(member, desired(...objects(ns, () => '1')), set)
      const from = plane.auditEntries().length
      await apply(member, desired(...objects(ns, (i) => (i === 7 ? '2' : '1'))), set)
      // Pods are counted beside it, whenever a workload is not ready.
      const isOfCommit = (uri: string) => !uri.includes('/pods')
      assert.deepEqual(
        requestsSince(plane, from, isOfCommit)
          .map((line) => line.split('?')[0])
          .filter((line) => line !== undefined && !line.startsWith('watch')),
        [
          `patch /api/v1/namespaces/${ns}/configmaps/c7`,
          `update /api/v1/namespaces/flotilla-system/configmaps/flotilla-${set.fleetName}-0`,
        ],
      )
    })
  })

  it('is one write of intents, one PATCH an object and one write of the inventory for a new fleet', async () => {
    const ns = unique('new')
    const set = settings()
    const from = plane.auditEntries().length
    await withMember(plane, (member) => apply(member, desired(...objects(ns, () => '1')), set))
    const writes = requestsSince(plane, from, () => true).filter(isWrite)
    const inventory = writes.filter(
      (line) => line.includes(`flotilla-${set.fleetName}-0`) || /configmaps(\?|$)/.test(line),
    )
    assert.equal(writes.filter((line) => line.startsWith('patch ')).length, 81)
    assert(inventory.length <= 3, inventory.join('\n'))
    const [first] = writes
    assert.match(
      first ?? '',
      /^create .*(flotilla-system\/configmaps|\/namespaces)(\?|$)/,
      'the intents stand before all else',
    )
  })

  it('is nothing at all where a controller writes a status or an annotation of its own', async () => {
    const ns = unique('quiet')
    const set = settings()
    await withMember(plane, async (member) => {
      await apply(member, desired(namespace(ns), deployment(ns, 'web')), set)
      const from = plane.auditEntries().length
      const path = `/apis/apps/v1/namespaces/${ns}/deployments/web`
      for (let i = 0; i < 10; i++) {
        const status = { status: { replicas: i, observedGeneration: 1 } }
        await send(plane, 'PATCH', `${path}/status?fieldManager=kube-controller-manager`, status)
      }
      await send(plane, 'PATCH', `${path}?fieldManager=other`, { metadata: { annotations: { a: 'b' } } })
      // A change that we do react to marks the end: everything before it was seen by then.
      await send(plane, 'DELETE', path)
      await new Promise<void>((resolve) => {
        const stop = member.onChange(() => {
          if (!member.status().objects.some(({ drift }) => drift?.reason === 'deleted')) return
          stop()
          resolve()
        })
      })
      const sent = requestsSince(plane, from, (uri) => uri.startsWith(path)).map((line) => line.split(' ')[0])
      assert.deepEqual(sent, ['get', 'patch'])
    })
  })
})
