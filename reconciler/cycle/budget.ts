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

/** Deletions below this count are never too large a share. */
const percentCountsFrom = 11

/**
 * Judges deletions against the Fleet's budget, over all clusters. `total` is how many objects the fleet holds;
 * `allowed` are digests that commits allowed with the trailer `Flotilla-Allow-Delete`.
 */
export function judgeDeletions(
  deletions: readonly Deletion[],
  total: number,
  budget: FleetSpec['budget'],
  allowed: ReadonlySet<string>,
): BudgetVerdict {
  const count = deletions.length
  const namespaces = deletions.filter(({ subject }) => subject.startsWith('Namespace/')).length
  const share = total === 0 ? 0 : (count / total) * 100
  const reasons = [
    count > budget.maxDeletedObjects ? `more than ${budget.maxDeletedObjects} objects` : '',
    count >= percentCountsFrom && share > budget.maxDeletedPercent ? `more than ${budget.maxDeletedPercent} %` : '',
    namespaces > budget.maxDeletedNamespaces ? `more than ${budget.maxDeletedNamespaces} namespaces` : '',
  ].filter((reason) => reason !== '')
  const digest = digestOf(deletions)
  if (reasons.length === 0 || allowed.has(digest)) return { type: 'within' }
  const clusters = new Set(deletions.map(({ cluster }) => cluster)).size
  const text = `${count} objects in ${clusters} clusters are not deleted: ${reasons.join(', ')}; to allow it, push a commit with the trailer Flotilla-Allow-Delete: ${digest}`
  return { type: 'over', digest, text }
}

/** Names a set of deletions, whatever its order: 12 hex digits. */
export function digestOf(deletions: readonly Deletion[]): string {
  const lines = deletions.map(({ cluster, subject }) => `${cluster}/${subject}`).sort()
  return createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 12)
}
