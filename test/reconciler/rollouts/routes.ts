import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import {
  getIn,
  isJsonArray,
  isJsonObject,
  type Json,
  type JsonObject,
  type KubeObject,
} from '../../../repo-layout/json.ts'
import { requireBinary } from '../../testbed/binaries.ts'
import type { ControlPlane } from '../../testbed/control-plane.ts'
import { eventually } from '../daemon/harness.ts'
import type { TestMember } from '../daemon/members.ts'

const gateway = 'gateway.networking.k8s.io/v1'
const service = { name: 'nginx', port: 80 }

/** Routes of a chart that lead to the production Service of `nginx`: alone in a rule, and beside another one. */
export const routes: readonly KubeObject[] = [
  {
    apiVersion: gateway,
    kind: 'HTTPRoute',
    metadata: { name: 'nginx' },
    spec: {
      parentRefs: [{ name: 'public' }],
      hostnames: ['nginx.example.com'],
      rules: [
        { backendRefs: [service] },
        {
          matches: [{ path: { type: 'PathPrefix', value: '/archive' } }],
          backendRefs: [
            { ...service, weight: 900_000 },
            { name: 'archive', port: 80, weight: 100_000 },
          ],
        },
      ],
    },
  },
  {
    apiVersion: gateway,
    kind: 'GRPCRoute',
    metadata: { name: 'nginx' },
    spec: { parentRefs: [{ name: 'public' }], rules: [{ backendRefs: [service] }] },
  },
  {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'nginx' },
    spec: { hosts: ['nginx'], http: [{ route: [{ destination: { host: 'nginx', port: { number: 80 } } }] }] },
  },
]

/** Hosts that no gateway of these tests listens for. */
const unknownHost = 'unknown.example.com'

/** The same, but that the HTTPRoute is for hosts that no gateway knows. */
export const routesForNobody = routes.map((route) =>
  route.kind === 'HTTPRoute' ? { ...route, spec: { ...(route.spec as JsonObject), hostnames: [unknownHost] } } : route,
)

/** Where routes are on an API server. */
export const routePath = {
  HTTPRoute: (namespace: string) => `/apis/${gateway}/namespaces/${namespace}/httproutes/nginx`,
  GRPCRoute: (namespace: string) => `/apis/${gateway}/namespaces/${namespace}/grpcroutes/nginx`,
  VirtualService: (namespace: string) => `/apis/networking.istio.io/v1/namespaces/${namespace}/virtualservices/nginx`,
} as const

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

/** Has a cluster serve routes as Gateway API and Istio define them; gives what takes that back. */
export async function serveRoutes({ request, policies }: ControlPlane): Promise<() => Promise<void>> {
  const wanted = policies ? plainDefinitions : realDefinitions()
  const pathOf = ({ metadata }: KubeObject) => `${definitions}/${metadata.name}`
  const isEstablished = (one: Json) => getIn(one, ['type']) === 'Established' && getIn(one, ['status']) === 'True'
  for (const definition of wanted) {
    const { status, body } = await request('POST', definitions, definition)
    if (status !== 201) throw new Error(`${definition.metadata.name}: ${status} ${JSON.stringify(body)}`)
  }
  for (const definition of wanted)
    await eventually(async () => {
      const conditions = getIn((await request('GET', pathOf(definition))).body, ['status', 'conditions'])
      return isJsonArray(conditions) && conditions.some(isEstablished)
    }, `${definition.metadata.name} is served`)
  return async () => {
    for (const definition of wanted) await request('DELETE', pathOf(definition))
    for (const definition of wanted)
      await eventually(
        async () => (await request('GET', pathOf(definition))).status === 404,
        `${definition.metadata.name} is gone`,
      )
  }
}

/** Those that the makers of both publish. */
function realDefinitions(): readonly KubeObject[] {
  const folder = requireBinary('route-definitions')
  const files = [
    'config/crd/standard/gateway.networking.k8s.io_httproutes.yaml',
    'config/crd/standard/gateway.networking.k8s.io_grpcroutes.yaml',
    'kubernetes/customresourcedefinitions.gen.yaml',
  ]
  return files
    .flatMap((file) =>
      parseAllDocuments(readFileSync(join(folder, file), 'utf8')).map((one) => one.toJS() as KubeObject),
    )
    .filter((one) =>
      ['HTTPRoute', 'GRPCRoute', 'VirtualService'].includes(String(getIn(one, ['spec', 'names', 'kind']))),
    )
}

/** As much of them as a cluster in memory needs to keep such objects. */
const plainDefinitions = [
  ['gateway.networking.k8s.io', 'HTTPRoute', 'httproutes'],
  ['gateway.networking.k8s.io', 'GRPCRoute', 'grpcroutes'],
  ['networking.istio.io', 'VirtualService', 'virtualservices'],
].map(([group = '', kind = '', plural = '']): KubeObject => {
  const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec: open, status: open } } }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}`, annotations: { 'api-approved.kubernetes.io': 'unapproved, for tests' } },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [{ name: 'v1', served: true, storage: true, subresources: { status: {} }, schema }],
    },
  }
})

/** The Services that a live route names in one of its rules, with their weights; undefined where there is no route. */
export function weightsOf(route: JsonObject | undefined, rule = 0): Readonly<Record<string, number>> | undefined {
  if (!route) return undefined
  const targets = getIn(route, ['spec', 'rules', rule, 'backendRefs']) ?? getIn(route, ['spec', 'http', rule, 'route'])
  const entries = (isJsonArray(targets) ? targets : []).filter(isJsonObject).map((target) => {
    const name = target.name ?? getIn(target, ['destination', 'host'])
    return [String(name), Number(target.weight ?? 1)] as const
  })
  return Object.fromEntries(entries)
}

/** Looks at a route again and again, and at the Services behind it. */
export interface RouteWatch {
  /** The weights that the first rule had, one after the other. */
  readonly seen: readonly Readonly<Record<string, number>>[]
  /** Services that had a weight and no ready endpoint; never those named in `except`. */
  readonly bare: readonly string[]
  stop(): Promise<number>
}

/** Starts looking at the HTTPRoute of a namespace. */
export function watchRoute(
  { live }: TestMember,
  namespace: string,
  endpoints: (service: string) => Promise<number>,
): RouteWatch {
  const seen: Readonly<Record<string, number>>[] = []
  const bare: string[] = []
  let looked = 0
  let stopped = false
  const versionOf = (route: JsonObject | undefined) => getIn(route, ['metadata', 'resourceVersion'])
  const loop = async () => {
    while (!stopped) {
      const route = await live(routePath.HTTPRoute(namespace))
      const weights = weightsOf(route)
      if (weights) {
        if (JSON.stringify(seen.at(-1)) !== JSON.stringify(weights)) seen.push(weights)
        for (const [name, weight] of Object.entries(weights)) {
          if (weight === 0 || name === 'nginx' || (await endpoints(name)) > 0) continue
          // It counts only if the route led there all the time.
          if (versionOf(await live(routePath.HTTPRoute(namespace))) === versionOf(route)) bare.push(name)
        }
        looked++
      }
      await new Promise((resolve) => setTimeout(resolve, 30))
    }
  }
  const ended = loop()
  return {
    seen,
    bare,
    async stop() {
      stopped = true
      await ended
      return looked
    },
  }
}

/**
 * What serves the HTTPRoutes of a cluster in place of a gateway: says of each generation whether it takes it, unless it is
 * away.
 */
export function answerRoutes({ live, plane }: TestMember, namespace: string) {
  const state = { isAway: false, stopped: false }
  const loop = async () => {
    while (!state.stopped) {
      const route = await live(routePath.HTTPRoute(namespace))
      const generation = getIn(route, ['metadata', 'generation'])
      const said = getIn(route, ['status', 'parents', 0, 'conditions', 0, 'observedGeneration'])
      if (route && !state.isAway && said !== generation) {
        const hosts = getIn(route, ['spec', 'hostnames'])
        const isRefused = isJsonArray(hosts) && hosts.includes(unknownHost)
        const accepted = {
          type: 'Accepted',
          status: isRefused ? 'False' : 'True',
          reason: isRefused ? 'NoMatchingListenerHostname' : 'Accepted',
          message: isRefused ? 'no listener for these hosts' : '',
          observedGeneration: generation,
          lastTransitionTime: '2026-01-01T00:00:00Z',
        }
        const parents = [
          { parentRef: { name: 'public' }, controllerName: 'example.com/gateway', conditions: [accepted] },
        ]
        await plane.request('PATCH', `${routePath.HTTPRoute(namespace)}/status`, { status: { parents } } as JsonObject)
      }
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  const ended = loop()
  return {
    setAway(isAway: boolean) {
      state.isAway = isAway
    },
    async stop() {
      state.stopped = true
      await ended
    },
  }
}
