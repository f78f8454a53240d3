import { changesDigest } from './changes.ts'
import type { TreeChanges } from './types.ts'

/** What a comment says to a later process, without showing it to people. */
export interface PlanNote {
  /** The head that was planned. */
  readonly head: string
  readonly digest: string
  /** Whether rollouts are under way, whose moves may come with the merge. */
  readonly mayMove: boolean
}

/** The note of a plan, as a line of Markdown that is not shown. */
export function planNote(head: string, changes: TreeChanges, mayMove: boolean): string {
  return `<!-- planned ${head} ${changesDigest(changes)}${mayMove ? ' moving' : ''} -->\n`
}

/** The note in the text of a comment; undefined where there is none, or what came of the plan is said already. */
export function openNote(text: string): PlanNote | undefined {
  const [, head, digest, moving] = /<!-- planned ([0-9a-f]{40}) ([0-9a-f]{64})( moving)? -->/.exec(text) ?? []
  if (head === undefined || digest === undefined || /^Merged as /m.test(text)) return undefined
  return { head, digest, mayMove: moving !== undefined }
}

const mostNumbers = 3

/** Numbers of pull requests that the message of a commit may name, as forges write them: `(#12)`, `#12`, `group/project!12`. */
export function numbersIn(message: string): readonly number[] {
  const found = [...message.matchAll(/(?:^|[\s(\w])[#!](\d{1,9})\b/gm)].map(([, number]) => Number(number))
  return [...new Set(found)].slice(0, mostNumbers)
}
