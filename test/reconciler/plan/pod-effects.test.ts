import assert from 'node:assert/strict'
import type { DesiredObject } from '../../../reconciler/member/types.ts'
import { withPodEffects } from '../../../reconciler/plan/pod-effects.ts'
import type { PlannedObject } from '../../../reconciler/plan/types.ts'
import type { JsonObject, KubeObject } from '../../../repo-layout/json.ts'
import { subjectOf } from '../../../repo-layout/subject.ts'
import { planned } from '../views/plan-example.ts'

const settings: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace: 'shop' } }

function workload(kind: string, spec: JsonObject = {}): KubeObject {
  const pod = { containers: [{ name: 'web', envFrom: [{ configMapRef: { name: 'settings' } }] }] }
  const metadata = { name: 'web', namespace: 'shop' }
  return { apiVersion: 'apps/v1', kind, metadata, spec: { ...spec, template: { spec: pod } } }
}

function effectsOf(
  changed: readonly PlannedObject[],
  objects: readonly KubeObject[],
): readonly PlannedObject['pods'][] {
  const desired = objects.map((object): [string, DesiredObject] => {
    const subject = subjectOf(object)
    return [subject, { subject, oid: '', source: '', object }]
  })
  return withPodEffects(changed, { objects: new Map(desired) }).map(({ pods }) => pods)
}

const at = (path: string) => [{ path, live: 'a', wanted: 'b', manager: 'flotilla' }]
const web = (kind: string, change: Partial<PlannedObject>) =>
  planned(`${kind}.apps/shop/web`, { action: 'configured', ...change })
const image = at('/spec/template/spec/containers[name=web]/image')
const changedSettings = planned('ConfigMap/shop/settings', { action: 'configured', fields: at('/data/a') })
const reads = (kind: string) => [{ workload: `${kind}.apps/shop/web`, uses: ['start'] }]

type Case = readonly [
  what: string,
  changed: PlannedObject,
  objects: readonly KubeObject[],
  pods: PlannedObject['pods'] | ReturnType<typeof reads>,
]

const cases: readonly Case[] = [
  ['another image', web('Deployment', { fields: image }), [workload('Deployment')], 'restart'],
  [
    'an annotation of pods',
    web('StatefulSet', { fields: at('/spec/template/metadata/annotations/a') }),
    [workload('StatefulSet')],
    'restart',
  ],
  ['the same undone', web('Deployment', { fields: image, how: 'healed' }), [workload('Deployment')], 'restart'],
  ['more replicas', web('Deployment', { fields: at('/spec/replicas') }), [workload('Deployment')], undefined],
  [
    'a field that only begins alike',
    web('Deployment', { fields: at('/spec/templates') }),
    [workload('Deployment')],
    undefined,
  ],
  [
    'a workload without pods',
    web('Deployment', { fields: image }),
    [workload('Deployment', { replicas: 0 })],
    undefined,
  ],
  [
    'pods that are changed as somebody deletes them',
    web('DaemonSet', { fields: image }),
    [workload('DaemonSet', { updateStrategy: { type: 'OnDelete' } })],
    undefined,
  ],
  ['a workload that is new', web('Deployment', { action: 'created' }), [workload('Deployment')], undefined],
  ['a refused one', web('Deployment', { action: 'failed', fields: image }), [workload('Deployment')], undefined],
  ['a ConfigMap', changedSettings, [settings, workload('Deployment')], reads('Deployment')],
  ['a ConfigMap that nobody reads', changedSettings, [settings], undefined],
  [
    'a ConfigMap of a workload without pods',
    changedSettings,
    [settings, workload('Deployment', { replicas: 0 })],
    undefined,
  ],
  ['only our own marks', { ...changedSettings, fields: [] }, [settings, workload('Deployment')], undefined],
]

describe('what a planned change does to pods that run', () => {
  for (const [what, changed, objects, pods] of cases)
    it(`${what}: ${pods === 'restart' ? 'restarts them' : pods ? 'they read it' : 'nothing'}`, () => {
      assert.deepEqual(effectsOf([changed], objects), [pods])
    })

  it('leaves out a workload that is only made with the change', () => {
    const created = web('Deployment', { action: 'created' })
    assert.deepEqual(effectsOf([changedSettings, created], [settings, workload('Deployment')]), [undefined, undefined])
  })
})
