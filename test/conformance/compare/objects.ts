import fc from 'fast-check'
import type { Json, JsonObject } from '../../../repo-layout/json.ts'
import type { Kind } from './operations.ts'

/** An object whose keys are there or not, each by its own chance. */
function some(model: Record<string, fc.Arbitrary<Json>>): fc.Arbitrary<JsonObject> {
  return fc.record(model, { requiredKeys: [] }) as fc.Arbitrary<JsonObject>
}

/** An object whose keys are all there. */
function all(model: Record<string, fc.Arbitrary<Json>>): fc.Arbitrary<JsonObject> {
  return fc.record(model) as fc.Arbitrary<JsonObject>
}

const word = fc.constantFrom('a', 'b', 'c')
const value = fc.constantFrom<Json>('1', '2', 'x y', '')
const rarely = (arbitrary: fc.Arbitrary<Json>, odd: fc.Arbitrary<Json>) =>
  fc.oneof({ arbitrary, weight: 12 }, { arbitrary: odd, weight: 1 })
const map = fc.dictionary(word, rarely(value, fc.constantFrom<Json>(null)), { maxKeys: 3 }) as fc.Arbitrary<JsonObject>
const labels = fc.dictionary(word, fc.constantFrom<Json>('1', '2', ''), { maxKeys: 2 }) as fc.Arbitrary<JsonObject>
const list = (item: fc.Arbitrary<Json>, maxLength = 3) => fc.array(item, { maxLength }) as fc.Arbitrary<Json>

const port = some({
  name: fc.constantFrom('http', 'admin'),
  containerPort: rarely(fc.constantFrom<Json>(80, 81), fc.constantFrom<Json>(0, 70_000)),
  protocol: fc.constantFrom('TCP', 'UDP'),
}).map((one) => ({ containerPort: 80, ...one }))

const env = fc.oneof(
  all({ name: fc.constantFrom('A', 'B', 'C'), value }),
  all({ name: fc.constantFrom('A', 'B'), valueFrom: fc.constant<Json>({ fieldRef: { fieldPath: 'metadata.name' } }) }),
)

const amounts = some({ cpu: fc.constantFrom('1', '1000m', '500m'), memory: fc.constantFrom('1Gi', '64Mi') })
const probe = some({
  periodSeconds: fc.constantFrom<Json>(5),
  httpGet: some({ path: fc.constantFrom('/x') }).map((one) => ({ port: 80, ...one })),
})

const container = some({
  image: rarely(fc.constantFrom('nginx', 'nginx:1', 'r.io/x:latest', 'i@sha256:1'), fc.constantFrom<Json>('', null)),
  ports: list(port, 2),
  env: list(env),
  args: list(word),
  command: list(word),
  resources: fc.oneof(fc.constant({}), some({ requests: amounts, limits: amounts })),
  readinessProbe: probe,
  imagePullPolicy: fc.constantFrom('Always', 'Never'),
}).chain((one) => fc.constantFrom('web', 'side').map((name) => ({ image: 'nginx:2', ...one, name })))

const volume = fc.constantFrom<Json>(
  { name: 'v', emptyDir: {} },
  { name: 'u', configMap: { name: 'a' } },
  { name: 'w', secret: { secretName: 'a' } },
  { name: 'w' },
)

function podSpec(restarts: readonly string[]): fc.Arbitrary<JsonObject> {
  return some({
    containers: rarely(
      fc.array(container, { minLength: 1, maxLength: 2 }) as fc.Arbitrary<Json>,
      fc.constant<Json>([]),
    ),
    initContainers: list(container, 1),
    volumes: list(volume, 2),
    nodeSelector: labels,
    serviceAccountName: word,
    terminationGracePeriodSeconds: fc.constantFrom<Json>(0, 10),
    hostNetwork: fc.constantFrom<Json>(true, false),
    tolerations: list(fc.constant<Json>({ key: 'a', operator: 'Exists' }), 1),
  }).chain((one) =>
    fc.constantFrom(...restarts).map((policy) => ({
      containers: [{ name: 'web', image: 'nginx:3' }],
      ...one,
      ...(policy !== '' && { restartPolicy: policy }),
    })),
  )
}

function template(restarts: readonly string[]): fc.Arbitrary<JsonObject> {
  return fc
    .tuple(labels, podSpec(restarts), rarely(fc.constant<Json>('yes'), fc.constant<Json>('no')))
    .map(([more, spec, app]) => ({ metadata: { labels: { ...more, app } }, spec }))
}

const replicas = rarely(fc.constantFrom<Json>(0, 1, 2, 3), fc.constantFrom<Json>(-1, null))
const selector = rarely(fc.constant<Json>({ matchLabels: { app: 'yes' } }), fc.constantFrom<Json>(null, {}))

const workload = (more: Record<string, fc.Arbitrary<Json>>) =>
  fc
    .tuple(some(more), selector, template(['', 'Always']))
    .map(([spec, chosen, pods]) => ({ spec: { ...spec, selector: chosen, template: pods } }))

const servicePort = some({
  name: fc.constantFrom('http', 'admin', ''),
  protocol: fc.constantFrom('TCP', 'UDP'),
  targetPort: fc.constantFrom<Json>(8080, 'http'),
}).chain((one) =>
  rarely(fc.constantFrom<Json>(80, 81), fc.constantFrom<Json>(0)).map((number) => ({ ...one, port: number })),
)

const bodies: Readonly<Record<string, fc.Arbitrary<JsonObject>>> = {
  ConfigMap: some({
    data: map,
    binaryData: rarely(fc.constant<Json>({ z: 'eA==' }), fc.constantFrom<Json>({ z: '' }, { z: null })),
    immutable: rarely(fc.constant<Json>(false), fc.constant<Json>(true)),
  }),
  Secret: some({
    data: fc.dictionary(
      word,
      rarely(fc.constantFrom<Json>('eA==', 'eQ==', ''), fc.constantFrom<Json>('%', null, null)),
    ) as fc.Arbitrary<JsonObject>,
    stringData: map,
    type: rarely(fc.constant<Json>('Opaque'), fc.constantFrom<Json>('example.com/x')),
  }),
  ServiceAccount: some({
    automountServiceAccountToken: fc.constantFrom<Json>(true, false),
    imagePullSecrets: list(fc.constantFrom<Json>({ name: 'a' }, { name: 'b' }), 2),
  }),
  Service: some({
    selector: labels,
    ports: rarely(fc.array(servicePort, { minLength: 1, maxLength: 2 }) as fc.Arbitrary<Json>, fc.constant<Json>([])),
    type: fc.constantFrom('ClusterIP', 'NodePort', 'LoadBalancer'),
    clusterIP: rarely(fc.constant<Json>('None'), fc.constant<Json>('')),
    sessionAffinity: fc.constantFrom('None', 'ClientIP'),
    publishNotReadyAddresses: fc.constantFrom<Json>(true, false),
  }).map((spec) => ({ spec: { ports: [{ port: 80 }], ...spec } })),
  Deployment: workload({
    replicas,
    strategy: fc.constantFrom<Json>(
      {},
      { type: 'Recreate' },
      { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } },
      { rollingUpdate: { maxUnavailable: '50%' } },
    ),
    revisionHistoryLimit: fc.constantFrom<Json>(3),
    paused: fc.constantFrom<Json>(true, false),
    minReadySeconds: fc.constantFrom<Json>(0, 5),
  }),
  StatefulSet: workload({
    replicas,
    serviceName: word,
    podManagementPolicy: fc.constantFrom('Parallel', 'OrderedReady'),
    updateStrategy: fc.constantFrom<Json>({ type: 'OnDelete' }, {}, { rollingUpdate: { partition: 1 } }),
  }),
  DaemonSet: workload({
    updateStrategy: fc.constantFrom<Json>({ type: 'OnDelete' }, {}),
    minReadySeconds: fc.constantFrom<Json>(0, 5),
  }),
  Job: fc
    .tuple(
      some({
        parallelism: fc.constantFrom<Json>(1, 2),
        completions: fc.constantFrom<Json>(1, 3),
        backoffLimit: fc.constantFrom<Json>(0, 2),
        suspend: fc.constantFrom<Json>(true, false),
        ttlSecondsAfterFinished: fc.constantFrom<Json>(0, 60),
      }),
      rarely(template(['Never', 'OnFailure']), template([''])),
    )
    .map(([spec, pods]) => ({ spec: { ...spec, template: pods } })),
  Ingress: some({
    ingressClassName: word,
    rules: list(
      all({
        host: fc.constantFrom('a.example.com', 'b.example.com'),
        http: fc.constant<Json>({
          paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'a', port: { number: 80 } } } }],
        }),
      }),
      2,
    ),
    defaultBackend: fc.constant<Json>({ service: { name: 'a', port: { name: 'http' } } }),
  }).map((spec) => ({ spec })),
  Role: some({
    rules: list(
      all({
        apiGroups: fc.constantFrom<Json>([''], ['apps']),
        resources: fc.constantFrom<Json>(['pods'], ['pods', 'secrets']),
        verbs: fc.constantFrom<Json>(['get'], ['get', 'list']),
      }),
      2,
    ),
  }),
  Widget: some({
    size: rarely(fc.constantFrom<Json>(1, 2), fc.constantFrom<Json>(-1, null)),
    color: rarely(fc.constantFrom<Json>('red', 'blue'), fc.constant<Json>('green')),
    replicas: fc.constantFrom<Json>(0, 1, 2),
    free: fc.constantFrom<Json>({}, { a: { b: 1 } }, { a: { c: [1] }, d: null }),
    tags: list(word),
    plain: list(word),
    parts: list(some({ count: fc.constantFrom<Json>(1, 2) }).chain((one) => word.map((name) => ({ ...one, name })))),
  }).map((spec) => ({ spec })),
}

const metadata = some({
  labels: rarely(labels, fc.constantFrom<Json>(null, { a: 'not valid!' })),
  annotations: map,
  finalizers: rarely(fc.constant<Json>([]), fc.constant<Json>(['example.com/a'])),
})

/** A random object of a kind: mostly right, sometimes wrong in one thing. */
export function objectOf({ name: kind, apiVersion }: Kind): fc.Arbitrary<JsonObject> {
  const unknown = rarely(fc.constant<Json>(null), fc.constant<Json>('field'))
  return fc.tuple(bodies[kind] ?? fc.constant({}), metadata, unknown).map(([body, meta, extra]) => ({
    apiVersion,
    kind,
    metadata: meta,
    ...body,
    ...(extra !== null && { notAField: extra }),
  }))
}

const pods: Json = { metadata: { labels: { app: 'yes' } }, spec: { containers: [{ name: 'web', image: 'nginx' }] } }
const runs: JsonObject = { spec: { selector: { matchLabels: { app: 'yes' } }, template: pods } }

const right: Readonly<Record<string, JsonObject>> = {
  Service: { spec: { ports: [{ port: 80 }], clusterIP: 'None' } },
  Deployment: runs,
  StatefulSet: runs,
  DaemonSet: runs,
  Job: {
    spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'web', image: 'nginx' }] } } },
  },
  Ingress: { spec: { defaultBackend: { service: { name: 'a', port: { number: 80 } } } } },
  Widget: { spec: {} },
}

/** An object of a kind that nothing is wrong with, and that no other request is about. */
export function lastOf({ name: kind, apiVersion }: Kind): JsonObject {
  return { apiVersion, kind, metadata: { name: 'last', labels: { a: '1' } }, ...right[kind] }
}
