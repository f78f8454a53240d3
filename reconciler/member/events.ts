import type { Action, Drift } from './types.ts'
import type { Outcome } from './work.ts'

/** Who counts what a member does. Every function is cheap and never throws. */
export interface MemberEvents {
  /** An object was looked at, and this was done. */
  applied(action: Action): void
  /** A drift was first seen, or came again after it was healed. */
  driftSeen(reason: Drift['reason']): void
  driftHealed(reason: Drift['reason']): void
}

/** Tells what came of one look at an object; `before` is the drift that was known until then. */
export function tellOutcome(events: MemberEvents, before: Drift | undefined, { action, drift, healed }: Outcome): void {
  events.applied(action)
  if (!drift) return
  const known = before !== undefined && (healed !== true || before.healedAt === undefined)
  if (!known) events.driftSeen(drift.reason)
  if (healed) events.driftHealed(drift.reason)
}
