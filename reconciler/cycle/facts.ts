import type { Observations } from '../../repo-layout/observations.ts'
import type { FleetSource } from '../../repo-layout/read/assemble.ts'
import type { Clock } from '../clock.ts'
import { createDamper } from './damping.ts'
import type { Members } from './members.ts'
import { emptiedClusters, lostClusters, relevantFacts } from './relevant.ts'
import type { State } from './state.ts'

/** Facts must stay changed for so long before replicas are divided anew, in milliseconds. */
const settle = 5000

/** What decisions read, and when it has changed. */
export interface Facts {
  /** The facts for a render now; remembers them as the ones that were read. */
  read(source: FleetSource, lostBefore: ReadonlySet<string>): Observations
  /** The facts now, without remembering them. */
  peek(): Observations
  /**
   * Milliseconds after which another render may decide otherwise, 0 where it may now; undefined while nothing that a
   * decision reads has changed. A change counts only if it is still there after five seconds; that a cluster is lost or
   * back is damped already, and that one which leaves is emptied is final: both count at once.
   */
  due(): number | undefined
}

/** Watches the members for what decisions read. */
export function createFacts(
  state: Pick<State, 'source' | 'subjects' | 'order'>,
  members: Pick<Members, 'observations'>,
  clock: Clock,
): Facts {
  const damper = createDamper(clock)
  let read: Observations | undefined
  let changedTo: { readonly facts: string; readonly at: number } | undefined

  function observe({ fleet, clusters }: FleetSource): Observations {
    const names = clusters.filter(({ connection }) => connection).map(({ name }) => name)
    return damper.observe(members.observations(), fleet.spec.failover, names)
  }

  return {
    read(source, lostBefore) {
      damper.recall(lostBefore)
      read = observe(source)
      changedTo = undefined
      return read
    },
    peek: () => (state.source ? observe(state.source) : members.observations()),
    due() {
      if (!state.source || !read) return undefined
      const now = observe(state.source)
      if (lostClusters(now) !== lostClusters(read)) return 0
      const leaving = state.order?.leaving ?? new Set()
      if (emptiedClusters(now, leaving) !== emptiedClusters(read, leaving)) return 0
      const inTime = damper.nextChange(state.source.fleet.spec.failover)
      const facts = relevantFacts(now, state.subjects)
      if (facts === relevantFacts(read, state.subjects)) {
        changedTo = undefined
        return inTime === undefined ? undefined : inTime + 1
      }
      if (changedTo?.facts !== facts) changedTo = { facts, at: clock.now() }
      const settled = Math.max(0, changedTo.at + settle - clock.now())
      return inTime === undefined ? settled : Math.min(settled, inTime + 1)
    },
  }
}
