import type { Observations } from '../../repo-layout/observations.ts'
import type { FleetSource } from '../../repo-layout/read/assemble.ts'
import type { Clock } from '../clock.ts'
import { createDamper } from './damping.ts'
import type { Members } from './members.ts'
import { relevantFacts } from './relevant.ts'
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
   * Milliseconds after which another render may decide otherwise; undefined while nothing that a decision reads has
   * changed. A change counts only if it is still there after five seconds.
   */
  due(): number | undefined
}

/** Watches the members for what decisions read. */
export function createFacts(state: State, members: Pick<Members, 'observations'>, clock: Clock): Facts {
  const damper = createDamper(clock)
  let changedTo: { readonly facts: string; readonly at: number } | undefined

  return {
    read(source, lostBefore) {
      damper.recall(lostBefore)
      const observed = damper.observe(members.observations(), source.fleet.spec.failover)
      state.facts = relevantFacts(observed, state.subjects)
      return observed
    },
    peek() {
      const raw = members.observations()
      return state.source ? damper.observe(raw, state.source.fleet.spec.failover) : raw
    },
    due() {
      if (!state.source) return undefined
      const { failover } = state.source.fleet.spec
      const facts = relevantFacts(damper.observe(members.observations(), failover), state.subjects)
      const inTime = damper.nextChange(failover)
      if (facts === state.facts) {
        changedTo = undefined
        return inTime === undefined ? undefined : inTime + 1
      }
      if (changedTo?.facts !== facts) changedTo = { facts, at: clock.now() }
      return Math.max(0, changedTo.at + settle - clock.now())
    },
  }
}
