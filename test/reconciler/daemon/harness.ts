import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import pino from 'pino'
import { systemClock } from '../../../reconciler/clock.ts'
import { type Daemon, type DaemonOptions, startDaemon } from '../../../reconciler/daemon.ts'
import { openRepository } from '../../../reconciler/git/open.ts'
import { commitsInUse } from '../../../reconciler/run/commits-in-use.ts'
import { notNewFleet } from '../../../reconciler/run/new-fleet.ts'
import type { FleetStatus } from '../../../reconciler/server/types.ts'
import type { JsonObject } from '../../../repo-layout/json.ts'
import { type GitServer, startGitServer } from '../../testbed/git-server.ts'
import { removeAtExit, removeNow } from '../../testbed/processes.ts'
import { sharedControlPlanes } from '../../testbed/shared.ts'
import { createWorkTree, gitEnvironment, type WorkTree } from '../../testbed/work-tree.ts'
import { yaml } from './documents.ts'
import { memberOver, type TestMember } from './members.ts'
import { uncounted } from './uncounted.ts'

export const branches = { source: 'main', generated: 'generated' } as const
/** The components that every suite of the daemon needs. */
export const needs = ['etcd', 'kube-apiserver'] as const

const log = pino({ level: process.env.FLOTILLA_TEST_LOG ?? 'silent' }, pino.destination({ dest: 2, sync: true }))
const readSecret: DaemonOptions['readSecret'] = async () => undefined
let counter = 0

/** What a test wants of its fleet. */
export interface FleetOptions {
  /** Names of the members, each a real cluster; `c1`, `c2`, `c3` by default. */
  readonly clusters?: readonly string[]
  /** Spec of the Fleet. */
  readonly spec?: JsonObject
  /** Namespaces beside `ns` that the fleet makes, taken away at the end. */
  readonly namespaces?: readonly string[]
  /** Clusters whose workloads get ready. */
  readonly controllers?: boolean
}

/** A fleet repository on a real Git server, with real member clusters; names that no other test uses. */
export interface TestFleet {
  readonly name: string
  /** The namespace of the test's workloads. */
  readonly ns: string
  readonly server: GitServer
  readonly url: string
  readonly people: WorkTree
  readonly members: readonly TestMember[]
  readonly folder: string
  member(name: string): TestMember
  /** Writes the Fleet anew, with this spec. */
  writeFleet(spec: JsonObject): void
  /** Writes the inventory of one member anew, with more in its spec. */
  writeCluster(name: string, spec?: JsonObject): void
  /** Commits all that was written, pushes, and gives the commit. */
  push(message: string, options?: { readonly force?: boolean }): Promise<string>
  /** Native Git in the server's folder. */
  git(...args: readonly string[]): string
  /** The tip of the generated branch; undefined where there is none. */
  generatedTip(): string | undefined
  /** Commits of the generated branch, newest first: their messages. */
  generatedLog(): readonly string[]
  /** Starts a daemon in this process, on the clone that it had before unless `fresh`. */
  start(options?: StartOptions): Promise<RunningDaemon>
  stop(): Promise<void>
}

/** How a test starts a daemon. */
export interface StartOptions {
  readonly fresh?: boolean
  readonly newFleet?: boolean
  /** Where pull requests are planned. */
  readonly pulls?: DaemonOptions['pulls']
  /** Where source commits are reported on; nowhere where left out. */
  readonly report?: DaemonOptions['report']
  readonly readSecret?: DaemonOptions['readSecret']
  readonly metrics?: Partial<DaemonOptions['metrics']>
  /** What finds and renders charts; nothing where left out. */
  readonly charts?: DaemonOptions['charts']
}

/** A daemon that is waited for, never slept for. */
export interface RunningDaemon extends Daemon {
  /** Turns until `predicate` gives something; fails with what the daemon says of itself. */
  until<T>(predicate: (status: FleetStatus) => Answer<T>, what: string, limit?: number): Promise<T>
  /** Pulls now and waits until all clusters run what was generated, and it is healthy. */
  synced(): Promise<FleetStatus>
  /** The same but for health: nothing makes Deployments ready in a cluster without controllers. */
  applied(): Promise<FleetStatus>
}

type Answer<T> = T | undefined | false | Promise<T | undefined | false>

/** Makes a fleet. Its first commit holds the Fleet and the inventory; workloads are the test's. */
export async function makeFleet(options: FleetOptions = {}): Promise<TestFleet> {
  const names = options.clusters ?? ['c1', 'c2', 'c3']
  const planes = await sharedControlPlanes(names.length, { controllers: options.controllers === true })
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-daemon-'))
  removeAtExit(folder)
  const name = `daemon-${process.pid}-${++counter}`
  const members = await Promise.all(planes.map((plane, i) => memberOver(plane, names[i] ?? plane.name, folder)))
  const server = await startGitServer()
  const url = server.createRepo('fleet')
  const people = await createWorkTree(url)
  const daemons: Daemon[] = []
  const git = (...args: readonly string[]) =>
    execFileSync('git', args, {
      cwd: server.dir('fleet'),
      env: gitEnvironment(),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trimEnd()
  const generatedTip = () =>
    git('for-each-ref', '--format=%(objectname)', `refs/heads/${branches.generated}`) || undefined
  const apiVersion = 'flotilla.dev/v1alpha1'
  const writeFleet = (spec: JsonObject) =>
    people.write('flotilla.yaml', yaml({ apiVersion, kind: 'Fleet', metadata: { name }, spec }))
  writeFleet(options.spec ?? {})
  const member = (wanted: string) => {
    const found = members.find((one) => one.name === wanted)
    if (!found) throw new Error(`there is no member ${wanted}`)
    return found
  }
  const writeCluster = (cluster: string, more: JsonObject = {}) => {
    const spec = { connection: { kubeConfigFile: { path: member(cluster).kubeconfig } }, ...more }
    people.write(`clusters/${cluster}.yaml`, yaml({ apiVersion, kind: 'Cluster', metadata: { name: cluster }, spec }))
  }
  for (const { name: cluster } of members) writeCluster(cluster)

  async function start(more: StartOptions = {}): Promise<RunningDaemon> {
    const { fresh = false, newFleet = false, pulls, report } = more
    const dir = join(folder, fresh ? `clone-${++counter}` : 'clone')
    const repository = await openRepository({ url, branches, dir, timeoutMs: 10_000, clock: systemClock })
    const daemon = startDaemon({
      repository,
      branches,
      readSecret: more.readSecret ?? readSecret,
      clock: systemClock,
      log,
      metrics: { ...uncounted, ...more.metrics },
      pulls,
      report,
      renderer: 'flotilla test',
      charts: more.charts,
      notNewFleet: async (source) => (newFleet ? undefined : notNewFleet(source, { clock: systemClock, readSecret })),
      commitsInUse: (source) => commitsInUse(source, { clock: systemClock, readSecret }),
      anew: newFleet,
    })
    daemons.push(daemon)
    return waitable(daemon)
  }

  return {
    name,
    ns: name,
    server,
    url,
    people,
    members,
    folder,
    writeFleet,
    git,
    generatedTip,
    writeCluster,
    start,
    member,
    async push(message, { force = false } = {}) {
      const commit = await people.commit(message)
      await people.push({ force })
      return commit
    },
    generatedLog() {
      return git('log', '--first-parent', '--format=%B%x00', branches.generated)
        .split('\0')
        .map((message) => message.trim())
        .filter((message) => message !== '')
    },
    async stop() {
      for (const { gate } of members) gate.unblock()
      await Promise.all(daemons.map((daemon) => daemon.stop()))
      await Promise.all(members.map((member) => member.clean(name, [name, ...(options.namespaces ?? [])])))
      await Promise.all(members.map(({ gate }) => gate.stop()))
      people.dispose()
      await server.stop()
      removeNow(folder)
    },
  }
}

/** Makes a fleet for one test and takes it away whatever happens. */
export async function withFleet(options: FleetOptions, test: (fleet: TestFleet) => Promise<void>): Promise<void> {
  const fleet = await makeFleet(options)
  try {
    await test(fleet)
  } finally {
    await fleet.stop()
  }
}

function waitable(daemon: Daemon): RunningDaemon {
  const until: RunningDaemon['until'] = (predicate, what, limit) =>
    eventually(() => predicate(daemon.status()), what, { limit, explain: () => summary(daemon.status()) })
  return {
    ...daemon,
    until,
    async synced() {
      await daemon.sync()
      await daemon.settled()
      return until((status) => status.sync === 'synced' && status, 'all clusters are synced')
    },
    async applied() {
      await daemon.sync()
      await daemon.settled()
      return until((status) => isApplied(status) && status, 'all clusters run the generated commit')
    },
  }
}

/** Whether every cluster runs the generated commit. */
export function isApplied({ generated, clusters }: FleetStatus): boolean {
  return (
    generated.commit !== undefined &&
    clusters.length > 0 &&
    clusters.every(({ appliedCommit }) => appliedCommit === generated.commit)
  )
}

/** Asks until there is an answer; fails after `limit` milliseconds with an explanation. */
export async function eventually<T>(
  ask: () => Answer<T>,
  what: string,
  options: { readonly limit?: number | undefined; readonly explain?: () => string } = {},
): Promise<T> {
  const { limit = 20_000, explain = () => '' } = options
  for (const end = Date.now() + limit; ; ) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (Date.now() > end) throw new Error(`not within ${limit} ms: ${what}\n${explain()}`)
    // Seldom enough that asking does not take the processor from what is waited for.
    await pause(50)
  }
}

/** A status as the failure of a test shows it. */
export function summary(status: FleetStatus): string {
  const clusters = status.clusters.map(({ objects, ...cluster }) => ({
    ...cluster,
    objects: objects.map(({ subject, action, message, drift }) => ({ subject, action, message, drift })),
  }))
  return JSON.stringify({ ...status, clusters }, null, 1)
}
