import { z } from 'zod'
import { duration, jsonPointer, ownApiVersion, ownMetadata } from './common.ts'
import { rollouts } from './rollouts.ts'

const driftMode = z.enum(['Heal', 'Report']).describe('Heal re-applies at once what drifted; Report only tells')

const adoptMode = z
  .enum(['Never', 'IfNoDiff', 'Always'])
  .describe('what happens to an object that exists and is not ours')

/** Fields of an object that others may change without it being drift. */
const ignoreRule = z.strictObject({
  group: z.string().optional().describe("API group; '' is the core group, absent any"),
  kind: z.string().optional().describe('kind; absent any'),
  namespace: z.string().optional(),
  name: z.string().optional(),
  jsonPointers: z.array(jsonPointer).min(1).describe('the fields, as JSON pointers'),
  managedFieldsManagers: z
    .array(z.string())
    .min(1)
    .optional()
    .describe('only while one of these field managers owns the field; absent whoever does'),
})

/** An ignore rule, read. */
export type IgnoreRule = z.infer<typeof ignoreRule>

const percent = z.string().regex(/^(100|\d{1,2})%$/, 'expected a percentage such as 25%')

const charts = z.strictObject({
  mirrors: z.array(z.strictObject({ from: z.string().min(1), to: z.string().min(1) })).default([]),
  timeout: duration.default('30s'),
})

const forge = z.strictObject({
  contextPrefix: z.string().min(1).default('flotilla'),
  maxClusterStatuses: z.int().min(0).default(50),
  plan: z
    .strictObject({
      comment: z.boolean().default(true),
      dryRun: z.boolean().default(true).describe('false: no cluster is asked what it would make of an object'),
      serviceAccountName: z
        .string()
        .regex(/^[a-z0-9][a-z0-9-]*\/[a-z0-9][a-z0-9.-]*$/, 'expected namespace/name')
        .optional()
        .describe('dry runs are sent as this service account of each member, namespace/name; absent as ourselves'),
      forks: z
        .enum(['OnLabel', 'Never'])
        .default('OnLabel')
        .describe('OnLabel: the head of a fork is planned once a maintainer labels it flotilla/plan'),
    })
    .prefault({}),
})

const onFailure = z.strictObject({
  action: z.enum(['None', 'OpenRevert', 'MergeRevert']).default('None'),
  after: duration.default('10m'),
})

const fleetSpec = z.strictObject({
  suspend: z.boolean().default(false).describe('render, plan and observe; write nothing to any member'),
  source: z
    .strictObject({
      branch: z.string().min(1).default('main'),
      paths: z.array(z.string().min(1)).min(1).default(['.']).describe('folders that are read'),
    })
    .prefault({}),
  generated: z
    .strictObject({
      branch: z.string().min(1).default('generated'),
      author: z
        .string()
        .regex(/^[^<>]+ <[^<>]+>$/, 'expected Name <mail address>')
        .default('flotilla <flotilla@localhost>'),
    })
    .prefault({}),
  sync: z
    .strictObject({
      drift: driftMode.default('Heal'),
      adopt: adoptMode.default('IfNoDiff'),
      overrideManagers: z
        .array(z.string().min(1))
        .default([])
        .describe('field managers that give up, as kubectl does, what they own of an object that is taken'),
      prune: z.boolean().default(true).describe('delete what left the generated branch'),
      timeout: duration.default('10m').describe('a commit not applied and healthy by then has failed'),
    })
    .prefault({}),
  ignoreDifferences: z.array(ignoreRule).default([]),
  budget: z
    .strictObject({
      maxDeletedObjects: z.int().min(0).default(20),
      maxDeletedPercent: z.number().min(0).max(100).default(10),
      maxDeletedNamespaces: z.int().min(0).default(0),
      maxRemovedClusters: z.int().min(0).default(1),
    })
    .prefault({})
    .describe('deletions a commit may cause over the whole fleet'),
  failover: z
    .strictObject({
      after: duration.default('5m').describe('a cluster unreachable for so long is lost'),
      back: duration.default('15m').describe('a cluster reachable for so long is back'),
      maxLostClusters: percent.default('25%').describe('above this nothing moves'),
      default: z.enum(['Move', 'Never']).default('Move'),
    })
    .prefault({}),
  namespaces: z
    .strictObject({
      create: z.boolean().default(true).describe('make a namespace where its objects go'),
      protected: z.array(z.string()).default(['kube-system', 'kube-public', 'kube-node-lease']),
      requireFederatedNamespace: z
        .boolean()
        .default(false)
        .describe("kubefed's rule: no FederatedNamespace, no objects"),
    })
    .prefault({}),
  secrets: z
    .strictObject({ allowPlaintext: z.boolean().default(true).describe('false: a Secret in clear is an error') })
    .prefault({}),
  charts: charts.prefault({}),
  rollouts: rollouts.prefault({}),
  forge: forge.prefault({}),
  onFailure: onFailure.prefault({}),
})

/** `Fleet` of `flotilla.dev/v1alpha1`: the settings of one fleet; everything but its name has a default. */
export const fleetSchema = z.strictObject({
  apiVersion: z.literal(ownApiVersion),
  kind: z.literal('Fleet'),
  metadata: ownMetadata.extend({
    name: z
      .string()
      .regex(
        /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/,
        'expected a name that can be a label value, at most 63 signs',
      ),
  }),
  spec: fleetSpec.prefault({}),
})

/** A Fleet with all defaults filled in. */
export type Fleet = z.infer<typeof fleetSchema>

/** The settings of a fleet. */
export type FleetSpec = Fleet['spec']
