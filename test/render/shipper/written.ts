import { getIn, type Json, type JsonObject } from '../../../repo-layout/json.ts'
import { stringifyYaml } from '../../../repo-layout/yaml/stringify.ts'
import type { Rehearsal } from './rehearsal.ts'

const apiVersion = 'shipper.booking.com/v1alpha1'

/** A cluster as Shipper's own test cases describe one. */
export interface GivenCluster {
  readonly name: string
  readonly region?: string
  readonly capabilities?: readonly string[]
  readonly weight?: number
  readonly identity?: string
  readonly unschedulable?: boolean
}

/** The inventory document of such a cluster: what is not given is not written. */
export function clusterDocument({ name, region = 'local', capabilities, ...scheduler }: GivenCluster): string {
  const spec = {
    apiMaster: `https://${name}.example.com`,
    region,
    ...(capabilities ? { capabilities } : {}),
    ...(Object.keys(scheduler).length > 0 ? { scheduler } : {}),
  }
  return stringifyYaml({ apiVersion, kind: 'Cluster', metadata: { name }, spec } as JsonObject)
}

/** What of an Application differs from one of chart `nginx` 0.0.1 with 10 replicas in region `local`. */
export interface GivenApplication {
  readonly namespace?: string
  readonly annotations?: Readonly<Record<string, string>>
  readonly labels?: Readonly<Record<string, string>>
  readonly revisionHistoryLimit?: number
  readonly version?: string
  readonly clusterRequirements?: JsonObject
  readonly strategy?: JsonObject
  readonly values?: JsonObject
  readonly overrides?: Json
}

/** An Application as a person writes it. */
export function applicationDocument(name: string, given: GivenApplication = {}): string {
  const { namespace, annotations, labels, revisionHistoryLimit } = given
  return stringifyYaml({
    apiVersion,
    kind: 'Application',
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(annotations ? { annotations } : {}),
      ...(labels ? { labels } : {}),
    },
    spec: {
      ...(revisionHistoryLimit === undefined ? {} : { revisionHistoryLimit }),
      template: {
        chart: { name: 'nginx', version: given.version ?? '0.0.1', repoUrl: 'https://charts.example.com' },
        values: given.values ?? { replicaCount: 10 },
        clusterRequirements: given.clusterRequirements ?? { regions: [{ name: 'local' }] },
        strategy: given.strategy ?? vanguardStrategy,
        ...(given.overrides === undefined ? {} : { overrides: given.overrides }),
      },
    },
  } as JsonObject)
}

/** A Release that has a release go to a step. */
export function releaseDocument(name: string, targetStep: number, namespace = 'default'): string {
  return stringifyYaml({ apiVersion, kind: 'Release', metadata: { name, namespace }, spec: { targetStep } })
}

/** A RolloutBlock. */
export function blockDocument(key: string): string {
  const [namespace = '', name = ''] = key.split('/')
  const spec = { message: 'stop', author: { type: 'user', name: 'jane' } }
  return stringifyYaml({ apiVersion, kind: 'RolloutBlock', metadata: { name, namespace }, spec })
}

const step = (name: string, capacity: readonly [number, number], traffic: readonly [number, number]): Json => ({
  name,
  capacity: { incumbent: capacity[0], contender: capacity[1] },
  traffic: { incumbent: traffic[0], contender: traffic[1] },
})

/** The strategy of Shipper's documentation. */
export const vanguardStrategy: JsonObject = {
  steps: [step('staging', [100, 1], [100, 0]), step('50/50', [50, 50], [50, 50]), step('full on', [0, 100], [0, 100])],
}

/** The releases of a rendered tree by their records, oldest first. */
export function releasesOf(rehearsal: Pick<Rehearsal, 'paths' | 'file'>): readonly string[] {
  const records = rehearsal.paths().filter((path) => /^rollouts\/.*\/Release\.yaml$/.test(path))
  const generation = (path: string) =>
    Number(getIn(rehearsal.file(path), ['metadata', 'annotations', 'shipper.booking.com/release.generation']))
  return records.sort((a, b) => generation(a) - generation(b)).map((path) => path.split('/')[3] ?? '')
}
