import { previousOfOurs } from '../git/generated.ts'
import { holds } from '../git/holds.ts'
import type { Commit, Repository } from '../git/types.ts'
import { fromClone } from './from-clone.ts'
import type { Reading } from './reading.ts'

/** A generated commit that must be in the branch, and how it is known. */
export interface Known {
  readonly commit: string
  readonly who: string
  /** The member that runs it; undefined where it is the clone that holds it. */
  readonly cluster: string | undefined
}

/** What is the matter with a generated branch. */
export type Diagnosis =
  | { readonly type: 'fine'; readonly tip: Commit | undefined }
  /** Not made by Flotilla: it is nobody's to write upon. */
  | { readonly type: 'foreign' }
  | { readonly type: 'missing' | 'lacking'; readonly tip: Commit | undefined; readonly lost: readonly Known[] }

/** How the branch can be had again. */
export type Remedy =
  /** The clone holds all of it; it is pushed as it is. */
  | { readonly type: 'push'; readonly commit: string }
  /** The clone holds all of it, but the branch has gone another way: its files are committed upon that. */
  | { readonly type: 'recommit'; readonly commit: string }
  /** Nobody holds it: it is put together again from what the members run. */
  | { readonly type: 'rebuild' }

/** Compares the branch with what members say they run and what the clone generated last. */
export async function diagnose(
  repository: Repository,
  tipOid: string | undefined,
  readings: readonly Reading[],
): Promise<Diagnosis> {
  const last = await repository.lastGenerated()
  const known: Known[] = [
    ...(last === undefined ? [] : [{ commit: last, who: 'was generated from this clone', cluster: undefined }]),
    ...readings.flatMap((reading) =>
      reading.type === 'runs' && reading.commit !== ''
        ? [{ commit: reading.commit, who: `${reading.cluster} runs it`, cluster: reading.cluster }]
        : [],
    ),
  ]
  if (tipOid === undefined)
    return known.length === 0 ? { type: 'fine', tip: undefined } : { type: 'missing', tip: undefined, lost: known }
  const tip = await repository.readCommit(tipOid)
  const { previous } = await previousOfOurs(repository, tipOid)
  if (!previous) return { type: 'foreign' }
  const lost: Known[] = []
  for (const one of known) if (!(await holds(repository, tipOid, one.commit))) lost.push(one)
  return lost.length === 0 ? { type: 'fine', tip } : { type: 'lacking', tip, lost }
}

/** Finds the least that brings back everything that is lost. Rejects where the clone cannot be read. */
export async function remedyFor(
  repository: Repository,
  { tip, lost }: Extract<Diagnosis, { readonly lost: readonly Known[] }>,
): Promise<Remedy> {
  const last = await repository.lastGenerated()
  if (last === undefined) return { type: 'rebuild' }
  for (const { commit } of lost) if (!(await holds(repository, last, commit))) return { type: 'rebuild' }
  if ((await fromClone(repository.list(last))) === undefined) return { type: 'rebuild' }
  return !tip || (await holds(repository, last, tip.oid))
    ? { type: 'push', commit: last }
    : { type: 'recommit', commit: last }
}
