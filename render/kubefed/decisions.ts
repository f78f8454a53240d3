import type { Message } from '../../repo-layout/message.ts'
import type { Holds } from '../../repo-layout/read/assemble.ts'
import type { Subject } from '../../repo-layout/subject.ts'
import type { PreviousIndex } from '../previous.ts'
import { isDecisionPath, parseDecision, type ReplicaDecision } from './decision.ts'

/** The replica decisions of the previous tree. */
export interface DecisionsInForce {
  readonly bySubject: ReadonlyMap<Subject, ReplicaDecision>
  /** `<namespace>/<name>` of decisions whose preference stands in a broken file: they stay in force. */
  readonly heldKeys: ReadonlySet<string>
  readonly messages: readonly Message[]
}

/** Reads the decision records of the previous tree. One that cannot be read is an error, never an absent one. */
export function readReplicaDecisions(previous: PreviousIndex, holds: Holds): DecisionsInForce {
  const bySubject = new Map<Subject, ReplicaDecision>()
  const heldKeys = new Set<string>()
  const messages: Message[] = []
  for (const [path, text] of previous.decisions) {
    if (!isDecisionPath(path)) continue
    const decision = parseDecision(text)
    if (!decision) {
      const what = 'this decision of the previous generated tree cannot be read'
      messages.push({ path, line: 1, column: 1, severity: 'error', code: 'previous', text: what })
      heldKeys.add(keyOfPath(path))
      continue
    }
    bySubject.set(decision.subject, decision)
    if (holds.files.has(decision.source)) heldKeys.add(`${decision.namespace}/${decision.name}`)
  }
  return { bySubject, heldKeys, messages }
}

function keyOfPath(path: string): string {
  const [, , namespace = '', , file = ''] = path.split('/')
  return `${decodeURIComponent(namespace)}/${decodeURIComponent(file.replace(/\.yaml$/, ''))}`
}
