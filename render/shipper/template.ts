import type { z } from 'zod'
import type { ApplicationDocument } from '../../repo-layout/schema/shipper.ts'
import { chartValues, type environmentSchema } from '../../repo-layout/schema/shipper.ts'
import type { ReleaseEnvironment } from './environment.ts'

/** The template of an Application, or the environment of a recorded release, without what Shipper does not know. */
export function environmentOf(written: z.infer<typeof environmentSchema>): ReleaseEnvironment {
  const { chart, clusterRequirements, strategy } = written
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
  }
}

/** The template of an Application as it is written: its chart's version may still be a constraint. */
export function templateOf({ spec }: ApplicationDocument): ReleaseEnvironment {
  return environmentOf(spec.template)
}
