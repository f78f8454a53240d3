import assert from 'node:assert/strict'
import { type PodUse, podUses } from '../../render/pod-uses.ts'
import type { JsonObject, KubeObject } from '../../repo-layout/json.ts'

const named = { name: 'it', namespace: 'shop' }
const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: named }
const secret = { apiVersion: 'v1', kind: 'Secret', metadata: named }

function workload(pod: JsonObject): KubeObject {
  const template = { metadata: { labels: { app: 'web', tier: 'front' } }, spec: pod }
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'shop' }, spec: { template } }
}

/** Pods with one container and one volume of it. */
function mounting(volume: JsonObject, mount: JsonObject = {}): JsonObject {
  return {
    containers: [{ name: 'web', volumeMounts: [{ name: 'v', mountPath: '/v', ...mount }] }],
    volumes: [{ name: 'v', ...volume }],
  }
}

function container(fields: JsonObject): JsonObject {
  return { containers: [{ name: 'web', ...fields }] }
}

function object(apiVersion: string, kind: string, spec: JsonObject): KubeObject {
  return { apiVersion, kind, metadata: named, spec }
}

const plain = container({})
const target = (apiVersion: string, name = 'web') => ({ apiVersion, kind: 'Deployment', name })

const cases: readonly (readonly [what: string, object: KubeObject, pod: JsonObject, uses: readonly PodUse[]])[] = [
  ['a ConfigMap as a volume', configMap, mounting({ configMap: { name: 'it' } }), ['mount']],
  ['a ConfigMap of another name', configMap, mounting({ configMap: { name: 'that' } }), []],
  ['a Secret as a volume', secret, mounting({ secret: { secretName: 'it' } }), ['mount']],
  ['a Secret of the name of a ConfigMap', secret, mounting({ configMap: { name: 'it' } }), []],
  [
    'a projected ConfigMap',
    configMap,
    mounting({ projected: { sources: [{ configMap: { name: 'it' } }] } }),
    ['mount'],
  ],
  ['a projected Secret', secret, mounting({ projected: { sources: [{ secret: { name: 'it' } }] } }), ['mount']],
  ['a file by subPath', configMap, mounting({ configMap: { name: 'it' } }, { subPath: 'a' }), ['start']],
  ['a volume that nobody mounts', configMap, { ...plain, volumes: [{ name: 'v', configMap: { name: 'it' } }] }, []],
  [
    'an init container',
    configMap,
    {
      initContainers: [{ name: 'i', volumeMounts: [{ name: 'v', mountPath: '/v' }] }],
      volumes: [{ name: 'v', configMap: { name: 'it' } }],
    },
    ['mount'],
  ],
  ['all variables of a ConfigMap', configMap, container({ envFrom: [{ configMapRef: { name: 'it' } }] }), ['start']],
  [
    'one variable of a Secret',
    secret,
    container({ env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'it', key: 'a' } } }] }),
    ['start'],
  ],
  ['a Secret to pull images with', secret, { ...plain, imagePullSecrets: [{ name: 'it' }] }, ['imagePull']],
  [
    'a claim',
    { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: named },
    mounting({ persistentVolumeClaim: { claimName: 'it' } }),
    ['mount'],
  ],
  [
    'a service account',
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: named },
    { ...plain, serviceAccountName: 'it' },
    ['serviceAccount'],
  ],
  ['a Service that selects them', object('v1', 'Service', { selector: { app: 'web' } }), plain, ['traffic']],
  ['a Service that selects others', object('v1', 'Service', { selector: { app: 'db' } }), plain, []],
  ['a Service without a selector', object('v1', 'Service', {}), plain, []],
  [
    'a budget',
    object('policy/v1', 'PodDisruptionBudget', {
      selector: { matchExpressions: [{ key: 'tier', operator: 'In', values: ['front'] }] },
    }),
    plain,
    ['selection'],
  ],
  [
    'a budget of others',
    object('policy/v1', 'PodDisruptionBudget', { selector: { matchLabels: { app: 'db' } } }),
    plain,
    [],
  ],
  [
    'a policy about all pods',
    object('networking.k8s.io/v1', 'NetworkPolicy', { podSelector: {} }),
    plain,
    ['selection'],
  ],
  [
    'an autoscaler',
    object('autoscaling/v2', 'HorizontalPodAutoscaler', { scaleTargetRef: target('apps/v1') }),
    plain,
    ['scaling'],
  ],
  [
    'an autoscaler of another workload',
    object('autoscaling/v2', 'HorizontalPodAutoscaler', { scaleTargetRef: target('apps/v1', 'db') }),
    plain,
    [],
  ],
  [
    'an object in another namespace',
    { ...configMap, metadata: { name: 'it', namespace: 'other' } },
    mounting({ configMap: { name: 'it' } }),
    [],
  ],
]

describe('what pods have to do with', () => {
  for (const [what, of, pod, uses] of cases)
    it(`${what}: ${uses.join(', ') || 'nothing'}`, () => {
      assert.deepEqual(podUses(of, workload(pod)), uses)
    })

  it('something that is no workload: nothing', () => {
    assert.deepEqual(podUses(configMap, object('v1', 'Service', {})), [])
  })
})
