import type { Commit } from '../git/types.ts'

/** What a revert takes back: one commit, or some that came together, and of it all or some files. */
export interface Reverted {
  readonly commit: Pick<Commit, 'oid' | 'parents' | 'message'>
  /** The commits that came before it and are taken back with it, newest first. */
  readonly with?: readonly Pick<Commit, 'oid' | 'message'>[]
  /** Where only what it changed in this file is taken back. */
  readonly file?: string | undefined
}

/** The message of a revert, in the words of `git revert`: `Revert "…"`, and `Reapply "…"` for the revert of a revert. */
export function revertMessage({ commit, with: others = [], file }: Reverted): string {
  const subject = subjectOf(commit)
  const [, reverted] = /^Revert "(.*)"$/.exec(subject) ?? []
  const isReapply = reverted !== undefined && !reverted.startsWith('Revert "')
  const what = isReapply ? `Reapply "${reverted}"` : `Revert "${subject}"`
  const more = others.length === 0 ? '' : ` and ${others.length} more`
  const where = file === undefined ? '' : ` in ${file}`
  const [first, second] = commit.parents
  const said =
    file === undefined
      ? `This reverts commit ${commit.oid}${second === undefined ? '' : `, reversing\nchanges made to ${first}`}.`
      : `This reverts what commit ${commit.oid} changed in ${file}.`
  const came = others.map((one) => `This reverts commit ${one.oid}, which came with it.`)
  return [`${what}${more}${where}`, '', said, ...came].join('\n')
}

/** The first line of a commit's message. */
export function subjectOf({ message }: Pick<Commit, 'message'>): string {
  return message.split('\n')[0] ?? ''
}

/** The branch that a revert of a commit is prepared on; of one file of it where `part` names that. */
export function revertBranch(commit: string, part?: string): string {
  const suffix = part === undefined ? '' : `-${part.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`
  return `flotilla/revert-${commit.slice(0, 12)}${suffix}`.replace(/-+$/, '')
}

/** Whether a commit takes another one back, or merges a branch that does. */
export function isRevert(
  commit: Pick<Commit, 'message' | 'parents'>,
  merged: Pick<Commit, 'message'> | undefined,
): boolean {
  const [subject, branch] = [subjectOf(commit), /(^|[\s'"/:])flotilla\/revert-[0-9a-f]{12}/]
  if (subject.startsWith('Revert "')) return true
  return (
    commit.parents.length > 1 &&
    (branch.test(subject) || (merged !== undefined && subjectOf(merged).startsWith('Revert "')))
  )
}
