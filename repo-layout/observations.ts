import { z } from 'zod'

const quantities = z.record(z.string(), z.union([z.string(), z.number()]))

const node = z.looseObject({
  name: z.string().optional(),
  count: z.int().min(0).optional(),
  labels: z.record(z.string(), z.string()).optional(),
  taints: z.array(z.looseObject({ key: z.string(), value: z.string().optional(), effect: z.string() })).optional(),
  ready: z.boolean().default(true),
  allocatable: quantities.optional(),
  requested: quantities.optional(),
})

const count = z.int().min(0).default(0)

const workload = z.looseObject({
  replicas: count,
  readyReplicas: count,
  availableReplicas: z.int().min(0).optional(),
  runningPods: z.int().min(0).optional(),
  unschedulablePods: count,
  /** False where its pods could not be counted: then nothing is known of a workload whose replicas are not all ready. */
  podsCounted: z.boolean().optional(),
})

const release = z.looseObject({
  installed: z.boolean().optional(),
  availableReplicas: z.int().min(0).optional(),
  trafficReady: z.boolean().optional(),
  /** The weight that its ready endpoints amount to: for people, nothing is decided by it. */
  achievedWeight: z.int().min(0).optional(),
  message: z.string().optional(),
})

const clusterObservation = z.looseObject({
  reachable: z.union([z.boolean(), z.literal('unknown')]).default('unknown'),
  kubernetesVersion: z.string().optional(),
  applied: z
    .looseObject({ tree: z.string().optional(), releases: z.record(z.string(), z.string()).optional() })
    .optional(),
  nodes: z.array(node).optional(),
  workloads: z.record(z.string(), workload).optional(),
  releases: z.record(z.string(), release).optional(),
})

/** What time and checks say of the newest release of an application, at exactly this step. */
const promotion = z.looseObject({
  /** The step that it is to be at. */
  step: z.int().min(0),
  /** The step has been achieved for as long as it was to soak. */
  soaked: z.boolean().optional(),
  /** It took longer than it may, or what it achieved is lost for longer than that. */
  deadlinePassed: z.boolean().optional(),
  /** Whether the check held when it was asked last; false while it has not been. */
  checkHolds: z.boolean().optional(),
  /** Why the check counts as failed, more often in a row than it may. */
  checkFailed: z.string().optional(),
})

/** What the daemon saw in the member clusters; every part is optional and an absent part is unknown. */
export const observationsSchema = z.looseObject({
  clusters: z.record(z.string(), clusterObservation).default({}),
  /** By release, `namespace/name`; one that is not there is not due for anything. */
  rollouts: z.record(z.string(), promotion).optional(),
})

/** Facts about all clusters, keyed by cluster name. */
export type Observations = z.infer<typeof observationsSchema>

/** Facts about one cluster. A section that is there is complete; one that is missing is unknown. */
export type ClusterObservation = Observations['clusters'][string]

/** Facts about one workload: counts of the live object and its pods. */
export type WorkloadObservation = z.infer<typeof workload>

/** Facts about one release of an application in one cluster. */
export type ReleaseObservation = z.infer<typeof release>

/** What time and checks say of a release. */
export type PromotionObservation = z.infer<typeof promotion>

/** Nothing known about any cluster. */
export const nothingObserved: Observations = { clusters: {} }
