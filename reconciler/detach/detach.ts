import { type Subject, subjectOf } from '../../repo-layout/subject.ts'
import { eachOf } from '../each-of.ts'
import { messageOf } from '../member/errors.ts'
import type { Session } from '../member/session.ts'
import { type Found, listedObjects, markedObjects } from './find.ts'
import { servedKinds } from './kinds.ts'
import { type LetGoOptions, letGo } from './let-go.ts'
import { accountObjects, mustBeInOurHands, type Own, ownNamespace, ownObjects, removeOwn } from './own.ts'
import type { DetachReport, Left, LetGo } from './types.ts'

/** What taking Flotilla out of a member needs. */
export interface DetachOptions extends LetGoOptions {
  /** The cluster's name in the fleet. */
  readonly cluster: string
  /** Ends it before the next object. */
  readonly signal: AbortSignal
  /** Called after each object. */
  readonly progress: (done: number, total: number) => void
}

/** Objects let go at a time: as many as there are connections. */
const concurrency = 8
/** Whether another daemon took over is looked at again after so many objects. */
const checkEvery = 100
/** A write of a daemon that was under way when it was fenced may mark an object again: it is looked for so often. */
const mostRounds = 4

/**
 * Takes Flotilla out of one member: raises the inventory's epoch, so that a running daemon stops there; lets every object go
 * that the inventory holds or that carries our label and id; then deletes our ConfigMaps and Secret, and the namespace
 * where we made it and nothing else is in it. No workload is changed or deleted. The inventory goes last and only when all
 * else is done, so it can be run again after whatever ended it. Never rejects for what the cluster answers: the report says how
 * far it got.
 */
export async function detach(session: Session, options: DetachOptions): Promise<DetachReport> {
  const { cluster, owner, dryRun, signal } = options
  const objects = new Map<Subject, LetGo>()
  const removed: Subject[] = []
  const left: Left[] = []
  const unread = new Set<string>()
  const report = (problem: string): DetachReport => ({
    cluster,
    fleet: owner.fleetName,
    dryRun,
    objects: [...objects.values()].sort((a, b) => (a.subject < b.subject ? -1 : 1)),
    removed,
    left,
    unread: [...unread].sort(),
    problem,
  })
  const failed = () => [...objects.values()].filter(({ outcome }) => outcome === 'failed').length

  try {
    const kinds = await servedKinds(session.transport)
    for (const one of kinds.unread) unread.add(one)
    const own = await ownObjects(session, owner)
    const marked = async () => {
      const { found, unread: more } = await markedObjects(session, owner, kinds)
      for (const one of more) unread.add(one)
      return found
    }
    const listed = listedObjects(session)
    const strays = (await marked()).filter(({ subject }) => session.inventory.get(subject) === undefined)
    if (own.length + listed.length + strays.length > 0 && !dryRun) await session.inventory.claim()
    await letAllGo(session, [...listed, ...strays], options, objects)
    if (!dryRun)
      for (let round = 1; !signal.aborted && failed() === 0; round++) {
        const again = await marked()
        if (again.length === 0) break
        if (round > mostRounds) return report(`${again.length} objects are marked again and again: does a daemon run?`)
        await letAllGo(session, again, options, objects)
      }
    if (signal.aborted) return report('interrupted; run it again to go on')
    if (failed() > 0) return report('not every object could be released, so the inventory stays; run it again')
    await removeAll(session, dryRun ? own : await ownObjects(session, owner), dryRun, removed)
    left.push(...(await accountObjects(session, owner, kinds)))
    const namespace = await ownNamespace(session, kinds, dryRun ? own : [])
    if (!namespace) return report('')
    if (namespace.why !== '') left.push({ subject: namespace.subject, why: namespace.why })
    else {
      if (!dryRun) await session.api.remove(namespace.place, namespace.live)
      removed.push(subjectOf(namespace.live))
    }
    return report('')
  } catch (error) {
    return report(messageOf(error))
  }
}

async function letAllGo(
  session: Session,
  all: readonly Found[],
  options: DetachOptions,
  objects: Map<Subject, LetGo>,
): Promise<void> {
  let done = 0
  await eachOf(all, concurrency, async (found) => {
    if (options.signal.aborted) return
    if (!options.dryRun && done % checkEvery === checkEvery - 1) await mustBeInOurHands(session, options.owner)
    objects.set(found.subject, await letGo(session, found, options))
    options.progress(++done, all.length)
  })
}

async function removeAll(session: Session, all: readonly Own[], dryRun: boolean, removed: Subject[]): Promise<void> {
  for (const own of all) {
    if (!dryRun) await removeOwn(session, own)
    removed.push(own.subject)
  }
}
