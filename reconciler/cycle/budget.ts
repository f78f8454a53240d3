import { createHash } from 'node:crypto'
import type { FleetSpec } from '../../repo-layout/schema/fleet.ts'
import type { Subject } from '../../repo-layout/subject.ts'
import { count, firstAndMore } from '../views/text.ts'

/** An object that a member would delete. */
export interface Deletion {
  readonly cluster: string
  readonly subject: Subject
  /** The very object: one that is created anew later is another deletion. */
  readonly uid: string
  /** How many other objects go with it: what is in a Namespace, of a CRD's kind, or the volume of a PVC. */
  readonly takes: number
}

/** Whether a commit's deletions may happen; over budget, `digest` names exactly this set of them. */
export type BudgetVerdict =
  | { readonly type: 'within' }
  | { readonly type: 'over'; readonly digest: string; readonly text: string }

/** What deletions are judged by. */
export interface BudgetQuestion {
  readonly deletions: readonly Deletion[]
  /** Deletions that the same commit was already allowed: they count, but need no allowing again. */
  readonly spent: readonly Deletion[]
  /** How many objects the fleet holds. */
  readonly total: number
  readonly budget: FleetSpec['budget']
  /** Whether the source describes no workload any more, so that everything would go. */
  readonly emptied: boolean
  /** Objects whose workload is still in the source and placed in no cluster by a slip (`RenderOutput.unplaced`). */
  readonly unplaced: ReadonlySet<Subject>
  /** Digests that commits allowed with the trailer `Flotilla-Allow-Delete`. */
  readonly allowed: ReadonlySet<string>
}

/** Deletions below this count are never too large a share. */
const percentCountsFrom = 11

/**
 * Judges deletions against the Fleet's budget, over all clusters; what they take with them counts. Whatever the budget, a
 * source that was emptied and a selector that matches nothing are asked about: they are mostly mistakes.
 */
export function judgeDeletions(question: BudgetQuestion): BudgetVerdict {
  const { deletions, spent, total, budget, emptied, unplaced, allowed } = question
  const all = [...spent, ...deletions]
  const taken = sumOf(deletions)
  const whole = all.length + sumOf(all)
  const nowhere = [...new Set(deletions.map(({ subject }) => subject).filter((subject) => unplaced.has(subject)))]
  const namespaces = all.filter(({ subject }) => subject.startsWith('Namespace/')).length
  const share = total === 0 ? 0 : (whole / total) * 100
  const reasons = [
    emptied ? 'nothing of the fleet would be left' : '',
    nowhere.length > 0 ? `the placement of ${firstAndMore(nowhere.sort())} selects no cluster` : '',
    whole > budget.maxDeletedObjects ? `more than ${budget.maxDeletedObjects} objects` : '',
    whole >= percentCountsFrom && share > budget.maxDeletedPercent ? `more than ${budget.maxDeletedPercent} %` : '',
    namespaces > budget.maxDeletedNamespaces ? `more than ${budget.maxDeletedNamespaces} namespaces` : '',
  ].filter((reason) => reason !== '')
  const digest = digestOf(deletions)
  if (deletions.length === 0 || reasons.length === 0 || allowed.has(digest)) return { type: 'within' }
  const clusters = new Set(deletions.map(({ cluster }) => cluster)).size
  const others = taken === 0 ? '' : `, and ${taken} more with ${deletions.length === 1 ? 'it' : 'them'},`
  const what = `${count(deletions.length, 'object')} in ${count(clusters, 'cluster')}${others}`
  const are = deletions.length === 1 ? 'is' : 'are'
  const already = spent.length === 0 ? '' : `, with the ${spent.length} already deleted`
  const text = `${what} ${are} not deleted: ${reasons.join(', ')}${already}; to allow it, push a commit with the trailer Flotilla-Allow-Delete: ${digest}`
  return { type: 'over', digest, text }
}

function sumOf(deletions: readonly Deletion[]): number {
  return deletions.reduce((sum, { takes }) => sum + takes, 0)
}

/** Names a set of deletions, whatever its order: 12 hex digits. Objects that are created anew make another set. */
export function digestOf(deletions: readonly Pick<Deletion, 'cluster' | 'subject' | 'uid'>[]): string {
  const lines = deletions.map(({ cluster, subject, uid }) => JSON.stringify([cluster, subject, uid])).sort()
  return createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 12)
}
