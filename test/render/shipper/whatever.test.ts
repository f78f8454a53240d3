import assert from 'node:assert/strict'
import fc from 'fast-check'
import { getIn, type Json } from '../../../repo-layout/json.ts'
import type { ClusterObservation, Observations } from '../../../repo-layout/observations.ts'
import { fleet, type Sources } from '../helper.ts'
import { nginxCharts } from './fixtures.ts'
import { createMember } from './member.ts'
import { rehearse } from './rehearsal.ts'
import {
  applicationDocument,
  blockDocument,
  clusterDocument,
  releaseDocument,
  releasesOf,
  vanguardStrategy,
} from './written.ts'

/** An inventory document of Flotilla's own of a cluster that nothing is written to. */
function suspendedDocument(name: string, identity: string): string {
  const spec = `spec: {region: local, suspend: true, scheduler: {identity: ${identity}}}`
  return `apiVersion: flotilla.dev/v1alpha1\nkind: Cluster\nmetadata: {name: ${name}}\n${spec}\n`
}

/** What can happen to a fleet; numbers are taken modulo what there is. */
type Event =
  | { readonly type: 'render' | 'block' | 'unblock' | 'break' | 'mend' }
  | { readonly type: 'edit' | 'command'; readonly to: number }
  | {
      readonly type:
        | 'apply'
        | 'label'
        | 'lose'
        | 'give up'
        | 'return'
        | 'remove'
        | 'add'
        | 'garble'
        | 'read'
        | 'suspend'
        | 'resume'
        | 'rename'
      readonly cluster: number
    }
  | { readonly type: 'start'; readonly cluster: number; readonly count: number }
  | { readonly type: 'heal' }

const names = ['c1', 'c2', 'c3']
const versions = ['0.0.1', '0.0.2', '0.0.3']

/** Each step of this strategy promises all pods of one release, between the two. */
const whole = 10

/** What an Application may have beside its template. */
interface Shape {
  /** How many pods more than all there may be at once. */
  readonly maxSurge: string | undefined
  /** The pods of one cluster, where they are others. */
  readonly inSecond: number | undefined
}

const shapes: fc.Arbitrary<Shape> = fc.record({
  maxSurge: fc.constantFrom(undefined, '20%'),
  inSecond: fc.constantFrom(undefined, 6),
})

const cluster = fc.nat(2)
const of = (weight: number, ...types: Extract<Event, { cluster: number; count?: never }>['type'][]) => ({
  weight,
  arbitrary: fc.tuple(fc.constantFrom(...types), cluster).map(([type, at]): Event => ({ type, cluster: at })),
})
const plain = (weight: number, ...types: Exclude<Event, { to: number } | { cluster: number }>['type'][]) => ({
  weight,
  arbitrary: fc.constantFrom(...types).map((type): Event => ({ type }) as Event),
})
const events = fc.array(
  fc.oneof(
    plain(14, 'render'),
    plain(8, 'heal'),
    of(8, 'apply', 'label'),
    {
      weight: 6,
      arbitrary: fc.tuple(cluster, fc.nat(9)).map(([at, count]): Event => ({ type: 'start', cluster: at, count })),
    },
    {
      weight: 5,
      arbitrary: fc
        .tuple(fc.constantFrom('edit' as const, 'command' as const, 'command' as const), fc.nat(2))
        .map(([type, to]): Event => ({ type, to })),
    },
    of(2, 'lose', 'give up', 'return'),
    of(1, 'remove', 'add', 'garble', 'read', 'suspend', 'resume', 'rename'),
    plain(1, 'block', 'unblock', 'break', 'mend'),
  ),
  { minLength: 20, maxLength: 90 },
)

async function createWorld({ maxSurge, inSecond }: Shape) {
  const members = new Map(names.map((name) => [name, createMember()]))
  const lost = new Set<string>()
  const givenUp = new Set<string>()
  const removed = new Set<string>()
  const garbled = new Set<string>()
  const suspended = new Set<string>()
  /** Clusters under the names that they have now, by the first. */
  const now = new Map(names.map((name) => [name, name]))
  const nowOf = (name: string) => now.get(name) ?? name
  /** And under the names of the last tree: by these they are looked after. */
  let inForce: ReadonlyMap<string, string> = new Map(now)
  const inForceOf = (name: string) => inForce.get(name) ?? name
  const wholeOf = (name: string) => (name === 'c2' ? (inSecond ?? whole) : whole)
  /** Clusters that were out of the fleet once: nobody promises what becomes of what is left there. */
  const released = new Set<string>()
  let version = '0.0.1'
  let isBroken = false
  let isBlocked = false
  let command: Sources = {}
  const log: string[] = []
  const rehearsal = rehearse({}, nginxCharts())

  function sources(): Sources {
    const inventory = names
      .filter((name) => !removed.has(name))
      .map((name) => {
        const text = suspended.has(name)
          ? suspendedDocument(nowOf(name), name)
          : clusterDocument({ name: nowOf(name), identity: name })
        return garbled.has(name) ? text.replace('region: local', 'region: [local]') : text
      })
    const app = applicationDocument('web', {
      version,
      clusterRequirements: { regions: [{ name: 'local', replicas: 3 - removed.size }] },
      strategy: { ...vanguardStrategy, ...(maxSurge ? { rollingUpdate: { maxSurge } } : {}) },
      ...(inSecond ? { overrides: [{ clusterName: nowOf('c2'), values: { replicaCount: inSecond } }] } : {}),
    })
    return {
      'flotilla.yaml': fleet,
      'clusters.yaml': inventory.join('---\n'),
      'web.yaml': isBroken ? `${app}\n : [` : app,
      ...(isBlocked ? { 'block.yaml': blockDocument('default/freeze') } : {}),
      ...command,
    }
  }

  rehearsal.facts = (): Observations => {
    const clusters: Record<string, ClusterObservation> = {}
    for (const [name, member] of members) {
      if (removed.has(name)) continue
      clusters[inForceOf(name)] = givenUp.has(name)
        ? { reachable: false }
        : lost.has(name)
          ? { reachable: 'unknown' }
          : member.observation()
    }
    return { clusters }
  }

  /** What was applied in each cluster last, as `loads` says it. */
  const running = new Map<string, string>()

  /** Replicas and weight of each release in a cluster's folder; what is not there has neither. */
  function loads(name: string): string {
    const folder = `clusters/${inForceOf(name)}/default/`
    const weights = getIn(rehearsal.file(`${folder}Service/nginx.yaml`), [
      'metadata',
      'annotations',
      'flotilla.dev/traffic',
    ])
    const replicas = releasesOf(rehearsal).map((release): readonly [string, Json | undefined] => [
      release,
      getIn(rehearsal.file(`${folder}Deployment.apps/${release}-nginx.yaml`), ['spec', 'replicas']),
    ])
    const weighted = Object.entries(JSON.parse(String(weights ?? '{}'))).filter(([, weight]) => weight !== 0)
    return JSON.stringify([weighted, replicas.filter(([, count]) => count !== undefined && count !== 0)])
  }

  /**
   * Renders; whatever is rendered again upon the same facts moves no cluster twice, unless the first move takes back what the
   * cluster never had: then the facts are about what is in force again.
   */
  async function render(): Promise<void> {
    rehearsal.sources = sources()
    const facts = rehearsal.facts?.() ?? { clusters: {} }
    const seen = new Map(names.map((name) => [name, new Set([loads(name)])]))
    const runAgain = new Set<string>()
    const real = rehearsal.facts
    rehearsal.facts = () => facts
    inForce = new Map(now)
    for (let turn = 0; turn < 2; turn++) {
      const { steps } = await rehearsal.turn()
      if (steps.length > 0) log.push(`  ${steps.join(', ')}`)
      for (const name of names) seen.get(name)?.add(loads(name))
      if (turn === 0) for (const name of names) if (loads(name) === running.get(name)) runAgain.add(name)
    }
    rehearsal.facts = real
    for (const [name, loadsSeen] of seen) {
      assert.ok(
        loadsSeen.size <= (runAgain.has(name) ? 3 : 2),
        `${name} moves twice upon the same facts:\n${[...loadsSeen].join('\n')}\n${log.slice(-40).join('\n')}`,
      )
    }
  }

  function apply(name: string): void {
    const isWritten = ![lost, removed, garbled, suspended].some((out) => out.has(name))
    if (!isWritten) return
    members.get(name)?.apply(rehearsal.texts(), inForceOf(name))
    running.set(name, loads(name))
  }

  function checkPromises(): void {
    for (const [name, member] of members) {
      if (released.has(name)) continue
      assert.ok(
        member.serving() >= wholeOf(name),
        `${name} serves ${member.serving()} of ${wholeOf(name)}\n${log.slice(-60).join('\n')}`,
      )
    }
  }

  async function settle(): Promise<void> {
    for (const name of names.filter((one) => !lost.has(one))) {
      const member = members.get(name)
      for (const part of [() => apply(name), () => member?.start(99), () => member?.label()]) {
        part()
        if (isRunning) checkPromises()
      }
    }
    await render()
  }

  let isRunning = false
  /** Gives everything its time until nothing changes any more. */
  async function rest(): Promise<void> {
    for (let turn = 0, quiet = 0; quiet < 3; turn++) {
      assert.ok(turn < 200, `it never comes to rest\n${log.slice(-60).join('\n')}`)
      const before = JSON.stringify([...rehearsal.texts()].sort())
      await settle()
      quiet = JSON.stringify([...rehearsal.texts()].sort()) === before ? quiet + 1 : 0
    }
  }

  function commandNewest(step: number): void {
    command = { 'release.yaml': releaseDocument(releasesOf(rehearsal).at(-1) ?? '', step) }
  }

  await render()
  await rest()
  commandNewest(2)
  await rest()
  isRunning = true
  checkPromises()

  async function happen(event: Event): Promise<void> {
    log.push(JSON.stringify(event))
    const name = 'cluster' in event ? (names[event.cluster] ?? '') : ''
    if (event.type === 'render') await render()
    if (event.type === 'heal') await settle()
    if (event.type === 'apply') apply(name)
    if (event.type === 'start' && !lost.has(name)) members.get(name)?.start(event.count)
    if (event.type === 'label' && !lost.has(name)) members.get(name)?.label()
    if (event.type === 'lose') lost.add(name)
    if (event.type === 'give up' && lost.has(name)) givenUp.add(name)
    if (event.type === 'return') {
      lost.delete(name)
      givenUp.delete(name)
    }
    if (event.type === 'remove' && removed.size < 2) {
      removed.add(name)
      released.add(name)
    }
    if (event.type === 'add') removed.delete(name)
    // What is lost under one name cannot be told from what never was there under another.
    const isAway = [lost, removed, garbled].some((out) => out.has(name))
    if (event.type === 'rename' && !isAway) now.set(name, `${nowOf(name)}x`)
    if (event.type === 'suspend') suspended.add(name)
    if (event.type === 'resume') suspended.delete(name)
    if (event.type === 'garble') garbled.add(name)
    if (event.type === 'read') garbled.delete(name)
    if (event.type === 'block' || event.type === 'unblock') isBlocked = event.type === 'block'
    if (event.type === 'break' || event.type === 'mend') isBroken = event.type === 'break'
    if (event.type === 'edit') version = versions[event.to] ?? ''
    // Alone, a release has the traffic of its step: nobody is there to share with.
    if (event.type === 'command') commandNewest(releasesOf(rehearsal).length > 1 ? event.to : 2)
    checkPromises()
  }

  /** Everything is well and asked for, and gets its time. */
  async function end(): Promise<void> {
    for (const all of [lost, givenUp, removed, garbled, suspended]) all.clear()
    isBlocked = false
    isBroken = false
    await rest()
    commandNewest(2)
    await rest()
  }

  const firstOf = (name: string) => names.find((one) => nowOf(one) === name) ?? name
  const servingIn = (name: string) => members.get(firstOf(name))?.serving()
  return { happen, end, rehearsal, servingIn, firstOf, wholeOf, version: () => version, log }
}

describe('whatever happens to a fleet with an application', () => {
  it('no cluster serves less than the steps promise, moves come one by one, and it gets there in the end', async () => {
    await fc.assert(
      fc.asyncProperty(shapes, events, async (shape, all) => {
        const world = await createWorld(shape)
        for (const event of all) await world.happen(event)
        await world.end()
        const { rehearsal } = world
        const newest = releasesOf(rehearsal).at(-1) ?? ''
        const record = rehearsal.file(`rollouts/default/web/${newest}/Release.yaml`)
        const said = `${rehearsal.said().join('\n')}\n${world.log.slice(-60).join('\n')}`
        assert.equal(getIn(record, ['spec', 'environment', 'chart', 'version']), world.version(), said)
        assert.equal(getIn(record, ['status', 'achievedStep', 'step']), 2, said)
        assert.equal(getIn(record, ['status', 'clusters']), undefined, said)
        for (const name of String(
          getIn(record, ['metadata', 'annotations', 'shipper.booking.com/release.clusters']),
        ).split(',')) {
          assert.equal(world.servingIn(name), world.wholeOf(world.firstOf(name)), said)
        }
      }),
      { numRuns: 8 },
    )
  })
})
