import type { Logger } from 'pino'
import { milliseconds } from '../../repo-layout/schema/common.ts'
import type { Fleet } from '../../repo-layout/schema/fleet.ts'
import type { Clock } from '../clock.ts'
import { explain } from '../git/error.ts'
import type { Repository } from '../git/types.ts'
import type { FleetStatus } from '../server/types.ts'
import { errorWords } from './aggregate.ts'
import type { Board } from './board.ts'
import { type Contexts, contextsOf } from './contexts.ts'
import { createOvertaken } from './overtaken.ts'
import { drawPicture, type Picture, postingsInForce } from './picture.ts'
import { createPoster, type PostResult } from './poster.ts'
import { type Posting, ranks } from './posting.ts'
import { postingsFailed, postingsOvertaken } from './superseded.ts'
import { description } from './words.ts'

/** A source commit that could not be put in force, and why. */
export interface RefusedSource {
  readonly commit: string
  readonly problem: string
}

/** What is reported, as the daemon tells it. */
export interface Reported {
  readonly status: FleetStatus
  /** Undefined before it could be read. */
  readonly fleet: Fleet | undefined
  /** The newest source commit, where it is not in force. */
  readonly refused: RefusedSource | undefined
}

/** What a reporter needs. */
export interface ReporterOptions {
  readonly board: Board
  readonly repository: Pick<Repository, 'log'>
  readonly read: () => Reported
  /** Where statuses lead: an address in which `{cluster}` stands for a cluster; undefined for the generated commit. */
  readonly dashboardUrl?: string | undefined
  readonly mayPost: () => boolean
  readonly metrics: Partial<ReporterMetrics>
  readonly clock: Clock
  readonly log: Pick<Logger, 'warn'>
}

/** What a reporter tells the metrics. */
export interface ReporterMetrics {
  statusesSent(result: PostResult, count: number): void
  statusesWaiting(count: number): void
}

/** Reports how source commits fare; nothing ever waits for it. */
export interface Reporter {
  /** Something may have changed; cheap. */
  tell(): void
  /** Why reports are late; empty while they are not. */
  problem(): string
  /** Resolves when what is known now is reported, or cannot be for now. */
  reported(): Promise<void>
  stop(): Promise<void>
}

/** Changes within so many milliseconds are one. */
const lookAfter = 300
/** So far back commits are looked at. */
const history = 30
/** After a look that failed, the next one comes so many milliseconds later. */
const retryAfter = 10_000

/** Makes the reporter of one board. */
export function createReporter(options: ReporterOptions): Reporter {
  const { board, repository, read, clock, log, metrics, dashboardUrl } = options
  const overtaken = createOvertaken()
  let picture: Picture | undefined
  let inForce: { readonly commit: string; readonly since: number } | undefined
  let timer: { cancel(): void } | undefined
  let later: { cancel(): void } | undefined
  let looking: Promise<void> | undefined
  let refused: string | undefined
  /** What made a release that failed, by commit, though another commit is in force by now. */
  let failed: ReadonlyMap<string, Posting> = new Map()
  let wanted: ReadonlySet<string> = new Set()
  let toldMeanwhile = false
  let stopped = false

  const poster = createPoster({
    board,
    clock,
    log,
    mayPost: options.mayPost,
    isOurs: (context) => {
      const contexts = contextsOf(read().fleet?.spec.forge.contextPrefix ?? 'flotilla')
      return context === contexts.fleet || contexts.isPart(context)
    },
    onResult: (result, count) => metrics.statusesSent?.(result, count),
    onRead(commit, known) {
      if (!picture) return
      overtaken.read(commit, known, picture.contexts)
      followAll()
    },
  })

  async function look(): Promise<void> {
    const { status, fleet, refused: tip } = read()
    const source = status.source.commit
    const commit = status.generated.commit
    if (fleet && source !== undefined && commit !== undefined) {
      if (inForce?.commit !== source) await enter(source)
      draw(status, fleet, source, commit)
    }
    refused = tip && tip.commit !== inForce?.commit ? tip.commit : undefined
    if (tip && refused !== undefined)
      postRefused(tip, status, contextsOf(fleet?.spec.forge.contextPrefix ?? 'flotilla'))
    followAll()
    metrics.statusesWaiting?.(poster.waiting())
  }

  async function enter(source: string): Promise<void> {
    const log = (await repository.log(source, history)).map(({ oid }) => oid)
    overtaken.entered(log, inForce?.commit)
    inForce = { commit: source, since: clock.now() }
  }

  function draw(status: FleetStatus, fleet: Fleet, source: string, generated: string): void {
    const { contextPrefix, maxClusterStatuses } = fleet.spec.forge
    const now = clock.now()
    // Each is posted twice at least, and the next commit is to have its share of the hour.
    const mostParts = Math.floor(board.limits.perHour / 4)
    const drawn = drawPicture(status, source, {
      now,
      inForceSince: inForce?.since ?? now,
      generated,
      timeout: milliseconds(fleet.spec.sync.timeout),
      contexts: contextsOf(contextPrefix),
      maxClusterStatuses: Math.min(maxClusterStatuses, mostParts),
      maxRegionStatuses: mostParts,
      target: (cluster) =>
        dashboardUrl?.replaceAll('{cluster}', encodeURIComponent(cluster ?? '')) ?? board.pageOf(generated),
    })
    picture = drawn
    failed = postingsFailed(status, drawn)
    poster.want(source, ranks.fleet, (known) => postingsInForce(drawn, known))
    later?.cancel()
    later = drawn.until === undefined ? undefined : clock.after(Math.max(1, drawn.until - now), tell)
  }

  function postRefused({ commit, problem }: RefusedSource, status: FleetStatus, { fleet: context }: Contexts): void {
    const words = [problem, errorWords(status)].filter((text) => text !== '').join('; ')
    poster.want(commit, ranks.refused, () => [
      { context, state: 'failure', description: description(words), rank: ranks.refused },
    ])
  }

  function followAll(): void {
    const kept = new Set([inForce?.commit, refused, ...failed.keys(), ...overtaken.followed()])
    for (const commit of wanted) if (!kept.has(commit)) poster.drop(commit)
    wanted = new Set([...kept].filter((commit) => commit !== undefined))
    for (const commit of new Set([...failed.keys(), ...overtaken.followed()])) {
      const given = failed.get(commit)
      poster.want(commit, ranks.overtaken, (known) => {
        const others = picture && overtaken.isOurs(commit) ? postingsOvertaken(picture, known) : []
        return given ? [given, ...others.filter(({ context }) => context !== given.context)] : others
      })
    }
  }

  function lookNow(): Promise<void> {
    if (looking) toldMeanwhile = true
    looking ??= look()
      .catch((error: unknown) => {
        log.warn({ board: board.name, error: explain(error) }, 'commit statuses cannot be made')
        tell(retryAfter)
      })
      .finally(() => {
        looking = undefined
        if (!toldMeanwhile) return
        toldMeanwhile = false
        tell()
      })
    return looking
  }

  function tell(after = lookAfter): void {
    if (stopped) return
    timer ??= clock.after(after, () => {
      timer = undefined
      void lookNow()
    })
  }

  return {
    tell: () => tell(),
    problem: () => poster.problem(),
    async reported() {
      await looking
      await lookNow()
      await poster.idle()
    },
    async stop() {
      stopped = true
      timer?.cancel()
      later?.cancel()
      await looking
      await poster.stop()
    },
  }
}
