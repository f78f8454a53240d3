import type { MemberCluster } from '../../repo-layout/cluster.ts'
import type { JsonPath } from '../../repo-layout/json.ts'
import type { Valid } from '../../repo-layout/read/assemble.ts'
import { rolloutNamespace } from '../../repo-layout/read/rollouts.ts'
import type { ApplicationDocument } from '../../repo-layout/schema/shipper.ts'
import type { ChartNeed, ChartRef, Charts } from '../charts.ts'
import { nextGeneration, nextIteration } from './chain.ts'
import { prepareObjects } from './chart-objects.ts'
import { chooseClusters } from './choose.ts'
import type { ReleaseEnvironment } from './environment.ts'
import { environmentHash, releaseName } from './hash.ts'
import { inheritedLabels, releaseLabels } from './record.ts'
import { labels, type Rollout } from './rollout.ts'
import { templateOf } from './template.ts'

/** What beginning a release needs to know. */
export interface BeginContext {
  readonly fleetName: string
  /** The inventory. */
  readonly clusters: readonly MemberCluster[]
  readonly charts: Charts
}

/** A release that was made, or why there is none yet: charts that must be asked for first, or something that is wrong. */
export type Begun =
  | { readonly type: 'begun'; readonly rollout: Rollout }
  | { readonly type: 'needs'; readonly need: ChartNeed }
  | {
      readonly type: 'failed'
      readonly at: JsonPath
      readonly reason: string
      readonly problem: string
    }

const template: JsonPath = ['spec', 'template']

/**
 * Makes the next release of an application from its template (`shipper 0.10 application_controller.go`): chooses
 * clusters, resolves the chart's version and renders the chart, all of it for once. A template that a release in `existing` has
 * already keeps the version that was resolved for it, and its archive must be the same.
 */
export function beginRelease(
  { document, value }: Valid<ApplicationDocument>,
  existing: readonly Rollout[],
  { fleetName, clusters, charts }: BeginContext,
): Begun {
  const written = templateOf(value)
  const choice = chooseClusters(value.metadata.name, written.clusterRequirements, clusters)
  if (choice.type === 'failed')
    return failed([...template, 'clusterRequirements'], choice.problem.reason, choice.problem.text)
  const templateHash = environmentHash(written)
  const known = existing.findLast((rollout) => rollout.template === templateHash)
  const wanted: ChartRef = known ? { ...written.chart, version: known.environment.chart.version } : written.chart
  const resolution = charts.resolve(wanted)
  if (!resolution) return { type: 'needs', need: { type: 'resolve', ref: wanted } }
  const chartAt = [...template, 'chart']
  if (resolution.type === 'failed') return failed(chartAt, 'ChartVersionResolutionFailed', resolution.problem)
  const { version, digest } = resolution
  const before = existing.find(
    ({ environment: { chart }, digest: other }) =>
      chart.name === wanted.name && chart.repoUrl === wanted.repoUrl && chart.version === version && other !== digest,
  )
  if (before)
    return failed(
      chartAt,
      'ChartRepublished',
      `chart ${wanted.name} ${version} is not what it was: its digest is ${digest}, and release ${before.name} was made of ${before.digest}; publish what changed under another version`,
    )

  const environment: ReleaseEnvironment = { ...written, chart: { ...written.chart, version } }
  const hash = environmentHash(environment)
  const iteration = nextIteration(existing, hash)
  const generation = nextGeneration(existing)
  const name = releaseName(value.metadata.name, hash, iteration)
  const namespace = rolloutNamespace(value.metadata)
  const request = {
    chart: { ...environment.chart, digest },
    releaseName: name,
    namespace,
    values: environment.values ?? {},
  }
  const rendering = charts.render(request)
  if (!rendering) return { type: 'needs', need: { type: 'render', request } }
  if (rendering.type === 'failed') return failed(chartAt, 'BrokenChartSpec', rendering.problem)

  const applicationLabels = inheritedLabels(value.metadata.labels ?? {})
  const identity = { application: value.metadata.name, name, hash, applicationLabels }
  const prepared = prepareObjects(rendering.objects, {
    fleetName,
    namespace,
    application: value.metadata.name,
    release: name,
    labels: releaseLabels(identity),
    helmWorkaround: value.metadata.labels?.[labels.helmWorkaround],
  })
  if (prepared.type === 'refused')
    return failed(chartAt, prepared.reason, `chart ${wanted.name} ${version}: ${prepared.problem}`)
  return {
    type: 'begun',
    rollout: {
      ...identity,
      namespace,
      generation,
      iteration,
      source: document.path,
      environment,
      template: templateHash,
      digest,
      engine: rendering.engine,
      clusters: choice.clusters,
      targetStep: 0,
      achievedStep: undefined,
      achievedIn: new Map(),
      complete: false,
      retreating: false,
      failed: undefined,
      totalReplicas: new Map(choice.clusters.map((cluster) => [cluster, prepared.totalReplicas])),
      percent: new Map(),
      weight: new Map(),
      selectedIn: new Set(),
      conditions: [],
      state: undefined,
      manifests: [{ clusters: undefined, objects: prepared.objects }],
      workload: prepared.workload,
      service: prepared.service,
    },
  }
}

function failed(at: JsonPath, reason: string, problem: string): Begun {
  return { type: 'failed', at, reason, problem }
}
