import type { JsonObject } from '../../../repo-layout/json.ts'
import { stringifyYaml } from '../../../repo-layout/yaml/stringify.ts'
import type { RolloutWorld } from './world.ts'

/** A step: its name, the capacity of incumbent and contender, and their traffic. */
export const step = (name: string, incumbent: number, contender: number, traffic: readonly [number, number]) => ({
  name,
  capacity: { incumbent, contender },
  traffic: { incumbent: traffic[0], contender: traffic[1] },
})

/** Shipper's own example of a strategy: 1 % to look at, half, all. */
export const vanguard = [
  step('staging', 100, 1, [100, 0]),
  step('50/50', 50, 50, [50, 50]),
  step('full on', 0, 100, [0, 100]),
]

/** Pods of one version in each cluster. */
export const replicas = 4

/** What an Application has beside what all of these have. */
export interface More {
  readonly annotations?: JsonObject
  readonly values?: JsonObject
  readonly overrides?: readonly JsonObject[]
  readonly steps?: readonly ReturnType<typeof step>[]
}

/**
 * An Application `web` of a version of the chart of Shipper's demo, in `count` clusters of region `local`; `overrides` say what
 * is other in some of them.
 */
export function application(namespace: string, version: string, count: number, more: More = {}): string {
  const { annotations, values, overrides, steps = vanguard } = more
  return stringifyYaml({
    apiVersion: 'shipper.booking.com/v1alpha1',
    kind: 'Application',
    metadata: { name: 'web', namespace, ...(annotations ? { annotations } : {}) },
    spec: {
      template: {
        chart: { name: 'nginx', version, repoUrl: 'https://charts.example.com' },
        clusterRequirements: { regions: [{ name: 'local', replicas: count }] },
        strategy: { steps },
        values: { replicaCount: replicas, ...values },
        ...(overrides ? { overrides } : {}),
      },
    },
  })
}

/** A Release that has a release go to a step. */
export function command(namespace: string, name: string, targetStep: number): string {
  return stringifyYaml({
    apiVersion: 'shipper.booking.com/v1alpha1',
    kind: 'Release',
    metadata: { name, namespace },
    spec: { targetStep },
  })
}

/** Pushes the Application of a version in one cluster, and the step that a release of it is to go to. */
export type PushVersion = (version: string, release: string, step: number) => Promise<string>

/** Rolls the first version out in one cluster; gives its release, and how the next ones are pushed. */
export async function rollOutFirst({
  fleet,
  push: pushFiles,
  until,
}: RolloutWorld): Promise<{ readonly first: string; readonly push: PushVersion }> {
  const push: PushVersion = (version, release, step) =>
    pushFiles(`${version}, step ${step}`, {
      'web.yaml': application(fleet.ns, version, 1),
      'web.release.yaml': command(fleet.ns, release, step),
    })
  await push('0.0.1', 'none', 0)
  const { release: first } = await until((one) => one.achievedStep === 0, 'the first one')
  await push('0.0.1', first, 2)
  await until((one) => one.achievedStep === 2, 'all of the first one')
  return { first, push }
}
