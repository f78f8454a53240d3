import { randomBytes, randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { type Clock, sleep } from '../clock.ts'
import { backoff } from './backoff.ts'
import { type Book, createBook } from './book.ts'
import { compareAll } from './compare.ts'
import { deferred } from './deferred.ts'
import { createEngine, type Engine } from './engine.ts'
import { ApiError, messageOf } from './errors.ts'
import type { MemberEvents } from './events.ts'
import type { Fence } from './fence.ts'
import { heard } from './heard.ts'
import { InventoryLostError } from './inventory.ts'
import { followDesired } from './items.ts'
import { observationOf } from './observe.ts'
import { createObserver } from './observer.ts'
import { openSession, type Session } from './session.ts'
import { type Link, linkAfter } from './status.ts'
import type { Transport } from './transport.ts'
import type { Member } from './types.ts'

/** What a member is made of. */
export interface MemberOptions {
  /** The cluster's name in the inventory. */
  readonly cluster: string
  /** The way to its API server; the member closes it when it is stopped. */
  readonly transport: Transport
  readonly clock: Clock
  readonly log: Logger
  /** A number from 0 up to 1; `Math.random` unless a test says otherwise. */
  readonly random?: () => number
  /** Whether nodes and what runs on them are observed too: two lists a minute. */
  readonly observeNodes?: boolean
  /** Whether a generated commit that the cluster says it runs is ours or an ancestor of ours. */
  readonly isKnownCommit?: (commit: string) => Promise<boolean>
  /** Who counts what is done. */
  readonly events?: MemberEvents
  /** What every write has to pass; without one only this process may be at work. */
  readonly fence?: Fence | undefined
}

/** Longest pause between two probes of a cluster that does not answer, in milliseconds. */
const longestPause = 30_000

/** Longest time that writes under way are waited for at the end, in milliseconds. */
const longestStop = 5000

/**
 * Looks after one member cluster until it is stopped: reach it, read the inventory, list and watch, apply, heal and prune,
 * and report. While it cannot be reached nothing is queued and nothing costs: one probe every half minute at most. What it
 * knows outlives a lost connection; what it decides outlives this process, in the inventory.
 */
export function createMember(options: MemberOptions): Member {
  const { clock, log } = options
  const random = options.random ?? Math.random
  const book = createBook(options.cluster, clock)
  const transport = heard(options.transport, () => {
    book.seenAt = clock.now()
    noteCredential()
  })
  const id = randomUUID()
  const stopping = new AbortController()
  const first = deferred<void>()
  let engine: Engine | undefined
  let running: Promise<void> | undefined
  let attempt = deferred<void>()
  let lastEnd: string | undefined

  /** Credentials are renewed under a session that goes on, so each answer may be that to another one. */
  function noteCredential(): void {
    const credential = options.transport.credential?.()
    const { expiresAt, user } = book.credential ?? {}
    if (credential === undefined || (credential.expiresAt === expiresAt && credential.user === user)) return
    book.credential = credential
    book.changed()
  }

  async function lookAfter(): Promise<void> {
    await first.promise
    for (let failures = 0; !stopping.signal.aborted; ) {
      const since = clock.now()
      const error = await oneSession()
      if (stopping.signal.aborted) return
      note(linkAfter(error), error)
      if (error instanceof InventoryLostError && error.takenOver) return leaveForGood()
      engine = undefined
      failures = clock.now() - since > longestPause ? 1 : failures + 1
      await sleep(clock, backoff(failures, 500, longestPause, random), stopping.signal)
    }
  }

  /** Reaches the cluster and works on it until that is not possible any more; gives the reason. */
  async function oneSession(): Promise<Error> {
    let session: Session
    try {
      session = await open()
    } catch (error) {
      return error instanceof Error ? error : new Error(messageOf(error))
    }
    if (stopping.signal.aborted) return new Error('stopped')
    const current = createEngine(session, book, {
      cluster: options.cluster,
      clock,
      random,
      log,
      events: options.events,
    })
    engine = current
    const observer = createObserver(session, book, { clock, log, nodes: options.observeNodes ?? false })
    note({ type: 'connected' }, undefined)
    current.follow()
    const error = await current.ended
    observer.stop()
    await current.stop()
    book.epoch = session.inventory.epoch() ?? book.epoch
    return error
  }

  async function open(): Promise<Session> {
    const { settings, clusterUid, epoch } = book
    if (!settings) throw new ApiError('nothing is wanted yet', { type: 'unreachable' })
    const freshKey = () => randomBytes(32).toString('base64')
    const { isKnownCommit, fence } = options
    const session = await openSession({
      transport,
      clock,
      owner: settings,
      knownUid: clusterUid,
      holder: { id, epoch, member: options.cluster, isOther: (name) => settings.clusters?.has(name) === true },
      freshKey,
      isKnownCommit,
      fence,
    })
    book.clusterUid = session.clusterUid
    book.kubernetesVersion = session.kubernetesVersion
    return session
  }

  function note(link: Link, error: Error | undefined): void {
    if (error) {
      // A cluster that is away is probed every half minute; one line says as much as a thousand equal ones.
      const level = error.message === lastEnd ? 'debug' : 'warn'
      log[level]({ error: error.message }, 'the session with a member cluster ended')
      lastEnd = error.message
      book.problems = []
    } else lastEnd = undefined
    noteCredential()
    book.link = link
    attempt.resolve()
    attempt = deferred()
    book.changed()
  }

  async function leaveForGood(): Promise<void> {
    log.error('a member cluster is in other hands; nothing is written to it any more')
    engine = undefined
    await transport.close()
  }

  function connected(): Engine {
    if (!engine) throw unreachable()
    return engine
  }

  return {
    cluster: options.cluster,
    setDesired(desired, settings) {
      const { settings: before } = book
      const renamed = before && (before.fleetName !== settings.fleetName || before.fleetUid !== settings.fleetUid)
      followDesired(book.items, desired, desired.commit !== book.desired?.commit)
      book.desired = desired
      book.settings = settings
      running ??= lookAfter()
      first.resolve()
      // What is watched and where the inventory lies goes by the fleet's name.
      if (renamed) engine?.end(new Error('the fleet has another name'))
      else engine?.follow()
      book.changed()
    },
    status: () => book.status(),
    observe: () => observationOf(book),
    onChange: (listener) => book.onChange(listener),
    async diff() {
      const work = connected().work()
      if (!work) throw unreachable()
      return compareAll(work, book)
    },
    pause: async (pause) => connected().pause(pause),
    resume: async (subject) => connected().resume(subject),
    pauses: () => book.pauses,
    history: () => book.history,
    async settled() {
      while (!stopping.signal.aborted) {
        if (engine) return engine.settled()
        // A cluster that cannot be reached was tried: its status says what came of it.
        if (isLost(book)) return
        await attempt.promise
      }
    },
    async stop() {
      stopping.abort()
      first.resolve()
      attempt.resolve()
      // A write that the server does not answer is not waited for: it can be repeated by the next daemon.
      if (engine) await Promise.race([engine.stop(), sleep(clock, longestStop)])
      // What still waits for an answer now (a probe) is not worth waiting for.
      await transport.close()
      await running
    },
  }
}

function unreachable(): ApiError {
  return new ApiError('the cluster cannot be reached', { type: 'unreachable' })
}

function isLost(book: Book): boolean {
  return book.link.type !== 'unknown' && book.link.type !== 'connected'
}
