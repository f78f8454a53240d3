import fs, { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { deleteRef, log as gitLog } from 'isomorphic-git'
import pino from 'pino'
import { createPerson } from '../../deploy/demo/person.ts'
import type { Push } from '../../deploy/sandbox/git/push.ts'
import { type GitServer, startGitServer } from '../../deploy/sandbox/git/server.ts'
import { type Daemon, type DaemonOptions, startDaemon } from '../../reconciler/daemon.ts'
import { openRepository } from '../../reconciler/git/open.ts'
import { commitsInUse } from '../../reconciler/run/commits-in-use.ts'
import { notNewFleet } from '../../reconciler/run/new-fleet.ts'
import type { JsonObject } from '../../repo-layout/json.ts'
import { configMap, yaml } from '../reconciler/daemon/documents.ts'
import { branches } from '../reconciler/daemon/harness.ts'
import { uncounted } from '../reconciler/daemon/uncounted.ts'
import type { ControlPlane } from '../testbed/control-plane.ts'
import { removeAtExit, removeNow } from '../testbed/processes.ts'
import { type SwiftClock, swiftClock } from './clock.ts'
import { type FaultyCluster, faultyCluster } from './cluster.ts'
import { type FaultProxy, startProxy } from './proxy.ts'
import { openUpstream } from './upstream.ts'

/** One ConfigMap of the fleet: where it runs, and what stands in it. */
export interface Wish {
  readonly clusters: readonly string[]
  readonly value: string
  /** Of the object itself. */
  readonly annotations?: JsonObject
}

/** What the fleet should run, by the names of ConfigMaps. */
export type Wishes = ReadonlyMap<string, Wish>

/** A fleet whose every connection goes through a fault proxy; names that no other test uses. */
export interface World {
  readonly name: string
  /** The namespace of its ConfigMaps. */
  readonly ns: string
  readonly clusters: readonly FaultyCluster[]
  /** The proxy before the Git server. */
  readonly git: FaultProxy
  readonly gitServer: GitServer
  readonly clock: SwiftClock
  /** Where the daemon finds the repository. */
  readonly url: string
  /** Where the files of this world are. */
  readonly folder: string
  /** The folder of the daemon's clone. */
  readonly cloneDir: string
  /** What was committed last. */
  wishes(): Wishes
  /** Commits and pushes that the fleet should run this; gives the commit. Past the proxy: people are elsewhere. */
  commit(wishes: Wishes, message?: string): Promise<string>
  cluster(name: string): FaultyCluster
  /** The subjects of the generated commits, newest first. */
  generatedSubjects(): Promise<readonly string[]>
  /** Takes the generated branch away from the Git server. */
  deleteGenerated(): Promise<void>
  /** How the daemon's kubeconfigs are got; a test may put another way in its place. */
  readSecret: DaemonOptions['readSecret']
  /** Starts a daemon in this process that pulls at each push and now and then, on the clone that its predecessor had. */
  start(): Promise<Running>
  stop(): Promise<void>
}

/** A daemon of a world. */
export interface Running extends Daemon {
  /** How the proxies know it. */
  readonly client: string
  /** Has it die as a process does: nothing of it reaches anything any more; resolves when it has let go of its clone. */
  kill(): Promise<void>
}

/** What a test wants of its world. */
export interface WorldOptions {
  readonly planes: readonly ControlPlane[]
  /** How much faster time runs for the daemon; 20 where not given. */
  readonly speed?: number
  readonly random?: () => number
  /** How long daemons wait between two pulls that nobody asked for, in milliseconds; 400 where not given. */
  readonly pollMs?: number
  /** Spec of the Fleet. */
  readonly spec?: JsonObject
  /** Has clusters connected by kubeconfig files, for daemons that are processes of their own. */
  readonly files?: boolean
}

const log = pino({ level: process.env.FLOTILLA_TEST_LOG ?? 'silent' }, pino.destination({ dest: 2, sync: true }))
let counter = 0

/** Makes a world with a member for each control plane, named `c1` and so on, and a first commit without workloads. */
export async function makeWorld(options: WorldOptions): Promise<World> {
  const { planes, random = Math.random, spec = {}, files = false, pollMs = 400 } = options
  const name = `faults-${process.pid}-${++counter}`
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-faults-'))
  removeAtExit(folder)
  const clock = swiftClock(options.speed ?? 20)
  const clusters = await Promise.all(planes.map((plane, i) => faultyCluster(plane, `c${i + 1}`, random)))
  const daemons = new Set<Running>()
  // As a forge does by webhook; polls alone would have to come so often that most of all work were polls.
  const onPush = ({ updates }: Push) => {
    if (updates.some(({ ref }) => ref === `refs/heads/${branches.source}`)) for (const one of daemons) void one.sync()
  }
  const gitServer = await startGitServer({ root: folder, onPush })
  const direct = await gitServer.open('fleet')
  const git = await startProxy({
    upstream: openUpstream(new URL(direct).origin),
    tls: false,
    isWrite: (_method, path) => path.endsWith('/git-receive-pack'),
    random,
  })
  const url = `http://127.0.0.1:${git.port}/fleet.git`
  const person = await createPerson(join(folder, 'person'), direct)
  let wishes: Wishes = new Map()
  const apiVersion = 'flotilla.dev/v1alpha1'
  const find = (wanted: string) => {
    const found = clusters.find((one) => one.name === wanted)
    if (!found) throw new Error(`there is no cluster ${wanted}`)
    return found
  }

  function connection(cluster: FaultyCluster): JsonObject {
    if (!files) return { secretRef: { name: cluster.name } }
    const path = join(folder, `${cluster.name}.kubeconfig`)
    writeFileSync(path, cluster.kubeconfig('child'), { mode: 0o600 })
    return { kubeConfigFile: { path } }
  }

  const world: World = {
    name,
    ns: name,
    clusters,
    git,
    gitServer,
    clock,
    url,
    folder,
    cloneDir: join(folder, 'clone'),
    wishes: () => wishes,
    cluster: find,
    readSecret: async (secret) => ({ value: find(secret).kubeconfig('daemon') }),
    async commit(next, message = 'Change what runs') {
      wishes = next
      const documents = [...next].map(([one, { clusters: where, value, annotations }]) =>
        configMap(name, one, { value }, { clusters: where, ...(annotations ? { annotations } : {}) }),
      )
      return person.commit(new Map([['objects.yaml', yaml(...documents)]]), message)
    },
    async generatedSubjects() {
      const commits = await gitLog({ fs, gitdir: gitServer.folder('fleet'), ref: branches.generated })
      return commits.map(({ commit }) => commit.message.split('\n')[0] ?? '')
    },
    deleteGenerated: () =>
      deleteRef({ fs, gitdir: gitServer.folder('fleet'), ref: `refs/heads/${branches.generated}` }),
    async start() {
      const client = `daemon-${++counter}`
      const readSecret: DaemonOptions['readSecret'] = async (secret) => {
        const values = await world.readSecret(secret)
        return values && { value: String(values.value).replace('"token":"daemon"', `"token":"${client}"`) }
      }
      const repository = await openRepository({
        url,
        branches,
        dir: world.cloneDir,
        auth: { type: 'basic', username: client, password: 'x' },
        timeoutMs: 1500,
        clock,
        warn: (text) => log.warn(text),
      })
      const reach = { clock, readSecret, answerTimeout: 1500 }
      const daemon = startDaemon({
        ...reach,
        repository,
        branches,
        log,
        metrics: uncounted,
        renderer: 'flotilla test',
        notNewFleet: (source) => notNewFleet(source, reach),
        commitsInUse: (source) => commitsInUse(source, reach),
      })
      const ended = new AbortController()
      const polled = (async () => {
        while (!ended.signal.aborted) {
          await daemon.sync()
          // Rejects only where the daemon is stopped meanwhile.
          await pause(pollMs, undefined, { signal: ended.signal }).catch(() => undefined)
        }
      })()
      const stop = async () => {
        daemons.delete(running)
        ended.abort()
        await daemon.stop()
        await polled
      }
      const running: Running = {
        ...daemon,
        client,
        stop,
        async kill() {
          for (const proxy of [git, ...clusters.map((one) => one.proxy)]) proxy.cutOff(client)
          await stop()
        },
      }
      daemons.add(running)
      return running
    },
    async stop() {
      await Promise.all([...daemons].map((daemon) => daemon.stop()))
      await Promise.all([git.stop(), ...clusters.map((one) => one.stop())])
      await gitServer.stop()
      await Promise.all(planes.map((plane) => clean(plane, name)))
      removeNow(folder)
    },
  }
  await person.commit(
    new Map([
      ['flotilla.yaml', yaml({ apiVersion, kind: 'Fleet', metadata: { name }, spec })],
      ...clusters.map(
        (cluster) =>
          [
            `clusters/${cluster.name}.yaml`,
            yaml({
              apiVersion,
              kind: 'Cluster',
              metadata: { name: cluster.name },
              spec: { connection: connection(cluster) },
            }),
          ] as const,
      ),
    ]),
    'Begin',
  )
  return world
}

/** Takes away what a world left in a cluster that others use too. */
async function clean(plane: ControlPlane, name: string): Promise<void> {
  const selector = `labelSelector=${encodeURIComponent(`flotilla.dev/inventory=${name}`)}`
  await plane.request('DELETE', `/api/v1/namespaces/flotilla-system/configmaps?${selector}`)
  await plane.request('DELETE', `/api/v1/namespaces/${name}/configmaps`)
  const { status, body } = await plane.request('DELETE', `/api/v1/namespaces/${name}`)
  // No controller finishes the deletion of a namespace here.
  if (status < 300 && typeof body === 'object' && body !== null)
    await plane.request('PUT', `/api/v1/namespaces/${name}/finalize`, { ...body, spec: { finalizers: [] } })
}

/** Makes a world for one test and takes it away whatever happens. */
export async function withWorld(options: WorldOptions, test: (world: World) => Promise<void>): Promise<void> {
  const world = await makeWorld(options)
  try {
    await test(world)
  } finally {
    await world.stop()
  }
}
