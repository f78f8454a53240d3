import type { Observations } from '../../repo-layout/observations.ts'
import type { FleetSource } from '../../repo-layout/read/assemble.ts'
import type { Clock } from '../clock.ts'
import type { Promotions } from '../promotion/promotions.ts'
import { createDamper } from './damping.ts'
import type { Members } from './members.ts'
import { emptiedClusters, lostClusters, promotionFacts, releaseFacts, relevantFacts } from './relevant.ts'
import type { State } from './state.ts'

/** Facts must stay changed for so long before replicas are divided anew, in milliseconds. */
const settle = 5000
/** The same before a rollout goes on: what it waits for is exact, and a step takes several of these. */
const settleRollout = 500

/** What decisions read, and when it has changed. */
export interface Facts {
  /** The facts for a render now; remembers them as the ones that were read. */
  read(source: FleetSource, lostBefore: ReadonlySet<string>): Observations
  /** The facts now, without remembering them. */
  peek(): Observations
  /**
   * Milliseconds after which another render may decide otherwise, 0 where it may now; undefined while nothing that a
   * decision reads has changed. A change counts only if it is still there after five seconds, half a second for rollouts; that a cluster is lost or
   * back is damped already, that one which leaves is emptied is final, and what time and checks say of a step is exact: these
   * count at once.
   */
  due(): number | undefined
}

/** Watches the members for what decisions read. */
export function createFacts(
  state: Pick<State, 'source' | 'subjects' | 'releases' | 'order'>,
  members: Pick<Members, 'observations'>,
  clock: Clock,
  promotions: Pick<Promotions, 'observe' | 'nextChange'>,
): Facts {
  const damper = createDamper(clock)
  let read: Observations | undefined
  const watched = [
    createWatched((now) => relevantFacts(now, state.subjects), settle, clock),
    createWatched((now) => releaseFacts(now, state.releases), settleRollout, clock),
  ]

  function observe(source: FleetSource): Observations {
    const { fleet, clusters } = source
    const names = clusters.filter(({ connection }) => connection).map(({ name }) => name)
    const seen = damper.observe(members.observations(), fleet.spec.failover, names)
    const rollouts = promotions.observe(source, seen)
    return Object.keys(rollouts).length === 0 ? seen : { ...seen, rollouts }
  }

  return {
    read(source, lostBefore) {
      damper.recall(lostBefore)
      read = observe(source)
      for (const one of watched) one.restart()
      return read
    },
    peek: () => (state.source ? observe(state.source) : members.observations()),
    due() {
      if (!state.source || !read) return undefined
      const now = observe(state.source)
      if (lostClusters(now) !== lostClusters(read)) return 0
      const leaving = state.order?.leaving ?? new Set()
      if (emptiedClusters(now, leaving) !== emptiedClusters(read, leaving)) return 0
      if (promotionFacts(now) !== promotionFacts(read)) return 0
      const inTime = damper.nextChange(state.source.fleet.spec.failover)
      const before = read
      const times = watched.map((one) => one.settledIn(before, now)).filter((time) => time !== undefined)
      if (inTime !== undefined) times.push(inTime + 1)
      const ends = promotions.nextChange(state.source)
      if (ends !== undefined) times.push(ends)
      return times.length === 0 ? undefined : Math.min(...times)
    },
  }
}

/** One part of the facts that counts as changed only once it has stayed so. */
function createWatched(textOf: (facts: Observations) => string, settling: number, clock: Clock) {
  let changedTo: { readonly facts: string; readonly at: number } | undefined
  return {
    restart() {
      changedTo = undefined
    },
    /** Milliseconds until the change counts; undefined where nothing has changed. */
    settledIn(before: Observations, now: Observations): number | undefined {
      const facts = textOf(now)
      if (facts === textOf(before)) {
        changedTo = undefined
        return undefined
      }
      if (changedTo?.facts !== facts) changedTo = { facts, at: clock.now() }
      return Math.max(0, changedTo.at + settling - clock.now())
    },
  }
}
