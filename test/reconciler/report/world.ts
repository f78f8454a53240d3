import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../../../reconciler/clock.ts'
import { ForgeError, type ForgeFailure } from '../../../reconciler/forge/error.ts'
import type { CommitStatus } from '../../../reconciler/forge/types.ts'
import type { Board } from '../../../reconciler/report/board.ts'
import type { PostResult } from '../../../reconciler/report/poster.ts'
import { createReporter, type Reporter } from '../../../reconciler/report/reporter.ts'
import type { ClusterStatus, FleetStatus } from '../../../reconciler/server/types.ts'
import { fleetSchema } from '../../../repo-layout/schema/fleet.ts'
import { type TestClock, testClock } from '../../clocks.ts'
import { clusterOf, fleetOf } from '../views/fleet.ts'

/** How the board of a test answers; `lost` takes what it is sent, and says that it did not. */
export type Mood = ForgeFailure | 'well' | 'lost'

/** A board in memory that writes down what it is sent. */
export interface TestBoard extends Board {
  readonly journal: readonly { readonly at: number; readonly commit: string; readonly status: CommitStatus }[]
  /** How often a commit was read. */
  reads(): number
  become(mood: Mood): void
  of(commit: string): ReadonlyMap<string, CommitStatus>
}

/** Makes a board that answers well. */
export function testBoard(clock: Clock, atOnce = 1): TestBoard {
  const commits = new Map<string, Map<string, CommitStatus>>()
  const journal: { at: number; commit: string; status: CommitStatus }[] = []
  let mood: Mood = 'well'
  let reads = 0
  const of = (commit: string) => commits.get(commit) ?? new Map<string, CommitStatus>()
  const fail = () => {
    if (mood !== 'well' && mood !== 'lost') throw new ForgeError('the test forge says no', mood)
  }
  return {
    name: 'test',
    atOnce,
    limits: { perMinute: 600, perHour: 6000 },
    pageOf: (commit) => `https://forge.example/commit/${commit}`,
    journal,
    reads: () => reads,
    become: (next) => {
      mood = next
    },
    of,
    async statuses(commit) {
      reads += 1
      fail()
      return [...of(commit).values()]
    },
    async since(commit, at) {
      fail()
      return journal
        .filter((one) => one.commit === commit && one.at >= at)
        .map((one) => ({ ...one.status, at: one.at }))
    },
    async post(commit, statuses) {
      fail()
      const shown = new Map(of(commit))
      for (const status of statuses) {
        journal.push({ at: clock.now(), commit, status })
        shown.set(status.context, status)
      }
      commits.set(commit, shown)
      if (mood === 'lost') throw new ForgeError('the answer was lost', { type: 'unreachable' })
    },
  }
}

/** A fleet that a test moves, with the daemon that reports on it. */
export interface World {
  readonly clock: TestClock
  /** Puts a new source commit in force, with those that were pushed with it; every cluster begins to apply it. */
  push(commits?: number): string
  /** Source commits, newest first. */
  readonly commits: readonly string[]
  /** Brings a cluster to another state. */
  set(cluster: string, change: Partial<ClusterStatus>): void
  change(change: Partial<FleetStatus>): void
  /** Lets time pass, with what falls due in it. */
  pass(ms: number): Promise<void>
  /** Kills the daemon and starts another. */
  restart(): Promise<void>
  reporter(): Reporter
  /** How many statuses came to this. */
  results(result: PostResult): number
  stop(): Promise<void>
}

/** A world whose board is in memory. */
export interface ReportWorld extends World {
  readonly board: TestBoard
}

/** What a fleet is made of. */
export interface FleetOptions {
  readonly clusters?: readonly string[]
  readonly regionOf?: (cluster: string) => string
  readonly maxClusterStatuses?: number
}

/** What a world with a board in memory is made of. */
export interface WorldOptions extends FleetOptions {
  readonly atOnce?: number
  readonly limits?: Board['limits']
}

/** Where a world reports to, and by whose time. */
export interface Setting {
  readonly board: Board
  readonly clock: TestClock
  /** Makes a source commit that the board knows. */
  readonly newCommit: () => string
}

const oid = (letter: string, number: number) => letter.repeat(8) + String(number).padStart(32, '0')

/** Makes a world with a board in memory, and nothing pushed. */
export function makeWorld(options: WorldOptions = {}): ReportWorld {
  const clock = testClock(1_800_000_000_000)
  const board = { ...testBoard(clock, options.atOnce ?? 1), ...(options.limits ? { limits: options.limits } : {}) }
  let number = 0
  const world = makeWorldOn({ board, clock, newCommit: () => oid('a', ++number) }, options)
  return { ...world, board }
}

/** Makes a world that reports to any board, also one over the network, and nothing pushed. */
export function makeWorldOn({ board, clock, newCommit }: Setting, options: FleetOptions = {}): World {
  const { clusters: names = ['c1', 'c2'], regionOf = (name) => `r-${name.length}`, maxClusterStatuses = 50 } = options
  const commits: string[] = []
  const clusters = new Map(names.map((name) => [name, clusterOf(name, regionOf(name))] as const))
  const fleet = fleetSchema.parse({
    apiVersion: 'flotilla.dev/v1alpha1',
    kind: 'Fleet',
    metadata: { name: 'shop' },
    spec: { forge: { maxClusterStatuses } },
  })
  const iso = () => new Date(clock.now()).toISOString()
  const asked = new Set<Promise<unknown>>()
  const results = new Map<PostResult, number>()
  let generated = oid('f', 0)
  let number = 0
  let more: Partial<FleetStatus> = {}
  const status = (): FleetStatus =>
    fleetOf([...clusters.values()], {
      source: { branch: 'main', commit: commits[0], fetchedAt: iso(), problem: '' },
      generated: { branch: 'generated', commit: generated, problem: '' },
      ...more,
    })
  const start = () =>
    createReporter({
      board: watched(board, asked),
      repository: {
        log: async (tip, limit) =>
          commits
            .slice(commits.indexOf(tip))
            .slice(0, limit)
            .map((one) => commitOf(one)),
      },
      read: () => ({ status: status(), fleet, refused: undefined }),
      mayPost: () => true,
      metrics: { statusesSent: (result, count) => void results.set(result, (results.get(result) ?? 0) + count) },
      clock,
      log: { warn: () => undefined },
    })
  let reporter = start()
  const flush = async () => {
    do {
      await Promise.allSettled(asked)
      for (let turn = 0; turn < 4; turn++) await setImmediate()
    } while (asked.size > 0)
  }
  const set: World['set'] = (name, change) => {
    const before = clusters.get(name) ?? clusterOf(name, '')
    const since = change.sync !== undefined && change.sync !== before.sync ? iso() : before.since
    clusters.set(name, { ...before, since, ...change })
    reporter.tell()
  }
  return {
    clock,
    commits,
    set,
    push(count = 1) {
      for (let i = 0; i < count; i++) commits.unshift(newCommit())
      generated = oid('f', ++number)
      for (const name of names) set(name, { sync: 'progressing', wantedCommit: generated })
      return commits[0] ?? ''
    },
    change(change) {
      more = change
      reporter.tell()
    },
    async pass(ms) {
      await flush()
      for (const end = clock.now() + ms; clock.now() < end; ) {
        clock.pass(Math.min(end - clock.now(), clock.next() ?? Number.POSITIVE_INFINITY))
        await flush()
      }
    },
    async restart() {
      await reporter.stop()
      reporter = start()
      reporter.tell()
    },
    reporter: () => reporter,
    results: (result) => results.get(result) ?? 0,
    stop: () => reporter.stop(),
  }
}

/** The same board; requests under way are in `asked`. */
function watched(board: Board, asked: Set<Promise<unknown>>): Board {
  const watch = <T>(request: Promise<T>): Promise<T> => {
    asked.add(request)
    const end = () => void asked.delete(request)
    request.then(end, end)
    return request
  }
  return {
    ...board,
    statuses: (commit) => watch(board.statuses(commit)),
    since: (commit, at) => watch(board.since(commit, at)),
    post: (commit, statuses) => watch(board.post(commit, statuses)),
  }
}

function commitOf(one: string) {
  return {
    oid: one,
    parents: [],
    tree: '',
    message: '',
    author: { name: '', email: '', time: 0 },
  }
}
