import type { Logger } from 'pino'
import type { KubeObject } from '../../repo-layout/json.ts'
import { fleetLabel } from '../../repo-layout/schema/common.ts'
import { parseSubject, subjectOf } from '../../repo-layout/subject.ts'
import type { Clock } from '../clock.ts'
import { backoff } from './backoff.ts'
import { type Book, noteApplied } from './book.ts'
import { deferred } from './deferred.ts'
import { ApiError, isClusterWide, messageOf } from './errors.ts'
import { type MemberEvents, tellOutcome } from './events.ts'
import { factsOf } from './facts.ts'
import { createGate } from './gate.ts'
import { heartbeat } from './heartbeat.ts'
import { createHistoryLog } from './history-log.ts'
import { InventoryLostError } from './inventory.ts'
import { createItem, goalOf, type Item, isFresh, isPending, isSeen, see, unsee } from './items.ts'
import { createKinds, type KindKey, kindKey } from './kinds.ts'
import { maskText } from './mask.ts'
import { type Pause, wholeCluster } from './pause.ts'
import { pauseFor } from './pauses.ts'
import { createQueue } from './queue.ts'
import { reconcile } from './reconcile.ts'
import { explain } from './refusal.ts'
import type { Session } from './session.ts'
import { createTraffic } from './traffic/traffic.ts'
import type { MemberSettings } from './types.ts'
import type { Outcome, Work } from './work.ts'

/** What an engine borrows from its member. */
export interface EngineOptions {
  /** The cluster's name in the inventory. */
  readonly cluster: string
  readonly clock: Clock
  readonly random: () => number
  readonly log: Logger
  readonly events?: MemberEvents | undefined
}

/** The work on one cluster while it can be reached. */
export interface Engine {
  /** Takes up a new desired state or settings from the book. */
  follow(): void
  /** Resolves with the reason when the session cannot go on: an `ApiError` or an `InventoryLostError`. */
  readonly ended: Promise<Error>
  /** Ends the session for a reason, so that the member begins another. */
  end(reason: Error): void
  /** Resolves with everything tried and written, or when the session ends. */
  settled(): Promise<void>
  readonly work: () => Work | undefined
  /** As `Member.pause`. */
  pause(pause: Pause): Promise<void>
  /** As `Member.resume`. */
  resume(subject: string): Promise<Pause | undefined>
  /** Begins no more writes; resolves when those under way have ended. */
  stop(): Promise<void>
}

/** Objects worked on at a time: as many as there are connections. */
const concurrency = 8
/**
 * The inventory is written at the latest so many milliseconds after it changed, even while a batch goes on. A crash before that
 * costs repeated applies, which change nothing: intents stand before anything new is sent.
 */
const flushAfter = 5000
/** What failed is tried again after so many milliseconds at the latest, whatever a server or a proxy asks for. */
const longestPause = 300_000

/**
 * Keeps one reachable cluster as its book says: watches every kind in use, works off what differs in the order of `createGate`,
 * and writes the inventory: intents before anything new is sent, the rest in one write a batch.
 */
export function createEngine(session: Session, book: Book, options: EngineOptions): Engine {
  const { clock, random, log } = options
  const { inventory, pauses } = session
  const history = createHistoryLog(session.history, book, options)
  const gate = createGate(book, inventory, (item) => isSynced(item))
  let waiting: (() => void)[] = []
  const { promise: ended, resolve: setEnded } = deferred<Error>()
  let flushing: Promise<void> | undefined
  let flushTimer: { cancel(): void } | undefined
  const stopping = new AbortController()
  let stopped = false
  let over: Error | undefined
  let flushFailures = 0
  let flushProblem: string | undefined

  const traffic = createTraffic(session, book, {
    ...options,
    settings: () => settingsNow(),
    onPrepared: () => queue.kick(),
    onProblems: () => noteProblems(),
    onEnd: (reason) => end(reason),
  })
  const queue = createQueue({ clock, concurrency, ready: (key) => gate.mayStart(key) && traffic.mayApply(key), run })
  const selector = `${fleetLabel}=${book.settings?.fleetName ?? ''}`
  const kinds = createKinds(session, selector, options, {
    onObject: guarded(seen),
    onDeleted: guarded((key, object) => {
      if (object.kind === 'ConfigMap') {
        pauses.gone(object)
        if (!settingsNow()?.suspended && inventory.noteDeleted(object)) void flush()
      }
      const item = itemOf(key, object)
      if (item && unsee(item, object)) touch(item)
    }),
    onSynced(key, names) {
      for (const item of book.items.values())
        if (item.live && keyOfItem(item) === key && !names.has(placeOf(item)) && unsee(item, undefined)) touch(item)
      noteProblems()
      queue.kick()
    },
    onError(_key, error) {
      if (isClusterWide(error)) end(error)
      noteProblems()
      queue.kick()
    },
    onRecovered: () => noteProblems(),
  })

  function end(reason: Error): void {
    over ??= reason
    setEnded(reason)
  }

  /** Settings as they hold now: a pause of the whole cluster suspends it. */
  function settingsNow(): MemberSettings | undefined {
    const { settings } = book
    return settings && pauses.of(wholeCluster) ? { ...settings, suspended: true } : settings
  }

  function guarded(tell: (key: KindKey, object: KubeObject) => void) {
    return (key: KindKey, object: KubeObject) => {
      try {
        tell(key, object)
      } catch (error) {
        end(error instanceof Error ? error : new Error(messageOf(error)))
      }
    }
  }

  function seen(key: KindKey, object: KubeObject): void {
    if (object.kind === 'ConfigMap') {
      inventory.checkTakeover(object)
      pauses.saw(object)
      session.history.saw(object)
    }
    const item = itemOf(key, object)
    if (!item || isSeen(item, object)) return
    const facts = factsOf(object, item.wanted?.object ?? {}, session.secretKey.key)
    const entry = inventory.get(item.subject)
    const drifted =
      item.wanted !== undefined &&
      entry !== undefined &&
      entry.uid !== '' &&
      (entry.fingerprint !== facts.fingerprint || entry.uid !== facts.uid)
    if (see(item, facts, drifted ? object : undefined) && drifted) touch(item)
    book.changed()
  }

  /** Puts an item to work again; what is pending is in the queue anyway, and what failed waits for its next try. */
  function touch(item: Item): void {
    if (!isPending(item, book.version) && item.failures === 0) queue.add(item.subject)
    book.changed()
  }

  function itemOf(key: KindKey, object: KubeObject): Item | undefined {
    const item = book.items.get(subjectOf(object))
    return item && keyOfItem(item) === key ? item : undefined
  }

  function keyOfItem(item: Item): KindKey | undefined {
    const kind = item.wanted?.object.kind
    return kind === undefined ? undefined : kindKey(item.wanted?.object.apiVersion ?? '', kind)
  }

  function isSynced(item: Item): boolean {
    const key = keyOfItem(item)
    return key === undefined || kinds.isSynced(key)
  }

  function work(): Work | undefined {
    const settings = settingsNow()
    if (!settings) return undefined
    const refreshKinds = () => kinds.refresh()
    return { api: session.api, inventory, settings, secretKey: session.secretKey.key, clock, refreshKinds }
  }

  async function run(subject: string): Promise<number | undefined> {
    const item = book.items.get(subject)
    const now = work()
    if (!item || !now) return undefined
    const goal = goalOf(item)
    const { version } = book
    const before = item.told && !isFresh(item) ? item.action : undefined
    const failures = item.failures
    let again: number | undefined
    try {
      const missing = item.wanted && gate.failedDependency(item)
      if (missing !== undefined) throw new ApiError(`it needs ${missing}, which is not applied`, waits)
      const outcome = await reconcile(now, item)
      if (options.events) tellOutcome(options.events, item.drift, outcome)
      again = outcome.again
      item.failures = 0
      note(item, outcome, before)
    } catch (error) {
      again = fail(item, error)
    }
    item.tried = goal
    item.looked = version
    item.told = true
    gate.looked(item)
    if (failures > 0 && item.failures === 0) wakeDependents(item)
    if (!item.wanted && item.action === 'pruned') item.live = undefined
    afterwards()
    return again
  }

  /** What failed only for want of this object need not wait for its own next try. */
  function wakeDependents({ subject, rank }: Item): void {
    // Of the rest only Services are waited for, by routes.
    if (rank > 1 && !subject.startsWith('Service/')) return
    for (const other of book.items.values())
      if (other.action === 'failed' && other.dependsOn.includes(subject)) queue.add(other.subject)
  }

  function note(item: Item, outcome: Outcome, before: Item['action'] | undefined): void {
    // A later look that finds nothing to do, or heals, does not change what the commit did to the object.
    const keeps = isSuccess(before) && isSuccess(outcome.action)
    item.action = keeps && before !== undefined ? before : outcome.action
    item.message = outcome.message
    item.held = outcome.held
    if ('drift' in outcome) item.drift = outcome.drift
    if (outcome.live && item.wanted) see(item, outcome.live, undefined)
    if (outcome.overwrote) history.note(item.subject, 'new commit', outcome.overwrote)
    if (outcome.drift && outcome.healed) history.note(item.subject, outcome.drift.reason, outcome.drift.fields)
    if (outcome.drift && outcome.healed)
      log.warn(
        {
          subject: item.subject,
          drift: outcome.drift.reason,
          fields: outcome.drift.fields.map(({ path, manager }) => ({ path, manager })),
        },
        'drift was healed',
      )
    item.evidence = undefined
  }

  function fail(item: Item, error: unknown): number | undefined {
    item.failures++
    options.events?.applied('failed')
    if (isClusterWide(error) || error instanceof InventoryLostError) end(error)
    item.action = 'failed'
    item.held = undefined
    item.message = maskText(explain(error, options.cluster), item.wanted?.object)
    log.warn({ subject: item.subject, error: item.message }, 'an object could not be applied')
    // What the server refused is tried again slowly: quotas are raised and policies change. The rest comes back soon.
    const refused = error instanceof ApiError && error.failure.type === 'rejected'
    const pause = backoff(item.failures, refused ? 5000 : 500, longestPause, random)
    const asked = error instanceof ApiError && 'retryAfterMs' in error.failure ? error.failure.retryAfterMs : 0
    return Math.max(pause, Math.min(asked, longestPause))
  }

  function afterwards(): void {
    if (stopped) return
    queue.kick()
    if (inventory.isDirty()) {
      if (queue.active <= 1) void flush()
      else flushTimer ??= clock.after(flushAfter, () => void flush())
    }
    settle()
    book.changed()
  }

  function settle(): void {
    if (!gate.isPrepared() || gate.isPending()) return
    noteApplied(book)
    if (inventory.isDirty() || flushing) return
    for (const done of waiting.splice(0)) done()
  }

  /** Writes the inventory; whatever was noted meanwhile goes with the next write. */
  function flush(): Promise<void> {
    flushTimer?.cancel()
    flushTimer = undefined
    flushing ??= write().finally(() => {
      flushing = undefined
      if (stopped) return
      // Intents that were noted meanwhile may have gone with the write of somebody else: then only that is to be said.
      if ((inventory.isDirty() || !gate.isPrepared()) && flushProblem === undefined) void flush()
      queue.kick()
      settle()
      book.changed()
    })
    return flushing
  }

  async function write(): Promise<void> {
    const version = gate.version
    try {
      await inventory.flush(book.desired?.commit ?? '')
      await session.secretKey.store()
      flushFailures = 0
      flushProblem = undefined
      gate.prepared(version)
    } catch (error) {
      if (isClusterWide(error) || error instanceof InventoryLostError) end(error)
      flushProblem = `the inventory cannot be written: ${messageOf(error)}`
      log.error({ error: messageOf(error) }, 'the inventory cannot be written')
      flushTimer = clock.after(backoff(++flushFailures, 1000, 60_000, random), () => void flush())
    }
    noteProblems()
  }

  function noteProblems(): void {
    book.problems = [...(flushProblem === undefined ? [] : [flushProblem]), ...kinds.problems(), ...traffic.problems()]
    book.changed()
  }

  function follow(): void {
    const { desired } = book
    const settings = settingsNow()
    notePauses(pauses.list())
    if (!desired || !settings || stopped) return
    for (const subject of inventory.subjects())
      if (!book.items.has(subject)) book.items.set(subject, createItem(subject))
    const used = new Set<KindKey>([kindKey('v1', 'ConfigMap')])
    for (const item of book.items.values()) {
      const key = keyOfItem(item)
      if (key) used.add(key)
      const pause = pauseFor(pauses, item)
      // What was only told so far is to be looked at at once.
      if (item.pause !== pause) item.reported = undefined
      item.pause = pause
    }
    gate.recount()
    kinds.use(used)
    if (!settings.suspended && gate.noteIntents()) void flush()
    else gate.prepared(gate.version)
    for (const subject of book.items.keys()) queue.add(subject)
    traffic.follow()
    settle()
    book.changed()
  }

  pauses.onChange(follow)

  function notePauses(list: readonly Pause[]): void {
    for (const { subject, by, reason } of book.pauses)
      if (!list.some((pause) => pause.subject === subject)) log.info({ subject, by, reason }, 'a pause is over')
    book.pauses = list
  }

  /** What is promised holds only while this is the session with the cluster. */
  async function inForce<T>(change: Promise<T>): Promise<T> {
    const done = await change
    if (over) throw over
    return done
  }

  void heartbeat({
    transport: session.transport,
    clock,
    signal: stopping.signal,
    lastAnswer: () => book.seenAt ?? 0,
    onAnswer: () => book.changed(),
    onLost: end,
  })

  return {
    follow,
    ended,
    end,
    work,
    async pause(pause) {
      await inForce(pauses.begin(pause))
      await inventory.verify()
      const isWhole = pause.subject === wholeCluster
      await queue.idle(isWhole ? undefined : pause.subject)
      await traffic.idle()
      if (!isWhole) return
      if (inventory.isDirty()) await flush()
      await history.flush()
    },
    resume: (subject) => inForce(pauses.end(subject)),
    settled: () =>
      new Promise((resolve) => {
        waiting.push(resolve)
        void ended.then(() => resolve())
        settle()
      }),
    async stop() {
      stopped = true
      stopping.abort()
      waiting = []
      kinds.stop()
      flushTimer?.cancel()
      pauses.stop()
      history.stop()
      const isLost = over !== undefined
      end(new Error('stopped'))
      await Promise.all([queue.stop(), traffic.stop()])
      await flushing?.catch(() => undefined)
      // What was overwritten cannot be found out again.
      if (!isLost) await history.flush()
      history.stop()
    },
  }
}

const waits = { type: 'rejected', status: 424, reason: 'Dependency', causes: [] } as const

/** The place of an item inside its kind, as `keyOf` writes it for a live object. */
function placeOf({ subject }: Item): string {
  const parts = parseSubject(subject)
  return `${parts?.namespace ?? ''}/${parts?.name ?? ''}`
}

function isSuccess(action: Item['action'] | undefined): boolean {
  return action === 'created' || action === 'configured' || action === 'unchanged'
}
