import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { getIn, type JsonObject } from '../../repo-layout/json.ts'
import { annotations, fleetLabel } from '../../repo-layout/schema/common.ts'
import { summary } from '../reconciler/daemon/harness.ts'
import { configMapSubject, type FaultyCluster } from './cluster.ts'
import { checkDeletions, objectStatus, type Strangers, strangersIn, wantedIn } from './oracle.ts'
import { type Edit, type Step, troubles } from './steps.ts'
import type { Running, Wish, World } from './world.ts'

/** A fleet to which things happen, with what must hold all the while. */
export interface Model {
  play(step: Step): Promise<void>
  /** What holds at any moment, also in the middle of anything. */
  check(): Promise<void>
  /** Ends all trouble and waits until everything is as it should be. */
  converge(): Promise<void>
}

/** Makes the model of a world. */
export function createModel(world: World): Model {
  const others = new Map(world.clusters.map((cluster) => [cluster.name, strangersIn(cluster, world.ns)]))
  const mends = new Map<string, () => void>()
  let daemon: Running | undefined
  let tip: string | undefined
  const proxyOf = (where: string) => (where === 'git' ? world.git : world.cluster(where).proxy)
  const pathOf = (name: string) => `/api/v1/namespaces/${world.ns}/configmaps/${name}`
  const strangers = (cluster: string) => others.get(cluster) as Strangers

  async function commit(edits: readonly Edit[]): Promise<void> {
    const next = new Map(world.wishes())
    for (const { name, clusters, value, mark } of edits) {
      if (clusters.length === 0) next.delete(name)
      else next.set(name, { clusters, value, ...marked(mark) })
      if (clusters.length > 0 && mark === 'always') for (const cluster of clusters) strangers(cluster).mayBeTaken(name)
    }
    tip = await world.commit(next, 'Something else')
  }

  function calm(where: string): void {
    mends.get(where)?.()
    mends.delete(where)
  }

  function trouble(where: string, what: string): void {
    calm(where)
    const how = troubles[what] ?? 'open'
    if (typeof how !== 'string') {
      if (what === 'stale') proxyOf(where).record()
      mends.set(where, proxyOf(where).inject(...how))
      return
    }
    proxyOf(where).setNetwork(how)
    mends.set(where, () => proxyOf(where).setNetwork('open'))
  }

  /** What somebody does by hand to an object that the inventory says is ours. */
  async function hand(cluster: FaultyCluster, name: string, does: 'edit' | 'delete' | 'unlabel'): Promise<void> {
    if (strangers(cluster.name).has(name) && does !== 'delete') return
    if (!(await cluster.live(pathOf(name)))) return
    if (does === 'delete') {
      strangers(cluster.name).forget(name)
      await cluster.plane.request('DELETE', pathOf(name))
    } else if (does === 'edit') await cluster.plane.request('PATCH', pathOf(name), { data: { value: 'by hand' } })
    else await cluster.plane.request('PATCH', pathOf(name), { metadata: { labels: { [fleetLabel]: null } } })
  }

  /** Somebody makes an object; where one of ours was deleted by hand that would rather be ours made anew. */
  async function stranger(cluster: FaultyCluster, name: string): Promise<void> {
    if (cluster.everListed.has(configMapSubject(world.ns, name)) || (await cluster.live(pathOf(name)))) return
    if (!(await cluster.live(`/api/v1/namespaces/${world.ns}`))) return
    const taken = world.wishes().get(name)
    await strangers(cluster.name).add(name, { value: 'of others' })
    if (taken?.annotations?.[annotations.adopt] === 'Always') strangers(cluster.name).mayBeTaken(name)
  }

  async function checkCluster(cluster: FaultyCluster): Promise<void> {
    await strangers(cluster.name).check()
    checkDeletions(cluster)
  }

  /** Why a cluster is not as it should be; empty where it is. */
  async function problems(cluster: FaultyCluster, running: Running): Promise<readonly string[]> {
    const status = running.status()
    const wanted = wantedIn(world.wishes(), cluster.name)
    const live = await cluster.configMaps(world.ns)
    const heldBack = (name: string) => {
      const object = objectStatus(status, cluster.name, world.ns, name)
      return object?.action === 'skipped' && object.message !== ''
    }
    const missing = [...wanted].flatMap(([name, value]) => {
      const object = live.get(name)
      if (object && textOf(object) === value) return []
      return strangers(cluster.name).has(name) && heldBack(name) ? [] : [`${name} is wanted with ${value}`]
    })
    const left = [...live.keys()].filter(
      (name) => !wanted.has(name) && !strangers(cluster.name).has(name) && !heldBack(name),
    )
    return [...missing, ...left.map((name) => `${name} is neither wanted, nor of others, nor listed as held back`)]
  }

  async function allProblems(running: Running): Promise<readonly string[]> {
    const status = running.status()
    const found = await Promise.all(
      world.clusters.map(async (cluster) => (await problems(cluster, running)).map((one) => `${cluster.name}: ${one}`)),
    )
    return [
      ...(tip !== undefined && status.source.commit !== tip ? [`the tip ${tip} is not rendered`] : []),
      ...(status.source.problem === '' ? [] : [status.source.problem]),
      ...found.flat(),
    ]
  }

  return {
    async play(step) {
      switch (step.type) {
        case 'commit':
          return commit(step.edits)
        case 'trouble':
          return trouble(step.where, step.trouble)
        case 'calm':
          return calm(step.where)
        case 'kill':
          await daemon?.kill()
          daemon = step.again ? await world.start() : undefined
          return
        case 'start':
          daemon ??= await world.start()
          return
        case 'hand':
          return hand(world.cluster(step.cluster), step.name, step.does)
        case 'stranger':
          return stranger(world.cluster(step.cluster), step.name)
        case 'wait':
          await pause(step.ms)
          return
        case 'time':
          return world.clock.pass(step.minutes * 60_000)
      }
    },
    async check() {
      for (const cluster of world.clusters) await checkCluster(cluster)
    },
    async converge() {
      for (const where of [...mends.keys()]) calm(where)
      const running = daemon ?? (await world.start())
      daemon = running
      const end = Date.now() + 30_000
      // What was under way when the faults ended may still fail, so all has to be right for a while.
      for (let right = 0; right < 3; ) {
        const found = await allProblems(running)
        right = found.length === 0 ? right + 1 : 0
        assert(Date.now() < end, `after the faults:\n${found.join('\n')}\n${summary(running.status())}`)
        // What was left alone or held back is looked at again after minutes.
        world.clock.pass(20_000)
        await pause(100)
      }
    },
  }
}

function marked(mark: Edit['mark']): Pick<Wish, 'annotations'> {
  if (mark === 'always') return { annotations: { [annotations.adopt]: 'Always' } }
  if (mark === 'keep') return { annotations: { [annotations.prune]: 'false' } }
  return {}
}

function textOf(object: JsonObject): string {
  return String(getIn(object, ['data', 'value']))
}
