import { z } from 'zod'
import { isJsonObject } from '../json.ts'
import { ownApiVersion, ownMetadata } from './common.ts'
import { proxyAddress } from './endpoint.ts'

const secretRef = z.strictObject({ name: z.string().min(1), key: z.string().min(1).default('value') })

const connection = z
  .strictObject({
    secretRef: secretRef.optional().describe("a kubeconfig in a Secret of the daemon's namespace"),
    kubeConfigFile: z
      .strictObject({ path: z.string().min(1), context: z.string().min(1).optional() })
      .optional()
      .describe("a kubeconfig among the daemon's own files"),
    inCluster: z.strictObject({}).optional().describe('the cluster that the daemon runs in'),
    proxyURL: proxyAddress.default(''),
    serviceAccountName: z
      .string()
      .regex(/^([^/]+\/[^/]+)?$/, 'expected namespace/name')
      .default('')
      .describe('impersonated in the member, as namespace/name'),
  })
  .refine(
    (value) =>
      !isJsonObject(value) || [value.secretRef, value.kubeConfigFile, value.inCluster].filter(Boolean).length === 1,
    { error: 'expected exactly one of secretRef, kubeConfigFile, inCluster', when: () => true },
  )

/** `Cluster` of `flotilla.dev/v1alpha1`: one member cluster. */
export const clusterSchema = z.strictObject({
  apiVersion: z.literal(ownApiVersion),
  kind: z.literal('Cluster'),
  metadata: ownMetadata,
  spec: z
    .strictObject({
      region: z.string().optional(),
      zones: z.array(z.string()).default([]),
      capabilities: z.array(z.string()).default([]),
      scheduler: z
        .strictObject({
          weight: z.int().min(0).default(100),
          unschedulable: z.boolean().default(false),
          identity: z.string().optional(),
        })
        .prefault({}),
      suspend: z.boolean().default(false).describe('nothing is written to this member'),
      apply: z.enum(['Push', 'External']).default('Push'),
      connection: connection.optional(),
      deletionPolicy: z.enum(['Orphan', 'Delete']).default('Orphan'),
    })
    .prefault({}),
})
