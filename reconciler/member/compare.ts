import type { KubeObject } from '../../repo-layout/json.ts'
import { eachOf } from '../each-of.ts'
import { firstAndMore } from '../views/text.ts'
import { compareUnmarked } from './adopt.ts'
import { dryRun } from './apply.ts'
import type { Book } from './book.ts'
import { neverOurs } from './drift.ts'
import { isRejected } from './errors.ts'
import { factsOf } from './facts.ts'
import { heal } from './heal.ts'
import { type Item, isSuspended } from './items.ts'
import { manifestOf, unsuspended } from './manifest.ts'
import { maskText } from './mask.ts'
import { wasApplied } from './shards.ts'
import type { Comparison, Drift } from './types.ts'
import type { Task, Work } from './work.ts'

/** Objects compared at a time. */
const width = 4

/**
 * Compares every wanted object with the live one of now: one GET each, and a dry run where they differ. Writes nothing.
 * Throws an `ApiError` when the cluster stops answering. An object that the server refuses to show is a problem, for
 * nobody knows then whether it differs.
 */
export async function compareAll(work: Work, book: Book): Promise<Comparison> {
  const items = [...book.items.values()].filter((item) => item.wanted !== undefined)
  const found: Drift[] = []
  const problems: string[] = []
  await eachOf(items, width, async (item) => {
    const drift = await compareOne(work, item).catch((error: unknown) => {
      if (!isRejected(error)) throw error
      problems.push(`${item.subject}: ${maskText(error.message, item.wanted?.object)}`)
      return undefined
    })
    if (drift) found.push(drift)
  })
  return {
    drifts: found.sort((a, b) => (a.subject < b.subject ? -1 : 1)),
    problem: firstAndMore(problems.sort()),
  }
}

async function compareOne(work: Work, item: Item): Promise<Drift | undefined> {
  const { wanted, subject } = item
  if (!wanted) return undefined
  const entry = work.inventory.get(subject)
  const suspended = isSuspended(item)
  // What was never written for it to be left alone differs from nothing.
  if (suspended && !wasApplied(entry)) return undefined
  const place = await work.api.place(wanted.object.apiVersion, subject)
  const live = await work.api.get(place)
  const facts = live && factsOf(live, wanted.object, work.secretKey)
  if (facts && entry && facts.uid === entry.uid && facts.fingerprint === entry.fingerprint) {
    // A commit that waits is no drift.
    if (suspended || entry.oid === wanted.oid) return undefined
  }
  const manifest = manifestOf(suspended ? unsuspended(wanted.object) : wanted.object, subject, work.settings)
  const task = { subject, wanted, manifest, place, entry, drift: item.drift }
  if (live && !wasApplied(entry)) return leftAlone(work, task, live)
  return (await heal(work, task, live, 'report')).drift
}

/** What is not ours has no drift: nobody took anything away from us. It differs from Git all the same. */
async function leftAlone(work: Work, task: Task, live: KubeObject): Promise<Drift | undefined> {
  const { differences } = await compareUnmarked(live, task.manifest, () => dryRun(work, task, live))
  if (differences.length === 0) return undefined
  const fields = neverOurs(differences)
  const since = new Date(work.clock.now()).toISOString()
  return {
    subject: task.subject,
    reason: 'left alone',
    fields,
    since,
    healedAt: undefined,
    healed: 0,
    fight: false,
  }
}
