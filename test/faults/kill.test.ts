import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { eventually, isApplied, summary } from '../reconciler/daemon/harness.ts'
import type { ControlPlane } from '../testbed/control-plane.ts'
import type { OwnedProcess } from '../testbed/processes.ts'
import { buildProgram } from '../testbed/program.ts'
import { startSandboxPlane } from '../testbed/sandbox-plane.ts'
import type { FaultyCluster } from './cluster.ts'
import { checkDeletions, runningIn, type Strangers, sameMap, strangersIn, uidsIn, wantedIn } from './oracle.ts'
import type { Write } from './proxy.ts'
import { startRun } from './run.ts'
import { type Wishes, type World, withWorld } from './world.ts'

type When = 'before' | 'after'

/** A commit whose every write is a place to die at. */
interface Scenario {
  readonly name: string
  /** What runs when the daemon that is killed starts. */
  readonly from: Wishes
  readonly to: Wishes
  /** The subjects of the generated commits at the end, newest first. */
  readonly commits: readonly string[]
}

const both = ['c1', 'c2']
/** Objects of somebody else who wrote the same as we want: taken while they are in Git, and let go, not deleted, after. */
const takenFirst = 'taken-first'
const takenLater = 'taken-later'
/** As few as have every kind of write of a first apply. */
const first: Wishes = new Map([
  ['changed', { clusters: ['c1'], value: 'one' }],
  [takenFirst, { clusters: ['c1'], value: 'of others' }],
])
const begin: Wishes = new Map([
  ['changed', { clusters: both, value: 'one' }],
  ['gone', { clusters: ['c1'], value: 'one' }],
  [takenFirst, { clusters: ['c1'], value: 'of others' }],
])
const go: Wishes = new Map([
  ['changed', { clusters: both, value: 'two' }],
  ['new', { clusters: ['c1'], value: 'two' }],
  [takenLater, { clusters: ['c1'], value: 'of others' }],
])
const scenarios: readonly Scenario[] = [
  { name: 'a first apply with an adoption', from: new Map(), to: first, commits: ['To'] },
  { name: 'a change, a deletion, an adoption and a release', from: begin, to: go, commits: ['To', 'From'] },
]

describe('a daemon that is killed (SIGKILL)', function () {
  this.timeout(240_000)
  let planes: readonly ControlPlane[] = []
  before(async () => {
    buildProgram()
    planes = await Promise.all(both.map((name) => startSandboxPlane(`kill-${name}`, false)))
  })
  after(() => Promise.all(planes.map((plane) => plane.stop())))

  for (const scenario of scenarios)
    for (const when of ['before', 'after'] as const)
      it(`at each write of ${scenario.name}, ${when} the server has done it, loses, doubles and deletes nothing`, async () => {
        let n = 1
        const lane = async () => {
          while (await dies(planes, scenario, n++, when));
        }
        await Promise.all([lane(), lane()])
        assert(n > 10, `${n} writes`)
      })
})

/** Has a daemon die at its n-th write and another go on; false where it had fewer writes to make. */
async function dies(planes: readonly ControlPlane[], scenario: Scenario, n: number, when: When): Promise<boolean> {
  let at: Write | undefined
  await withWorld({ planes, files: true }, async (world) => {
    const strangers = await othersIn(world)
    if (scenario.from.size > 0) await prepare(world, scenario.from)
    const uids = await Promise.all(world.clusters.map((cluster) => uidsIn(world, cluster)))
    await world.commit(scenario.to, 'To')
    const child = startRun(world)
    const stop = killAt(world, child, n, when, (write) => {
      at = write
    })
    let ended = false
    void child.ended.then(() => {
      ended = true
    })
    const asked = () =>
      [world.git, ...world.clusters.map(({ proxy }) => proxy)].reduce((sum, one) => sum + one.asked.length, 0)
    // The last write is not seen in what runs, so it is waited for until nothing more is asked.
    for (let before = -1; !ended && !(before === asked() && (await isDone(world, scenario.to))); ) {
      before = asked()
      await Promise.race([child.ended, pause(400)])
    }
    stop()
    await child.kill()
    try {
      await goOn(world)
      await checkEnd(world, scenario, strangers, uids)
    } catch (error) {
      throw new Error(`killed ${when} write ${n}, ${at?.method} ${at?.path}: ${String(error)}`, { cause: error })
    }
  })
  return at !== undefined
}

/** Objects of others in the first cluster: some in the way of nothing, some that are to be taken. */
function othersIn(world: World): Promise<readonly Strangers[]> {
  return Promise.all(
    world.clusters.slice(0, 1).map(async (cluster) => {
      const strangers = strangersIn(cluster, world.ns)
      await cluster.send('POST', '/api/v1/namespaces', {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: world.ns },
      })
      await strangers.add('plain', { value: 'of others' })
      await strangers.add('labelled', { value: 'of others' }, { 'flotilla.dev/fleet': world.name })
      for (const name of [takenFirst, takenLater])
        await cluster.send('POST', `/api/v1/namespaces/${world.ns}/configmaps`, {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name },
          data: { value: 'of others' },
        })
      return strangers
    }),
  )
}

async function prepare(world: World, wishes: Wishes): Promise<void> {
  await world.commit(wishes, 'From')
  await goOn(world)
}

/** Lets a daemon in this process bring everything to where it should be, and ends it. */
async function goOn(world: World): Promise<void> {
  const daemon = await world.start()
  const arrived = async () =>
    daemon.status().sync === 'synced' && isApplied(daemon.status()) && isDone(world, world.wishes())
  await eventually(arrived, 'the next one goes on', { limit: 20_000, explain: () => summary(daemon.status()) })
  await daemon.stop()
}

/** Counts the writes to all clusters and to Git together, and kills the child at one of them. */
function killAt(world: World, child: OwnedProcess, n: number, when: When, onKill: (write: Write) => void): () => void {
  let count = 0
  const numbers = new Map<Write, number>()
  const offs = [world.git, ...world.clusters.map(({ proxy }) => proxy)].map((proxy) =>
    proxy.onWrite({
      async before(write) {
        // What arrives after its death was not sent any more, as far as anybody can tell.
        if (count >= n) return 'drop'
        numbers.set(write, ++count)
        if (count < n || when === 'after') return undefined
        onKill(write)
        await child.kill()
        return 'drop'
      },
      async after(write) {
        if (numbers.get(write) !== n || when === 'before') return
        onKill(write)
        await child.kill()
      },
    }),
  )
  return () => {
    for (const off of offs) off()
  }
}

function isOthers(name: string): boolean {
  return name === takenFirst || name === takenLater
}

/** What a cluster runs of ours, whoever made it first. */
async function running(world: World, cluster: FaultyCluster, wishes: Wishes): Promise<ReadonlyMap<string, string>> {
  const found = await runningIn(world, cluster)
  return new Map(
    [...found].filter(([name]) => !['plain', 'labelled'].includes(name) && (!isOthers(name) || wishes.has(name))),
  )
}

async function isDone(world: World, wishes: Wishes): Promise<boolean> {
  for (const cluster of world.clusters)
    if (!sameMap(await running(world, cluster, wishes), wantedIn(wishes, cluster.name))) return false
  return true
}

async function checkEnd(
  world: World,
  { to, commits }: Scenario,
  strangers: readonly Strangers[],
  uids: readonly ReadonlyMap<string, string>[],
): Promise<void> {
  assert.deepEqual(await world.generatedSubjects(), commits)
  for (const [i, cluster] of world.clusters.entries()) {
    await strangers[i]?.check()
    checkDeletions(cluster)
    assert.deepEqual(await running(world, cluster, to), wantedIn(to, cluster.name))
    const now = await uidsIn(world, cluster)
    for (const [name, uid] of uids[i] ?? [])
      if (to.has(name) || isOthers(name))
        assert.equal(now.get(name), uid, `${name} in ${cluster.name} is the very object`)
  }
}
