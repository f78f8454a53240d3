import { createHash } from 'node:crypto'
import type { FleetSpec } from '../../repo-layout/schema/fleet.ts'
import type { Subject } from '../../repo-layout/subject.ts'

/** An object that a member would delete. */
export interface Deletion {
  readonly cluster: string
  readonly subject: Subject
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
  /** Digests that commits allowed with the trailer `Flotilla-Allow-Delete`. */
  readonly allowed: ReadonlySet<string>
}

/** Deletions below this count are never too large a share. */
const percentCountsFrom = 11

/** Judges deletions against the Fleet's budget, over all clusters. */
export function judgeDeletions({ deletions, spent, total, budget, allowed }: BudgetQuestion): BudgetVerdict {
  const all = [...spent, ...deletions]
  const count = all.length
  const namespaces = all.filter(({ subject }) => subject.startsWith('Namespace/')).length
  const share = total === 0 ? 0 : (count / total) * 100
  const reasons = [
    count > budget.maxDeletedObjects ? `more than ${budget.maxDeletedObjects} objects` : '',
    count >= percentCountsFrom && share > budget.maxDeletedPercent ? `more than ${budget.maxDeletedPercent} %` : '',
    namespaces > budget.maxDeletedNamespaces ? `more than ${budget.maxDeletedNamespaces} namespaces` : '',
  ].filter((reason) => reason !== '')
  const digest = digestOf(deletions)
  if (deletions.length === 0 || reasons.length === 0 || allowed.has(digest)) return { type: 'within' }
  const clusters = new Set(deletions.map(({ cluster }) => cluster)).size
  const what = `${counted(deletions.length, 'object')} in ${counted(clusters, 'cluster')}`
  const are = deletions.length === 1 ? 'is' : 'are'
  const already = spent.length === 0 ? '' : `, with the ${spent.length} already deleted`
  const text = `${what} ${are} not deleted: ${reasons.join(', ')}${already}; to allow it, push a commit with the trailer Flotilla-Allow-Delete: ${digest}`
  return { type: 'over', digest, text }
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** Names a set of deletions, whatever its order: 12 hex digits. */
export function digestOf(deletions: readonly Deletion[]): string {
  const lines = deletions.map(({ cluster, subject }) => JSON.stringify([cluster, subject])).sort()
  return createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 12)
}
