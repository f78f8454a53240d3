import type { Message } from '../../repo-layout/message.ts'
import type { Holds } from '../../repo-layout/read/holds.ts'
import type { Subject } from '../../repo-layout/subject.ts'
import type { Memo } from '../memo.ts'
import type { PreviousIndex } from '../previous.ts'
import { decisionPath, isDecisionPath, parseDecision, type ReplicaDecision } from './decision.ts'

/** The replica decisions of the previous tree. */
export interface DecisionsInForce {
  readonly bySubject: ReadonlyMap<Subject, ReplicaDecision>
  /** Whether a decision stays in force whatever is said now: its preference stands in a broken file, or it is unreadable. */
  isHeld(subject: Subject): boolean
  readonly messages: readonly Message[]
}

/** Reads the decision records of the previous tree. One that cannot be read is an error, never an absent one. */
export function readReplicaDecisions(previous: PreviousIndex, holds: Holds, memo: Memo): DecisionsInForce {
  const bySubject = new Map<Subject, ReplicaDecision>()
  const unreadable = new Set<string>()
  const messages: Message[] = []
  for (const [path, text] of previous.decisions) {
    if (!isDecisionPath(path)) continue
    const decision = memo.ofText('decision', text, () => parseDecision(text))
    if (decision) {
      bySubject.set(decision.subject, decision)
      continue
    }
    const what = 'this decision of the previous generated tree cannot be read, so its workload stays as it is'
    messages.push({ path, line: 1, column: 1, severity: 'error', code: 'previous', text: what })
    unreadable.add(path)
  }
  return {
    bySubject,
    messages,
    isHeld: (subject) =>
      (unreadable.size > 0 && unreadable.has(decisionPath(subject))) ||
      holds.files.has(bySubject.get(subject)?.source ?? ''),
  }
}
