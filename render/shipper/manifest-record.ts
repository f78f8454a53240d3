import { z } from 'zod'
import type { JsonObject, KubeObject } from '../../repo-layout/json.ts'
import type { Rollout } from './rollout.ts'

/** What the records of its objects say of a release. */
export type RecordedManifests = Pick<Rollout, 'manifests' | 'workload' | 'service'>

/** On the first record: how many there are beside it, so that one which is lost is missed. */
const countNote = 'flotilla.dev/manifests'
/** On each of the others: the clusters that have its objects. */
const clustersNote = 'flotilla.dev/clusters'

/**
 * The records of the objects of a release, by name: `Manifest` holds what is the same in all clusters, and `Manifest-1`,
 * `Manifest-2` … what only some have, each object once.
 */
export function manifestDocuments({
  manifests,
  workload,
  service,
}: RecordedManifests): readonly [string, JsonObject][] {
  const [common, ...others] = manifests
  const notes = {
    'flotilla.dev/workload': workload,
    ...(service === undefined ? {} : { 'flotilla.dev/service': service }),
    ...(others.length === 0 ? {} : { [countNote]: String(others.length) }),
  }
  return [
    ['Manifest', list(notes, common?.objects ?? [])],
    ...others.map(({ clusters = [], objects }, i): [string, JsonObject] => [
      `Manifest-${i + 1}`,
      list({ [clustersNote]: clusters.join(',') }, objects),
    ]),
  ]
}

function list(annotations: JsonObject, items: readonly KubeObject[]): JsonObject {
  return { apiVersion: 'v1', kind: 'List', metadata: { annotations }, items }
}

const items = z.array(
  z.looseObject({
    apiVersion: z.string(),
    kind: z.string(),
    metadata: z.looseObject({ name: z.string() }),
  }),
)

const commonRecord = z.looseObject({
  metadata: z.looseObject({
    annotations: z.strictObject({
      'flotilla.dev/workload': z.string(),
      'flotilla.dev/service': z.string().optional(),
      [countNote]: z.string().regex(/^\d+$/).transform(Number).optional(),
    }),
  }),
  items,
})

const partRecord = z.looseObject({
  metadata: z.looseObject({ annotations: z.strictObject({ [clustersNote]: z.string().min(1) }) }),
  items,
})

/** Reads them again by name; undefined where one is missing or says something else. */
export function readManifests(
  read: <T>(name: string, schema: z.ZodType<T>) => T | undefined,
): RecordedManifests | undefined {
  const common = read('Manifest', commonRecord)
  if (!common) return undefined
  const { annotations } = common.metadata
  const others = Array.from({ length: annotations[countNote] ?? 0 }, (_, i) => read(`Manifest-${i + 1}`, partRecord))
  if (others.includes(undefined)) return undefined
  const parts = others.flatMap((part) => (part ? [part] : []))
  return {
    manifests: [
      { clusters: undefined, objects: common.items as unknown as readonly KubeObject[] },
      ...parts.map(({ metadata, items: objects }) => ({
        clusters: metadata.annotations[clustersNote].split(','),
        objects: objects as unknown as readonly KubeObject[],
      })),
    ],
    workload: annotations['flotilla.dev/workload'],
    service: annotations['flotilla.dev/service'],
  }
}
