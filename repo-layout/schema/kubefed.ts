import { z } from 'zod'
import { isJsonObject } from '../json.ts'
import { foreignMetadata, jsonPointer } from './common.ts'
import { caBundle, endpoint, proxyAddress } from './endpoint.ts'

const text = z.string().min(1)
const anything = z.unknown()

/**
 * Any one-object `Federated<Kind>` of kubefed, of all its generations (`types.federation.k8s.io/v1alpha1` to
 * `types.kubefed.io/v1beta1`). Selectors and overrides are checked one by one where they are used, so that a bad one
 * stops no more than it must. `ignoreDifferences` and an override's `clusterSelector` are Flotilla's own.
 */
export const federatedSchema = z.looseObject({
  apiVersion: text,
  kind: text,
  metadata: foreignMetadata,
  spec: z
    .looseObject({
      template: z.looseObject({ metadata: z.looseObject({}).nullish() }).nullish(),
      placement: z
        .looseObject({
          clusters: z.array(z.looseObject({ name: text })).nullish(),
          clusterNames: z.array(text).nullish(),
          clusterSelector: anything.optional(),
        })
        .nullish(),
      overrides: z.array(anything).nullish(),
      retainReplicas: z.boolean().nullish(),
      ignoreDifferences: z.array(jsonPointer).nullish(),
    })
    .nullish(),
})

/** The changes of an object in the order in which they are made. */
export const clusterOverrides = z.array(
  z.looseObject({
    op: z.enum(['', 'add', 'remove', 'replace']).nullish(),
    path: z.string(),
    value: anything.optional(),
  }),
)

/** Whether an entry says in one way which clusters it is about. */
export function isForClusters(entry: { readonly clusterName?: unknown; readonly clusterSelector?: unknown }): boolean {
  return isAbsent(entry.clusterName) !== isAbsent(entry.clusterSelector)
}

/** What is said of an entry that does not. */
export const forWhichClusters = 'expected exactly one of clusterName, clusterSelector'

/** One entry of `spec.overrides`. */
export const overrideSchema = z
  .looseObject({
    clusterName: text.nullish(),
    clusterSelector: anything.optional(),
    clusterOverrides: clusterOverrides.nullish(),
  })
  .refine(isForClusters, forWhichClusters)

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null
}

const replicas = z.int().min(0).max(2_147_483_647)

const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false)

const count = z
  .int()
  .min(0)
  .nullish()
  .transform((value) => value ?? 0)

/** `ReplicaSchedulingPreference` of all three scheduling groups. */
export const preferenceSchema = z.looseObject({
  apiVersion: text,
  kind: z.literal('ReplicaSchedulingPreference'),
  metadata: foreignMetadata,
  spec: z.looseObject({
    targetKind: text,
    totalReplicas: replicas,
    rebalance: flag,
    intersectWithClusterSelector: flag,
    clusters: z
      .record(
        z.string(),
        z
          .looseObject({
            minReplicas: count,
            maxReplicas: z.int().min(0).nullish(),
            weight: count,
          })
          .nullable()
          .transform((value) => value ?? { minReplicas: 0, weight: 0 }),
      )
      .nullish(),
  }),
})

/** A ReplicaSchedulingPreference with defaults filled in. */
export type PreferenceDocument = z.infer<typeof preferenceSchema>

const apiResource = z.looseObject({
  group: z.string().nullish(),
  version: z.string().nullish(),
  kind: text,
  pluralName: z.string().nullish(),
  scope: z.enum(['Namespaced', 'Cluster']).nullish(),
})

/** `FederatedTypeConfig` of all its groups; v1alpha1 says `target`, `namespaced` and `propagationEnabled`. */
export const typeConfigSchema = z.looseObject({
  apiVersion: text,
  kind: z.literal('FederatedTypeConfig'),
  metadata: foreignMetadata,
  spec: z
    .looseObject({
      targetType: apiResource.nullish(),
      target: apiResource.nullish(),
      namespaced: z.boolean().nullish(),
      propagation: z.enum(['Enabled', 'Disabled']).nullish(),
      propagationEnabled: z.boolean().nullish(),
      federatedType: apiResource.nullish(),
      // What kubefed does with these, Flotilla does always or never.
      statusType: anything.optional(),
      statusCollection: anything.optional(),
      status: anything.optional(),
      enableStatus: anything.optional(),
      comparisonField: anything.optional(),
    })
    .refine((spec) => !isJsonObject(spec) || !isAbsent(spec.targetType) || !isAbsent(spec.target), {
      error: 'expected targetType',
      when: () => true,
    }),
})

/** `KubeFedCluster`: kubefed's inventory since v0.1. */
export const kubefedClusterSchema = z.looseObject({
  apiVersion: text,
  kind: z.literal('KubeFedCluster'),
  metadata: foreignMetadata,
  spec: z
    .looseObject({
      apiEndpoint: endpoint.nullish(),
      caBundle: caBundle.nullish(),
      secretRef: z.looseObject({ name: text }).nullish(),
      disabledTLSValidations: z.array(z.enum(['*', 'SubjectName', 'ValidityPeriod'])).nullish(),
      proxyURL: proxyAddress.nullish(),
    })
    .nullish(),
})

/** `FederatedCluster`: kubefed's inventory before v0.1; its endpoint is in a cluster-registry Cluster. */
export const federatedClusterSchema = z.looseObject({
  apiVersion: text,
  kind: z.literal('FederatedCluster'),
  metadata: foreignMetadata,
  spec: z
    .looseObject({
      clusterRef: z.looseObject({ name: text }).nullish(),
      secretRef: z.looseObject({ name: text }).nullish(),
    })
    .nullish(),
})

/** The cluster registry's `Cluster`, which a FederatedCluster refers to. */
export const registryClusterSchema = z.looseObject({
  apiVersion: text,
  kind: z.literal('Cluster'),
  metadata: foreignMetadata,
  spec: z
    .looseObject({
      kubernetesApiEndpoints: z
        .looseObject({
          serverEndpoints: z
            .array(z.looseObject({ serverAddress: endpoint, clientCIDR: z.string().nullish() }))
            .nullish(),
          caBundle: caBundle.nullish(),
        })
        .nullish(),
      authInfo: anything.optional(),
    })
    .nullish(),
})

/** Shipper's `Cluster`. */
export const shipperClusterSchema = z.looseObject({
  apiVersion: text,
  kind: z.literal('Cluster'),
  metadata: foreignMetadata,
  spec: z.looseObject({
    capabilities: z.array(z.string()).nullish(),
    region: z.string(),
    apiMaster: endpoint.nullish(),
    scheduler: z
      .looseObject({
        unschedulable: z.boolean().nullish(),
        weight: z.int().nullish(),
        identity: z.string().nullish(),
      })
      .nullish(),
  }),
})
