import type { z } from 'zod'
import type { JsonObject } from '../../repo-layout/json.ts'
import type { ApplicationDocument, ApplicationOverrideDocument } from '../../repo-layout/schema/shipper.ts'
import { chartValues, type environmentSchema } from '../../repo-layout/schema/shipper.ts'
import type { ReleaseEnvironment } from './environment.ts'
import type { Rollout } from './rollout.ts'

/** The template of an Application, or the environment of a recorded release, without what neither Shipper nor Flotilla knows. */
export function environmentOf(written: z.infer<typeof environmentSchema>): ReleaseEnvironment {
  const { chart, clusterRequirements, strategy, overrides } = written
  const { regions, capabilities } = clusterRequirements
  const surge = strategy.rollingUpdate?.maxSurge
  return {
    chart: { name: chart.name, version: chart.version, repoUrl: chart.repoUrl },
    values: written.values ? chartValues(written) : undefined,
    clusterRequirements: {
      ...(regions
        ? { regions: regions.map(({ name, replicas }) => ({ name, ...(replicas == null ? {} : { replicas }) })) }
        : {}),
      ...(capabilities ? { capabilities } : {}),
    },
    strategy: {
      steps: strategy.steps.map(({ name, capacity, traffic }) => ({
        name,
        capacity: { incumbent: capacity.incumbent, contender: capacity.contender },
        traffic: { incumbent: traffic.incumbent, contender: traffic.contender },
      })),
      ...(surge == null ? {} : { rollingUpdate: { maxSurge: surge } }),
    },
    ...(overrides?.length ? { overrides: overrides.map(overrideOf) } : {}),
  }
}

function overrideOf({
  clusterName,
  clusterSelector,
  values,
  target,
  clusterOverrides,
}: ApplicationOverrideDocument): JsonObject {
  const written = { clusterName, clusterSelector, values, target, clusterOverrides }
  return Object.fromEntries(Object.entries(written).filter(([, value]) => value != null)) as JsonObject
}

/**
 * Whether a hash is that of the template of a release, as it was written or as it was resolved. A release whose record was made
 * again without all of its objects is of no template.
 */
export function isTemplateOf(hash: string, { template, hash: own }: Pick<Rollout, 'template' | 'hash'>): boolean {
  return template !== '' && (template === hash || own === hash)
}

/** The template of an Application as it is written: its chart's version may still be a constraint. */
export function templateOf({ spec }: ApplicationDocument): ReleaseEnvironment {
  return environmentOf(spec.template)
}
