import type { Subject } from '../../repo-layout/subject.ts'
import type { StrategyCondition, StrategyState } from './conditions.ts'
import type { ReleaseEnvironment } from './environment.ts'
import type { Manifest } from './manifests.ts'

/** Labels that Shipper puts on what belongs to a release, and reads (`shipper 0.10 labels.go`). */
export const labels = {
  app: 'shipper-app',
  release: 'shipper-release',
  hash: 'shipper-release-hash',
  owner: 'shipper-owned-by',
  loadBalancer: 'shipper-lb',
  traffic: 'shipper-traffic-status',
  helmWorkaround: 'enable-helm-release-workaround',
} as const

/** Annotations of rollouts: Shipper's own, and ours where Shipper has none. */
export const notes = {
  generation: 'shipper.booking.com/release.generation',
  iteration: 'shipper.booking.com/release.template.iteration',
  clusters: 'shipper.booking.com/release.clusters',
  /** The application of an object in a member cluster, `namespace/name`. */
  application: 'flotilla.dev/application',
  /** On the workload of a release in a cluster: what its record holds beside it, as JSON. */
  release: 'flotilla.dev/release',
  /** On the production Service of a cluster: the weight of each release, as JSON. */
  traffic: 'flotilla.dev/traffic',
  /** The hash of the template as it is written, before the version of the chart was resolved. */
  template: 'flotilla.dev/template-hash',
  /** The digest of the chart's archive. */
  digest: 'flotilla.dev/chart-digest',
  /** What rendered the chart. */
  engine: 'flotilla.dev/chart-engine',
  /** On a release that is being given up: the running version gets everything back first. */
  retreating: 'flotilla.dev/retreating',
  /** On the running version: the release that failed after it, as JSON. It is not begun again. */
  failed: 'flotilla.dev/failed',
} as const

/** A release that was given up because one of its steps failed. */
export interface FailedRelease {
  readonly release: string
  /** Hash of the Application's template as it was written then: until that changes nothing is begun. */
  readonly template: string
  readonly reason: string
}

/** A release that is in force: everything that the generated branch holds about it. */
export interface Rollout {
  readonly namespace: string
  readonly application: string
  readonly name: string
  /** 0, 1, 2 … per application: the order of its releases. */
  readonly generation: number
  readonly iteration: number
  /** Hash of `environment`. */
  readonly hash: string
  /** The Application's file when the release was made. */
  readonly source: string
  /** The Application's labels when the release was made. */
  readonly applicationLabels: Readonly<Record<string, string>>
  /** The template with the version of the chart resolved. */
  readonly environment: ReleaseEnvironment
  readonly template: string
  readonly digest: string
  readonly engine: string
  /** Clusters chosen when it was made, sorted. */
  readonly clusters: readonly string[]
  readonly targetStep: number
  /** The last step that all clusters which take part have achieved. */
  readonly achievedStep: number | undefined
  /** The last step of each cluster that is not where `achievedStep` says, because it was away; undefined where it has none. */
  readonly achievedIn: ReadonlyMap<string, number | undefined>
  /** Its last step was achieved once; never taken back. */
  readonly complete: boolean
  readonly retreating: boolean
  /** The release after this one that failed; undefined where none did, or the template has changed since. */
  readonly failed: FailedRelease | undefined
  /** 100 % of its capacity, by cluster. */
  readonly totalReplicas: ReadonlyMap<string, number>
  readonly percent: ReadonlyMap<string, number>
  readonly weight: ReadonlyMap<string, number>
  /** Clusters whose production Service selects this release itself, for it holds all traffic. */
  readonly selectedIn: ReadonlySet<string>
  readonly conditions: readonly StrategyCondition[]
  readonly state: StrategyState | undefined
  /**
   * What the chart rendered, made fit to be applied, but for what steps change. Never rendered again. First what is in all
   * of its clusters, then what is in some only.
   */
  readonly manifests: readonly Manifest[]
  /** The object whose replicas are the capacity. */
  readonly workload: Subject
  /** The Service that carries the traffic; undefined where the chart has none. */
  readonly service: Subject | undefined
}

/** What a release has before its first move. */
export const notBegun = {
  targetStep: 0,
  achievedStep: undefined,
  achievedIn: new Map(),
  complete: false,
  retreating: false,
  failed: undefined,
  percent: new Map(),
  weight: new Map(),
  selectedIn: new Set(),
  conditions: [],
  state: undefined,
} as const satisfies Partial<Rollout>

/** `namespace/name` of a release, as observations name it. */
export function releaseKey({ namespace, name }: Pick<Rollout, 'namespace' | 'name'>): string {
  return `${namespace}/${name}`
}
