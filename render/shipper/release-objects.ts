import type { JsonPath, KubeObject } from '../../repo-layout/json.ts'
import { type Code, compare } from '../../repo-layout/message.ts'
import type { ChartNeed, ChartRendering, ChartRequest, Charts } from '../charts.ts'
import { prepareObjects, type ReleaseIdentity } from './chart-objects.ts'
import { manifestsOf } from './manifests.ts'
import { patchObjects } from './patch-objects.ts'
import type { Rollout } from './rollout.ts'
import type { Variant } from './variants.ts'

/** Why a release cannot be made, and where in the Application that stands. */
export interface ReleaseProblem {
  readonly type: 'failed'
  readonly at: JsonPath
  readonly code: Code
  readonly problem: string
}

/** The objects of a release, or what keeps it from being made: charts that must be rendered first, or something wrong. */
export type ReleaseObjects =
  | ({ readonly type: 'made' } & Pick<Rollout, 'manifests' | 'workload' | 'service' | 'totalReplicas' | 'engine'>)
  | { readonly type: 'needs'; readonly needs: readonly ChartNeed[] }
  | ReleaseProblem

/** Where in an Application it stands what a release is made of. */
export const places = {
  chart: ['spec', 'template', 'chart'],
  clusters: ['spec', 'template', 'clusterRequirements'],
  overrides: ['spec', 'template', 'overrides'],
} as const satisfies Record<string, JsonPath>

/**
 * Renders a chart for all clusters of a release, once for each of the values that it has among them, and changes what it
 * rendered as overrides say. It is made whole or not at all, and what carries its capacity and its traffic is the same in
 * all of its clusters.
 */
export function releaseObjects(
  variants: readonly Variant[],
  request: Omit<ChartRequest, 'values'>,
  identity: ReleaseIdentity,
  charts: Charts,
): ReleaseObjects {
  const renderings = new Map<string, ChartRendering>()
  const needs = new Map<string, ChartNeed>()
  for (const { values } of variants) {
    const key = JSON.stringify(values)
    if (renderings.has(key) || needs.has(key)) continue
    const rendering = charts.render({ ...request, values })
    if (rendering) renderings.set(key, rendering)
    else needs.set(key, { type: 'render', request: { ...request, values } })
  }
  if (needs.size > 0) return { type: 'needs', needs: [...needs.values()] }

  const made = variants.flatMap((variant) => {
    const rendering = renderings.get(JSON.stringify(variant.values))
    return rendering ? [ownObjects(variant, rendering, request, identity)] : []
  })
  const own = made.filter((one) => one.type === 'own')
  const problem = failureIn(made) ?? differenceIn(own)
  if (problem) return problem
  const [first] = own
  if (!first) throw new Error(`nothing was made of release ${identity.release}`)
  const { workload, service, engine } = first
  const totals = own.flatMap(({ clusters, totalReplicas }) => clusters.map((name) => [name, totalReplicas] as const))
  return { type: 'made', manifests: manifestsOf(own), workload, service, engine, totalReplicas: new Map(totals) }
}

interface Own extends Pick<Rollout, 'workload' | 'service' | 'engine'> {
  readonly type: 'own'
  readonly clusters: readonly string[]
  readonly objects: readonly KubeObject[]
  readonly totalReplicas: number
}

interface Failure {
  readonly type: 'failed'
  readonly clusters: readonly string[]
  /** Where the override stands that does not apply; undefined where it is the chart that is not fit. */
  readonly at: JsonPath | undefined
  readonly problem: string
}

function ownObjects(
  { clusters, patches }: Variant,
  rendering: ChartRendering,
  { chart }: Omit<ChartRequest, 'values'>,
  identity: ReleaseIdentity,
): Own | Failure {
  const failed = (problem: string, at?: JsonPath): Failure => ({ type: 'failed', clusters, at, problem })
  if (rendering.type === 'failed') return failed(`${rendering.problem} (BrokenChartSpec)`)
  const patched = patchObjects(rendering.objects, patches, identity)
  if (patched.type === 'failed') return failed(patched.problem, patched.at)
  const prepared = prepareObjects(patched.objects, identity)
  if (prepared.type === 'refused')
    return failed(`chart ${chart.name} ${chart.version}: ${prepared.problem} (${prepared.reason})`)
  const { objects, workload, service, totalReplicas } = prepared
  return { type: 'own', clusters, objects, workload, service, totalReplicas, engine: rendering.engine }
}

/** The first failure, with all clusters that it is of: named unless the chart is not fit for any. */
function failureIn(made: readonly (Own | Failure)[]): ReleaseProblem | undefined {
  const failures = made.filter((one) => one.type === 'failed')
  const [first] = failures
  if (!first) return undefined
  const { at, problem } = first
  const alike = failures.filter((one) => one.at?.join() === at?.join() && one.problem === problem)
  if (at === undefined && alike.length === made.length)
    return { type: 'failed', at: places.chart, code: 'chart', problem }
  const clusters = alike.flatMap((one) => one.clusters).sort(compare)
  const code = at === undefined ? 'chart' : 'override-failed'
  return { type: 'failed', at: at ?? places.overrides, code, problem: `in ${clusters.join(', ')}: ${problem}` }
}

/** A step moves replicas and weights of one workload and one Service by percentages that are the same everywhere. */
function differenceIn(own: readonly Own[]): ReleaseProblem | undefined {
  const [first] = own
  for (const key of ['workload', 'service'] as const) {
    const other = own.find((one) => one[key] !== first?.[key])
    if (!first || !other) continue
    const is = (one: Own) => `${one[key] ?? 'none'} in ${one.clusters.join(', ')}`
    const role = { workload: 'the workload', service: 'the Service that carries the traffic' }[key]
    const problem = `${role} must be the same in all clusters of a release, but it is ${is(first)} and ${is(other)}`
    return { type: 'failed', at: places.overrides, code: 'chart', problem: `${problem} (BrokenChartSpec)` }
  }
  return undefined
}
