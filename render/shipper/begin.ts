import type { MemberCluster } from '../../repo-layout/cluster.ts'
import type { Valid } from '../../repo-layout/read/assemble.ts'
import { rolloutNamespace } from '../../repo-layout/read/rollouts.ts'
import type { ApplicationDocument } from '../../repo-layout/schema/shipper.ts'
import type { ChartNeed, ChartRef, Charts } from '../charts.ts'
import { nextGeneration, nextIteration } from './chain.ts'
import { chooseClusters } from './choose.ts'
import type { ReleaseEnvironment } from './environment.ts'
import { environmentHash, releaseName } from './hash.ts'
import type { ApplicationOverride } from './overrides.ts'
import { inheritedLabels, releaseLabels } from './record.ts'
import { places, type ReleaseProblem, releaseObjects } from './release-objects.ts'
import { labels, notBegun, type Rollout } from './rollout.ts'
import { templateOf } from './template.ts'
import { variantsOf } from './variants.ts'

/** What beginning a release needs to know. */
export interface BeginContext {
  readonly fleetName: string
  /** The inventory. */
  readonly clusters: readonly MemberCluster[]
  /** What is other in some of them. */
  readonly overrides: readonly ApplicationOverride[]
  readonly charts: Charts
}

/** A release that was made, or why there is none yet: charts that must be asked for first, or something that is wrong. */
export type Begun =
  | { readonly type: 'begun'; readonly rollout: Rollout }
  | { readonly type: 'needs'; readonly needs: readonly ChartNeed[] }
  | ReleaseProblem

/**
 * Makes the next release of an application from its template (`shipper 0.10 application_controller.go`): chooses
 * clusters, resolves the chart's version and renders the chart, all of it for once; what overrides say counts by the labels
 * that clusters have then. A template that a release in `existing` has
 * already keeps the version that was resolved for it, and its archive must be the same.
 */
export function beginRelease(
  { document, value }: Valid<ApplicationDocument>,
  existing: readonly Rollout[],
  { fleetName, clusters, overrides, charts }: BeginContext,
): Begun {
  const written = templateOf(value)
  const choice = chooseClusters(value.metadata.name, written.clusterRequirements, clusters)
  if (choice.type === 'failed') return failed('cluster-choice', choice.problem.reason, choice.problem.text)
  if (choice.clusters.length === 0) {
    const text =
      'clusterRequirements ask for no cluster at all; what runs goes on; remove the Application to have it nowhere'
    return failed('cluster-choice', 'NoClusters', text)
  }
  const templateHash = environmentHash(written)
  const known = existing.findLast((rollout) => rollout.template === templateHash)
  const wanted: ChartRef = known ? { ...written.chart, version: known.environment.chart.version } : written.chart
  const resolution = charts.resolve(wanted)
  if (!resolution) return { type: 'needs', needs: [{ type: 'resolve', ref: wanted }] }
  if (resolution.type === 'failed') return failed('chart', 'ChartVersionResolutionFailed', resolution.problem)
  const { version, digest } = resolution
  const before = existing.find(
    ({ environment: { chart }, digest: other }) =>
      chart.name === wanted.name && chart.repoUrl === wanted.repoUrl && chart.version === version && other !== digest,
  )
  if (before)
    return failed(
      'chart',
      'ChartRepublished',
      `chart ${wanted.name} ${version} is not what it was: its digest is ${digest}, and release ${before.name} was made of ${before.digest}; publish what changed under another version`,
    )

  const environment: ReleaseEnvironment = { ...written, chart: { ...written.chart, version } }
  const hash = environmentHash(environment)
  const iteration = nextIteration(existing, hash)
  const generation = nextGeneration(existing)
  const name = releaseName(value.metadata.name, hash, iteration)
  const namespace = rolloutNamespace(value.metadata)
  const applicationLabels = inheritedLabels(value.metadata.labels ?? {})
  const identity = { application: value.metadata.name, name, hash, applicationLabels }
  const chosen = clusters.filter((cluster) => choice.clusters.includes(cluster.name))
  const objects = releaseObjects(
    variantsOf(chosen, environment.values ?? {}, overrides),
    { chart: { ...environment.chart, digest }, releaseName: name, namespace },
    {
      fleetName,
      namespace,
      application: value.metadata.name,
      release: name,
      labels: releaseLabels(identity),
      helmWorkaround: value.metadata.labels?.[labels.helmWorkaround],
    },
    charts,
  )
  if (objects.type !== 'made') return objects
  const { manifests, workload, service, totalReplicas, engine } = objects
  return {
    type: 'begun',
    rollout: {
      ...notBegun,
      ...identity,
      namespace,
      generation,
      iteration,
      source: document.path,
      environment,
      template: templateHash,
      digest,
      engine,
      clusters: choice.clusters,
      totalReplicas,
      manifests,
      workload,
      service,
    },
  }
}

function failed(code: 'chart' | 'cluster-choice', reason: string, problem: string): ReleaseProblem {
  const at = code === 'chart' ? places.chart : places.clusters
  return { type: 'failed', at, code, problem: `${problem} (${reason})` }
}
