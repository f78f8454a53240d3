import type { RunningDaemon, StartOptions, TestFleet } from '../daemon/harness.ts'
import { createMemoryForge, type MemoryForge } from './memory-forge.ts'

/** A fleet with a forge that its daemon plans pull requests on. */
export interface Desk {
  readonly daemon: RunningDaemon
  readonly forge: MemoryForge
  /** How often plans ended in which way. */
  readonly counted: Map<string, number>
  /** Commits what was written as a branch of its own from `main`, and goes back to `main`; a fork's is no branch of ours. */
  branch(name: string, options?: { readonly fork?: boolean }): Promise<string>
  /** Opens a pull request with what was written. */
  open(
    name: string,
    options?: { readonly fork?: boolean },
  ): Promise<{ readonly number: number; readonly commit: string }>
  /** Has the daemon look, and waits until it has planned. */
  look(number?: number): Promise<void>
  /** Merges a head into `main` and pushes; gives the merge commit. */
  merge(commit: string, number: number): Promise<string>
}

/** Starts a daemon with a forge; everything is applied when it resolves. */
export async function startDesk(
  fleet: TestFleet,
  options: StartOptions = {},
  forge = createMemoryForge(),
  ready: (daemon: RunningDaemon) => Promise<unknown> = (daemon) => daemon.applied(),
): Promise<Desk> {
  const counted = new Map<string, number>()
  const count = (result: string) => void counted.set(result, (counted.get(result) ?? 0) + 1)
  const daemon = await fleet.start({
    ...options,
    pulls: { found: Promise.resolve(forge.forge) },
    metrics: { planned: count },
  })
  await ready(daemon)
  const { people } = fleet
  const branch: Desk['branch'] = async (name, { fork = false } = {}) => {
    await people.git('checkout', '-q', '-b', name)
    const commit = await people.commit(`Change for ${name}`)
    await people.git('push', '-q', 'origin', `${commit}:${fork ? `refs/pull/${name}/head` : `refs/heads/${name}`}`)
    await people.git('checkout', '-q', 'main')
    return commit
  }
  return {
    daemon,
    forge,
    counted,
    branch,
    async open(name, more = {}) {
      const commit = await branch(name, more)
      return { number: forge.open({ commit, branch: name, ...more }), commit }
    },
    async look(number) {
      daemon.onPullRequest(number)
      await daemon.planned()
    },
    async merge(commit, number) {
      await people.git('merge', '-q', '--no-ff', '-m', `Merge pull request #${number}`, commit)
      await people.push()
      const mergeCommit = (await people.git('rev-parse', 'HEAD')).trim()
      forge.change(number, { state: 'merged', mergeCommit })
      return mergeCommit
    },
  }
}
