import type { JsonObject } from '../../repo-layout/json.ts'

/** What a step asks of the release before the newest (incumbent) and of the newest (contender). */
export interface StepValue {
  readonly incumbent: number
  readonly contender: number
}

/** A step of a rollout: capacity in percent of a release's replicas, traffic in weights of which only the share counts. */
export interface Step {
  readonly name: string
  readonly capacity: StepValue
  readonly traffic: StepValue
}

/** Where a release is to run: `replicas` is a number of clusters, 1 where not given, not one of pods. */
export interface ClusterRequirements {
  readonly regions?: readonly { readonly name: string; readonly replicas?: number | undefined }[] | undefined
  readonly capabilities?: readonly string[] | undefined
}

/**
 * What a release runs, and how it is rolled out: the template of an Application with the chart's version resolved
 * (`shipper 0.10 v1alpha1/types.go ReleaseEnvironment`).
 */
export interface ReleaseEnvironment {
  readonly chart: { readonly name: string; readonly version: string; readonly repoUrl: string }
  readonly values?: JsonObject | null | undefined
  readonly clusterRequirements: ClusterRequirements
  readonly strategy?:
    | {
        readonly steps?: readonly Step[] | undefined
        /** How much the pods of both releases may exceed those of one between steps; never released by Shipper itself. */
        readonly rollingUpdate?: { readonly maxSurge?: number | string | undefined } | undefined
      }
    | undefined
  /** What is other in some clusters, as it is written; Shipper has none. */
  readonly overrides?: readonly JsonObject[] | undefined
}
