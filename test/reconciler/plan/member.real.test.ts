import assert from 'node:assert/strict'
import { systemClock } from '../../../reconciler/clock.ts'
import { connect } from '../../../reconciler/member/connect.ts'
import { openSession } from '../../../reconciler/member/session.ts'
import type { DesiredState, MemberSettings } from '../../../reconciler/member/types.ts'
import { type MemberPlan, planMember } from '../../../reconciler/plan/plan-member.ts'
import { readOnly } from '../../../reconciler/plan/read-only.ts'
import type { PlannedObject } from '../../../reconciler/plan/types.ts'
import type { JsonObject, KubeObject } from '../../../repo-layout/json.ts'
import type { ControlPlane } from '../../testbed/control-plane.ts'
import { describeMembers } from '../../testbed/members.ts'
import { sharedControlPlane } from '../../testbed/shared.ts'
import {
  apply,
  configMap,
  deployment,
  desired,
  namespace,
  objectOf,
  requestsSince,
  send,
  settings,
  unique,
  withMember,
} from '../member/support.ts'

const merge = { 'content-type': 'application/merge-patch+json' }
const yes = 'true'

/** A cluster that ran some objects, as one of a test's cases. */
interface Case {
  readonly name: string
  readonly before: (ns: string) => readonly KubeObject[]
  readonly after: (ns: string) => readonly KubeObject[]
  /** What somebody does by hand in between. */
  readonly hand?: (plane: ControlPlane, ns: string) => Promise<unknown>
  readonly settings?: Partial<MemberSettings>
  /** `action (how) Kind/name`, of all but the namespace. */
  readonly told: readonly string[]
  readonly fields?: readonly (readonly [path: string, live: unknown, wanted: unknown])[]
  /** Who is said to hold these fields. */
  readonly managers?: readonly string[]
}

const cm = (ns: string, data: { [key: string]: string } = { k: '1' }, more: JsonObject = {}) =>
  configMap(ns, 'c', data, more)
const path = (ns: string) => `/api/v1/namespaces/${ns}/configmaps/c`
const label = (template: JsonObject) => ({ selector: { matchLabels: { app: 'other' } }, template })
const otherTemplate = {
  metadata: { labels: { app: 'other' } },
  spec: { containers: [{ name: 'web', image: 'nginx:1' }] },
}

const cases: readonly Case[] = [
  {
    name: 'nothing to do',
    before: (ns) => [cm(ns), deployment(ns, 'web')],
    after: (ns) => [cm(ns), deployment(ns, 'web')],
    told: [],
  },
  {
    name: 'a field that leaves Git and goes',
    before: (ns) => [cm(ns, { a: '1', b: '1' })],
    after: (ns) => [cm(ns, { a: '1' })],
    told: ['configured ConfigMap/c'],
    fields: [['/data/b', '1', undefined]],
  },
  {
    name: 'a field of a list item',
    before: (ns) => [deployment(ns, 'web')],
    after: (ns) => [deployment(ns, 'web', { replicas: 5 })],
    told: ['configured Deployment.apps/web'],
    fields: [['/spec/replicas', 2, 5]],
  },
  {
    name: 'replicas that leave Git and keep what runs',
    before: (ns) => [deployment(ns, 'web', { replicas: 4 })],
    after: (ns) => [withoutReplicas(deployment(ns, 'web'))],
    told: ['configured Deployment.apps/web'],
    fields: [],
  },
  {
    name: 'what somebody changed, put back',
    before: (ns) => [cm(ns)],
    after: (ns) => [cm(ns)],
    hand: (plane, ns) => send(plane, 'PATCH', path(ns), { data: { k: 'by hand' } }, merge),
    told: ['configured (healed) ConfigMap/c'],
    fields: [['/data/k', 'by hand', '1']],
  },
  {
    name: 'the same where drift is only reported',
    before: (ns) => [cm(ns)],
    after: (ns) => [cm(ns)],
    hand: (plane, ns) => send(plane, 'PATCH', path(ns), { data: { k: 'by hand' } }, merge),
    settings: { sync: { ...settings().sync, drift: 'Report' } },
    told: ['unchanged (reported) ConfigMap/c'],
    fields: [['/data/k', 'by hand', '1']],
  },
  {
    name: 'what somebody deleted, made again',
    before: (ns) => [cm(ns)],
    after: (ns) => [cm(ns)],
    hand: (plane, ns) => send(plane, 'DELETE', path(ns)),
    told: ['created (healed) ConfigMap/c'],
  },
  {
    name: 'what somebody took our label from',
    before: (ns) => [cm(ns)],
    after: (ns) => [cm(ns)],
    hand: (plane, ns) =>
      send(plane, 'PATCH', path(ns), { metadata: { labels: { 'flotilla.dev/fleet': null } } }, merge),
    told: ['configured (healed) ConfigMap/c'],
    fields: [],
  },
  {
    name: 'an immutable field',
    before: (ns) => [deployment(ns, 'web')],
    after: (ns) => [deployment(ns, 'web', label(otherTemplate))],
    told: ['failed Deployment.apps/web'],
  },
  {
    name: 'the same where the object says that it may be made anew',
    before: (ns) => [deployment(ns, 'web')],
    after: (ns) => [annotated(deployment(ns, 'web', label(otherTemplate)), { 'flotilla.dev/recreate': yes })],
    told: ['configured (replaced) Deployment.apps/web'],
  },
  {
    name: 'an object that says that it is suspended',
    before: (ns) => [cm(ns)],
    after: (ns) => [annotated(cm(ns, { k: '2' }), { 'flotilla.dev/suspend': yes })],
    told: ['skipped (suspended) ConfigMap/c'],
    fields: [['/data/k', '1', '2']],
  },
  {
    name: 'a suspended fleet',
    before: (ns) => [cm(ns)],
    after: (ns) => [cm(ns, { k: '2' })],
    settings: { suspended: true },
    told: ['skipped (suspended) ConfigMap/c'],
    fields: [['/data/k', '1', '2']],
  },
  {
    name: 'a Secret, whose values nobody sees',
    before: (ns) => [secret(ns, 'a-secret-value')],
    after: (ns) => [secret(ns, 'another-secret')],
    told: ['configured Secret/s'],
    fields: [['/data/token', '(masked)', '(masked)']],
  },
  {
    name: 'an object that is adopted although it differs',
    before: () => [],
    after: (ns) => [annotated(cm(ns, { k: '2' }), { 'flotilla.dev/adopt': 'Always' })],
    hand: (plane, ns) => send(plane, 'POST', `/api/v1/namespaces/${ns}/configmaps`, cm(ns, { j: '1' })),
    told: ['configured (adopted) ConfigMap/c'],
    fields: [['/data/k', undefined, '2']],
    managers: ['nobody'],
  },
  {
    name: 'an object that is left alone, with what differs',
    before: () => [],
    after: (ns) => [cm(ns, { k: '2' })],
    hand: (plane, ns) => send(plane, 'POST', `/api/v1/namespaces/${ns}/configmaps`, cm(ns)),
    told: ['skipped (left alone) ConfigMap/c'],
    fields: [['/data/k', '1', '2']],
  },
  {
    name: 'one that is left alone and lacks a field, which nobody took away',
    before: () => [],
    after: (ns) => [cm(ns, { j: '1', k: '2' })],
    hand: (plane, ns) => send(plane, 'POST', `/api/v1/namespaces/${ns}/configmaps`, cm(ns, { j: '1' })),
    told: ['skipped (left alone) ConfigMap/c'],
    fields: [['/data/k', undefined, '2']],
    managers: ['nobody'],
  },
  {
    name: 'an object that leaves Git',
    before: (ns) => [cm(ns)],
    after: () => [],
    told: ['pruned ConfigMap/c'],
  },
  {
    name: 'one that leaves Git and is kept',
    before: (ns) => [annotated(cm(ns), { 'flotilla.dev/prune': 'false' })],
    after: () => [],
    told: ['skipped (kept) ConfigMap/c'],
  },
  {
    name: 'one that a field is misspelt in',
    before: () => [],
    after: (ns) => [cm(ns, { k: '1' }, {}), { ...configMap(ns, 'd', {}), dato: { k: '1' } }],
    told: ['created ConfigMap/c', 'failed ConfigMap/d'],
  },
]

function withoutReplicas(object: KubeObject): KubeObject {
  const { replicas: _replicas, ...spec } = object.spec as JsonObject
  return { ...object, spec }
}

function annotated(object: KubeObject, annotations: { [key: string]: string }): KubeObject {
  return { ...object, metadata: { ...object.metadata, annotations } }
}

function secret(ns: string, token: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: ns }, stringData: { token } }
}

async function planOf(plane: ControlPlane, wanted: DesiredState, set: MemberSettings): Promise<MemberPlan> {
  const connection = { type: 'file', path: plane.kubeconfigPath, context: undefined } as const
  const cluster = { name: plane.name, connection, proxyURL: '', serviceAccountName: '' }
  const transport = readOnly(connect(cluster, { clock: systemClock, readSecret: async () => undefined }))
  try {
    const session = await openSession({
      ...{ transport, clock: systemClock, owner: set, knownUid: undefined, isKnownCommit: undefined },
      ...{ holder: { id: 'plan', epoch: undefined, member: plane.name, isOther: () => false }, freshKey: () => 'key' },
    })
    return await planMember(session, wanted, set, systemClock)
  } finally {
    await transport.close()
  }
}

function lineOf({ subject, action, how }: PlannedObject, ns: string): string {
  return [action, how === undefined ? '' : `(${how})`, subject.replace(`/${ns}/`, '/')]
    .filter((x) => x !== '')
    .join(' ')
}

describeMembers('a plan of one member', ['etcd', 'kube-apiserver'], () => {
  let plane: ControlPlane
  before(async () => {
    plane = await sharedControlPlane()
  })

  for (const one of cases)
    it(`of ${one.name} is what a run then does, and writes nothing`, async () => {
      const ns = unique('plan')
      const base = settings()
      await withMember(plane, (member) => apply(member, desired(namespace(ns), ...one.before(ns)), base))
      await one.hand?.(plane, ns)
      const set = { ...base, ...one.settings }
      const wanted = desired(namespace(ns), ...one.after(ns))
      const from = plane.auditEntries().length
      const plan = await planOf(plane, wanted, set)
      const writes = requestsSince(plane, from, () => true).filter(
        (line) => !/^(get|list|watch) |^patch .*[?&]dryRun=All/.test(line),
      )
      assert.deepEqual(writes, [])
      assert.deepEqual(
        plan.objects.map((object) => lineOf(object, ns)),
        one.told,
      )
      const [first] = plan.objects
      if (one.fields)
        assert.deepEqual(
          first?.fields.map(({ path, live, wanted }) => [path, live, wanted]),
          one.fields,
        )
      if (one.managers)
        assert.deepEqual(
          first?.fields.map(({ manager }) => manager),
          one.managers,
        )
      await withMember(plane, async (member) => {
        await apply(member, wanted, { ...set, mayDelete: { has: () => true } })
        for (const { subject, action } of plan.objects) assert.equal(objectOf(member, subject).action, action, subject)
      })
    })

  it('tells what is created in a new namespace, and of a new kind, though no server can try it yet', async () => {
    const ns = unique('plan')
    const group = `${ns}.example.com`
    const definition: KubeObject = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `things.${group}` },
      spec: {
        ...{ group, scope: 'Namespaced', names: { plural: 'things', singular: 'thing', kind: 'Thing' } },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
      },
    }
    const thing: KubeObject = { apiVersion: `${group}/v1`, kind: 'Thing', metadata: { name: 't', namespace: ns } }
    const plan = await planOf(plane, desired(namespace(ns), cm(ns), definition, thing), settings())
    assert.deepEqual(plan.objects.map((object) => lineOf(object, ns)).sort(), [
      'created (untried) ConfigMap/c',
      `created (untried) Thing.${group}/t`,
      `created CustomResourceDefinition.apiextensions.k8s.io/things.${group}`,
      `created Namespace/${ns}`,
    ])
  })

  it('costs one list a kind and no more where nothing differs', async () => {
    const ns = unique('plan')
    const set = settings()
    const objects = Array.from({ length: 20 }, (_, i) => configMap(ns, `c-${i}`, { k: '1' }))
    const state = desired(namespace(ns), ...objects)
    await withMember(plane, (member) => apply(member, state, set))
    const from = plane.auditEntries().length
    const plan = await planOf(plane, state, set)
    assert.deepEqual([plan.objects, plan.unchanged], [[], 21])
    const asked = requestsSince(
      plane,
      from,
      (uri) => /(configmaps|namespaces)\?/.test(uri) && !/inventory|watch=true/.test(uri),
    )
    assert.equal(asked.length, 2, asked.join('\n'))
  })
})
