import assert from 'node:assert/strict'
import type { FleetStatus } from '../../reconciler/server/types.ts'
import { getIn, type JsonObject } from '../../repo-layout/json.ts'
import { configMapSubject, type FaultyCluster } from './cluster.ts'
import type { Wishes, World } from './world.ts'

/** Objects of others in one cluster, as they are left. */
export interface Strangers {
  /** Makes an object of somebody else. */
  add(name: string, data: JsonObject, labels?: JsonObject): Promise<void>
  has(name: string): boolean
  /** Git says from now on that an object of this name is to be taken: it may change, and must never go. */
  mayBeTaken(name: string): void
  /** Somebody takes one away, or is about to. */
  forget(name: string): void
  /**
   * Fails where one of them is gone, or is not byte for byte as it was made, its resourceVersion too, though it was not to
   * be taken.
   */
  check(): Promise<void>
}

/** Begins to keep an eye on what others have in a namespace of a cluster. */
export function strangersIn(cluster: FaultyCluster, namespace: string): Strangers {
  const made = new Map<string, JsonObject>()
  const takable = new Set<string>()
  const collection = `/api/v1/namespaces/${namespace}/configmaps`
  return {
    async add(name, data, labels = {}) {
      const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels }, data }
      made.set(name, await cluster.send('POST', collection, body))
    },
    has: (name) => made.has(name),
    mayBeTaken: (name) => void takable.add(name),
    forget: (name) => void made.delete(name),
    async check() {
      for (const [name, object] of made) {
        const live = await cluster.live(`${collection}/${name}`)
        const [is, was] = takable.has(name)
          ? [live, object].map(uidOf)
          : [live, object].map((one) => JSON.stringify(one))
        assert.equal(is, was, `${name} of somebody else in ${cluster.name} is as it was`)
      }
    },
  }
}

function uidOf(object: JsonObject | undefined): string {
  return String(getIn(object, ['metadata', 'uid']))
}

/** The values of the ConfigMaps that a cluster should run. */
export function wantedIn(wishes: Wishes, cluster: string): ReadonlyMap<string, string> {
  return new Map(
    [...wishes].flatMap(([name, { clusters, value }]) => (clusters.includes(cluster) ? [[name, value]] : [])),
  )
}

/** The values of the ConfigMaps that a cluster runs, but for those of others. */
export async function runningIn(
  world: World,
  cluster: FaultyCluster,
  strangers?: Strangers,
): Promise<ReadonlyMap<string, string>> {
  const found = await cluster.configMaps(world.ns)
  return new Map(
    [...found].flatMap(([name, object]) =>
      strangers?.has(name) ? [] : [[name, String(getIn(object, ['data', 'value']))]],
    ),
  )
}

/** Whether two maps hold the same, whatever their order. */
export function sameMap(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([name, value]) => b.get(name) === value)
}

/** Fails where a deletion was asked for of something that no inventory ever held. */
export function checkDeletions(cluster: FaultyCluster): void {
  const unlisted = cluster.deletions.filter(({ listed }) => !listed)
  assert.deepEqual(unlisted, [], `only what the inventory of ${cluster.name} held was ever deleted`)
}

/** The uids of ConfigMaps, to tell one that stayed from one that was deleted and made anew. */
export async function uidsIn(world: World, cluster: FaultyCluster): Promise<ReadonlyMap<string, string>> {
  const found = await cluster.configMaps(world.ns)
  return new Map([...found].map(([name, object]) => [name, String(getIn(object, ['metadata', 'uid']))]))
}

/** What a cluster says of an object. */
export function objectStatus(status: FleetStatus, cluster: string, ns: string, name: string) {
  const subject = configMapSubject(ns, name)
  return status.clusters.find((one) => one.cluster === cluster)?.objects.find((one) => one.subject === subject)
}

/** All that a status says of one cluster and of the branches, as lines for a person. */
export function said(status: FleetStatus, cluster: string): string {
  const one = status.clusters.find((found) => found.cluster === cluster)
  return [
    `source: ${status.source.problem}`,
    `generated: ${status.generated.problem}`,
    `${one?.sync ?? 'unknown'}: ${one?.message ?? ''}`,
    ...(one?.objects ?? []).map(({ subject, action, message, drift }) =>
      [subject, action, message, drift ? `drift ${drift.reason}` : ''].join(' '),
    ),
  ].join('\n')
}
