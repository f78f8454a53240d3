import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sleep, systemClock } from '../../reconciler/clock.ts'
import { type GitServer, startGitServer } from '../sandbox/git/server.ts'
import { startSandbox } from '../sandbox/start.ts'
import type { Sandbox } from '../sandbox/types.ts'
import { type ChartServer, startChartServer } from './chart-server.ts'
import { type RunningDaemon, startDaemonProcess } from './daemon.ts'
import { type Expected, expectedText, isThere, seenText, waitFor } from './expect.ts'
import { allClusters } from './fleet-files.ts'
import { createKubectl, deploymentsPath, type Kubectl, type Running, runningOf } from './kubectl.ts'
import { createPerson, type Person } from './person.ts'

/** Everything that a stage may touch, how it waits, and how it speaks while it goes on. */
export interface StageWorld {
  /** Shows lines at once, such as a commit. */
  tell(lines: readonly string[]): void
  readonly person: Person
  /** The file that says how each cluster is reached. */
  readonly kubeconfig: string
  readonly kubectl: Kubectl
  readonly daemon: RunningDaemon
  /** Cuts a cluster off from everybody, or lets it be reached again. */
  setReachable(cluster: string, reachable: boolean): Promise<void>
  /** What runs in a cluster, looked at from inside: also while nobody can reach it. */
  inside(cluster: string): Promise<Running>
  /** Reads the clusters that are named until they run what is expected; gives that in words. Rejects with a StageError. */
  expectRunning(expected: Expected): Promise<string>
  /** Looks until something is so. Rejects with a StageError that says what was expected and seen. */
  expect<T>(what: string, look: () => Promise<T>, fine: (seen: T) => boolean, say: (seen: T) => string): Promise<T>
}

/** The whole demo: member clusters, Git server and daemon, with the files that let a person join in. */
export interface World extends StageWorld {
  readonly url: string
  readonly dir: string
  /** Ends everything and removes every file. */
  stop(): Promise<void>
}

/** What starts first: the places that people and the daemon meet at. */
export interface Places {
  readonly dir: string
  readonly kubeconfig: string
  readonly url: string
  readonly sandbox: Sandbox
  readonly git: GitServer
  readonly charts: ChartServer
  readonly person: Person
  stop(): Promise<void>
}

/** Longest time that something may take to come about, in milliseconds. */
const limit = 30_000

/** Starts the member clusters, the Git server and that of charts, and writes a kubeconfig. A push is followed by a call of `onPush`. */
export async function openPlaces(onPush: () => void): Promise<Places> {
  const dir = await mkdtemp(join(tmpdir(), 'flotilla-demo-'))
  const started: (() => Promise<void>)[] = [() => rm(dir, { recursive: true, force: true })]
  const stop = async () => {
    for (const end of started.splice(0).reverse()) await end()
  }
  try {
    const sandbox = await startSandbox({ clusters: allClusters.map(({ name }) => ({ name })) })
    started.push(() => sandbox.stop())
    const kubeconfig = join(dir, 'kubeconfig')
    await writeFile(kubeconfig, `${JSON.stringify(sandbox.kubeconfig(), null, 2)}\n`, { mode: 0o600 })
    const git = await startGitServer({ root: join(dir, 'git'), onPush })
    started.push(() => git.stop())
    const charts = await startChartServer()
    started.push(() => charts.stop())
    const url = await git.open('fleet')
    const person = await createPerson(join(dir, 'fleet'), url)
    return { dir, kubeconfig, url, sandbox, git, charts, person, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Starts the daemon on the places and gives the whole; `signal` ends every wait. */
export async function openWorld(
  places: Places,
  options: { readonly signal: AbortSignal; readonly tell: World['tell'] },
): Promise<World> {
  const { signal, tell } = options
  const { dir, kubeconfig, url, sandbox, person } = places
  const daemon = await startDaemonProcess(url, dir, signal)
  const kubectl = createKubectl(sandbox.clusters)
  const expect: World['expect'] = (what, look, fine, say) => {
    const wait = async (ms: number) => {
      await sleep(systemClock, ms, signal)
      signal.throwIfAborted()
    }
    return waitFor({ what, look, fine, say, wait, now: systemClock.now, limit })
  }
  return {
    dir,
    kubeconfig,
    url,
    tell,
    person,
    kubectl,
    daemon,
    expect,
    setReachable: (cluster, reachable) => sandbox.cluster(cluster).setReachable(reachable),
    inside: async (cluster) => runningOf((await sandbox.cluster(cluster).request('GET', deploymentsPath)).body),
    async expectRunning(expected) {
      const names = [...new Set(Object.values(expected).flatMap((wanted) => Object.keys(wanted)))]
      const look = async () =>
        new Map(await Promise.all(names.map(async (name) => [name, await kubectl.deployments(name)] as const)))
      const say = (seen: ReadonlyMap<string, Running>) => seenText(expected, seen)
      return say(await expect(expectedText(expected), look, (seen) => isThere(expected, seen), say))
    },
    async stop() {
      await kubectl.close()
      await daemon.stop()
      await places.stop()
    },
  }
}
