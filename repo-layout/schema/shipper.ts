import { z } from 'zod'
import type { JsonObject } from '../json.ts'
import { exactLabelSelector, foreignMetadata } from './common.ts'
import { clusterOverrides, forWhichClusters, isForClusters } from './kubefed.ts'

const text = z.string().min(1)
const percent = z.int().min(0).max(100)
const weight = z.int().min(0).max(4_294_967_295)
const step = z.int().min(0).max(2_147_483_647)

/** One step of a rollout: percentages of capacity and weights of traffic of both releases (`shipper 0.10 types.go`). */
const strategyStep = z.looseObject({
  name: text,
  capacity: z.looseObject({ incumbent: percent, contender: percent }),
  traffic: z.looseObject({ incumbent: weight, contender: weight }),
})

const values = z.record(z.string(), z.unknown())

/** What is other in some clusters: Flotilla's own, with the words of kubefed's overrides. */
const applicationOverride = z
  .looseObject({
    clusterName: text.nullish(),
    clusterSelector: exactLabelSelector.nullish(),
    values: values.nullish().describe('merged over those of the template, as Helm merges values'),
    target: z
      .looseObject({
        group: z.string().nullish().describe("API group; '' is the core group, absent any"),
        kind: text,
        name: text.nullish().describe('with the name of the application where the chart has that of the release'),
      })
      .nullish()
      .describe('the objects of the chart that clusterOverrides change'),
    clusterOverrides: clusterOverrides.min(1).nullish(),
  })
  .refine(isForClusters, forWhichClusters)
  .refine(
    ({ values: own, clusterOverrides: list }) => Boolean(own || list),
    'expected values, or target and clusterOverrides',
  )
  .refine(({ target, clusterOverrides: list }) => !target === !list, 'expected target and clusterOverrides together')

/** What a release is made of: chart, values, clusters and strategy (`ReleaseEnvironment`), and what is other in some clusters. */
export const environmentSchema = z.looseObject({
  chart: z.looseObject({ name: text, version: z.string(), repoUrl: text }),
  values: values.nullish(),
  clusterRequirements: z.looseObject({
    regions: z.array(z.looseObject({ name: text, replicas: z.int().min(0).nullish() })).nullish(),
    capabilities: z.array(text).nullish(),
  }),
  strategy: z.looseObject({
    steps: z.array(strategyStep).min(1),
    rollingUpdate: z.looseObject({ maxSurge: z.union([z.int().min(0), text]).nullish() }).nullish(),
  }),
  overrides: z.array(applicationOverride).nullish().describe('what is other in some clusters; later entries win'),
})

function isSurge(maxSurge: number | string | null | undefined): boolean {
  return typeof maxSurge !== 'string' || /^\d+%$/.test(maxSurge)
}

/** `Application` of Shipper: what users edit; each change of its template is a rollout. */
export const applicationSchema = z.looseObject({
  apiVersion: text,
  kind: z.literal('Application'),
  metadata: foreignMetadata,
  spec: z.looseObject({
    revisionHistoryLimit: z.int().nullish(),
    template: environmentSchema.refine(({ strategy }) => isSurge(strategy.rollingUpdate?.maxSurge), {
      path: ['strategy', 'rollingUpdate', 'maxSurge'],
      message: 'expected a number of pods or a percentage of them, such as 2 or "25%"',
    }),
  }),
})

/**
 * `Release` of Shipper as a person writes it: which step a release is to be at, by number or, which Shipper does not have,
 * by name. The name of the release pins the step to one template, so the environment may be left out.
 */
export const releaseSchema = z.looseObject({
  apiVersion: text,
  kind: z.literal('Release'),
  metadata: foreignMetadata,
  spec: z.looseObject({ targetStep: z.union([step, text]), environment: environmentSchema.nullish() }),
})

/** `RolloutBlock` of Shipper: while it is there, nothing in its namespace is rolled out. */
export const rolloutBlockSchema = z.looseObject({
  apiVersion: text,
  kind: z.literal('RolloutBlock'),
  metadata: foreignMetadata,
  spec: z
    .looseObject({
      message: z.string().nullish(),
      author: z.looseObject({ type: z.string().nullish(), name: z.string().nullish() }).nullish(),
    })
    .nullish(),
})

/** An entry of an Application's overrides as it stands in its document. */
export type ApplicationOverrideDocument = z.infer<typeof applicationOverride>

/** An Application as it stands in its document. */
export type ApplicationDocument = z.infer<typeof applicationSchema>

/** A Release as it stands in its document. */
export type ReleaseDocument = z.infer<typeof releaseSchema>

/** A RolloutBlock as it stands in its document. */
export type RolloutBlockDocument = z.infer<typeof rolloutBlockSchema>

/** Values of a chart, as JSON; YAML brings nothing else. */
export function chartValues({ values }: Pick<z.infer<typeof environmentSchema>, 'values'>): JsonObject {
  return (values ?? {}) as JsonObject
}
