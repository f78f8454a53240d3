import assert from 'node:assert/strict'
import { eventually, summary } from '../reconciler/daemon/harness.ts'
import { sharedControlPlanes } from '../testbed/shared.ts'
import type { FaultyCluster } from './cluster.ts'
import {
  checkDeletions,
  objectStatus,
  runningIn,
  type Strangers,
  said,
  sameMap,
  strangersIn,
  uidsIn,
  wantedIn,
} from './oracle.ts'
import { type Running, type Wishes, type World, withWorld } from './world.ts'

/** A fleet of two clusters that runs well, and in which something is about to go wrong with the first, or with Git. */
export interface Bed {
  readonly world: World
  /** The daemon of now: a row that kills it puts another in its place. */
  daemon: Running
  /** The cluster that the fault is about. */
  readonly c1: FaultyCluster
  /** Another one. */
  readonly c2: FaultyCluster
}

/** One failure: a row of the table on `docs/failures.md`. */
export interface Row {
  /** What goes wrong. */
  readonly cause: string
  /** What does not happen. */
  readonly mustNot: string
  /** What is shown; in words, for the page. */
  readonly shown: string
  /** Begins the fault and gives the way to end it. */
  readonly fault: (bed: Bed) => (() => unknown) | Promise<() => unknown>
  /** What the status says of the first cluster and of the branches while the fault lasts; where left out, all is done in spite of it. */
  readonly says?: RegExp
  /** Waited for while the fault lasts, once the new commit is there. */
  readonly meanwhile?: (bed: Bed) => Promise<unknown>
  /** While the fault lasts, nothing of the new commit reaches any cluster; else it reaches all but the first. */
  readonly holds?: 'all'
  /** What was held back, and listed so, is looked at again only after a while. */
  readonly lookedAtLater?: boolean
  /** What is looked at more than in every row, after the fault has ended and everything is as it should be. */
  readonly check?: (bed: Bed) => unknown
}

const both = ['c1', 'c2']
const before: Wishes = new Map([
  ['changed', { clusters: both, value: 'one' }],
  ['gone', { clusters: both, value: 'one' }],
  ['kept', { clusters: both, value: 'one' }],
])
const after: Wishes = new Map([
  ['changed', { clusters: both, value: 'two' }],
  ['kept', { clusters: both, value: 'one' }],
  ['new', { clusters: both, value: 'two' }],
])

/**
 * Plays one row: a fleet that runs, the fault, a commit that changes, adds and removes an object, what is said of it, the end of the
 * fault, and the fleet as it should be, by itself. All the while nothing that is wanted goes, nothing of others is touched,
 * and the other cluster gets the commit within seconds.
 */
export async function play(row: Row): Promise<void> {
  const planes = await sharedControlPlanes(2)
  await withWorld({ planes }, async (world) => {
    await world.commit(before, 'Begin to run')
    const [c1, c2] = [world.cluster('c1'), world.cluster('c2')]
    const bed: Bed = { world, daemon: await world.start(), c1, c2 }
    const until = (ask: () => boolean | Promise<boolean>, what: string, limit: number) =>
      eventually(ask, what, { limit, explain: () => summary(bed.daemon.status()) })
    await until(() => arrived(bed, before), 'the fleet runs', 40_000)
    const strangers = [await othersIn(c1, world), await othersIn(c2, world)]
    const uids = [await uidsIn(world, c1), await uidsIn(world, c2)]

    const mend = await row.fault(bed)
    await world.commit(after, 'Change, add and remove')
    if (row.holds !== 'all')
      await until(
        async () => sameMap(await runningIn(world, c2, strangers[1]), wantedIn(after, 'c2')),
        'c2 goes on',
        8000,
      )
    await row.meanwhile?.(bed)
    const { says } = row
    if (says) await until(() => says.test(said(bed.daemon.status(), 'c1')), `it says ${says}`, 30_000)
    else await until(() => arrived(bed, after), 'all is done in spite of it', 20_000)
    if (row.holds === 'all')
      for (const [i, cluster] of [c1, c2].entries())
        assert.deepEqual(await runningIn(world, cluster, strangers[i]), wantedIn(before, cluster.name))
    await checkSafe(bed, strangers, uids)

    await mend()
    await until(() => arrived(bed, after), 'all is done after it', 30_000)
    await checkSafe(bed, strangers, uids)
    const runs = async (cluster: FaultyCluster, i: number) =>
      sameMap(await runningIn(world, cluster, strangers[i]), wantedIn(after, cluster.name))
    if (row.lookedAtLater) await until(() => runs(c1, 0), 'what was held back is done', 15_000)
    for (const [i, cluster] of [c1, c2].entries()) assert(await runs(cluster, i), `${cluster.name} runs the commit`)
    await row.check?.(bed)
  })
}

/** Whether all clusters run the newest commit, as the daemon says. */
function arrived({ world, daemon }: Bed, wishes: Wishes): boolean {
  const { sync, generated, clusters, source } = daemon.status()
  const known = ([name, { clusters: where }]: [string, Wishes extends ReadonlyMap<string, infer W> ? W : never]) =>
    where.every((cluster) => objectStatus(daemon.status(), cluster, world.ns, name) !== undefined)
  return (
    sync === 'synced' &&
    source.problem === '' &&
    generated.problem === '' &&
    clusters.length === 2 &&
    clusters.every(({ appliedCommit }) => appliedCommit === generated.commit) &&
    [...wishes].every(known)
  )
}

async function othersIn(cluster: FaultyCluster, world: World): Promise<Strangers> {
  const strangers = strangersIn(cluster, world.ns)
  await strangers.add('plain', { value: 'of others' })
  await strangers.add('labelled', { value: 'with a label that was copied' }, { 'flotilla.dev/fleet': world.name })
  return strangers
}

async function checkSafe(
  { world, c1, c2 }: Bed,
  strangers: readonly Strangers[],
  uids: readonly ReadonlyMap<string, string>[],
): Promise<void> {
  for (const [i, cluster] of [c1, c2].entries()) {
    await strangers[i]?.check()
    checkDeletions(cluster)
    const now = await uidsIn(world, cluster)
    for (const name of ['changed', 'kept'])
      assert.equal(now.get(name), uids[i]?.get(name), `${name} in ${cluster.name} is the very object that it was`)
    const deleted = new Set(cluster.deletions.map(({ subject }) => subject))
    assert.deepEqual(
      [...deleted].filter((subject) => subject !== `ConfigMap/${world.ns}/gone`),
      [],
    )
  }
}
