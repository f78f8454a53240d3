import type { CommitStatus } from '../forge/types.ts'
import type { FleetStatus } from '../server/types.ts'
import { hindrancesOf } from '../views/hindrance.ts'
import { type Sum, sumOf, sumOfFleet } from './aggregate.ts'
import type { Contexts } from './contexts.ts'
import { type Posting, ranks } from './posting.ts'
import { type Frame, judgeCluster, type Verdict } from './verdict.ts'
import { description } from './words.ts'

/** What a fleet's report is made by. */
export interface PictureOptions extends Frame {
  readonly contexts: Contexts
  /** With more clusters, regions and failing clusters are reported. */
  readonly maxClusterStatuses: number
  /** With more regions, only those that fail are reported. */
  readonly maxRegionStatuses: number
  /** The page that a status leads to; `cluster` is undefined for the fleet and a region. */
  readonly target: (cluster: string | undefined) => string | undefined
}

/** How a source commit fares over the fleet at one moment. */
export interface Picture {
  readonly commit: string
  readonly fleet: Sum
  /** Nothing is on its way any more. */
  readonly isFinal: boolean
  /** Clusters, and regions of a large fleet, by context. */
  readonly parts: ReadonlyMap<string, Posting>
  /** Parts that are reported whether or not they were before. */
  readonly shown: ReadonlySet<string>
  readonly fleetPosting: Posting
  readonly contexts: Contexts
  /** When it changes without anything happening, in milliseconds since the epoch. */
  readonly until: number | undefined
}

/** A cluster that is done within so many milliseconds is reported once. */
const partPatience = 5000

/** Draws how the source commit in force fares. Pure. */
export function drawPicture(status: FleetStatus, commit: string, options: PictureOptions): Picture {
  const { contexts, target, maxClusterStatuses, maxRegionStatuses, now } = options
  const hindrances = hindrancesOf(status)
  const verdicts = status.clusters.map((one) => judgeCluster(one, options, hindrances.get(one.cluster)))
  const fleet = sumOfFleet(status, verdicts)
  const parts = new Map<string, Posting>()
  const shown = new Set<string>()
  const add = (context: string, sum: Sum, of: readonly Verdict[], url: string | undefined) =>
    parts.set(context, {
      context,
      state: sum.state,
      description: description(sum.words),
      ...(url === undefined ? {} : { targetUrl: url }),
      rank: isBad(sum) ? ranks.bad : ranks.part,
      ...patienceOf(sum, of, options.inForceSince + partPatience),
    })
  const folded = verdicts.length > maxClusterStatuses
  for (const verdict of verdicts) {
    const context = contexts.cluster(verdict.cluster)
    add(context, verdict, [verdict], target(verdict.cluster))
    if (!folded || (isBad(verdict) && shown.size < maxClusterStatuses)) shown.add(context)
  }
  if (folded) {
    const regions = byRegion(verdicts)
    const most = shown.size + maxRegionStatuses
    for (const [region, of] of regions) {
      const context = contexts.region(region)
      const sum = sumOf(of)
      add(context, sum, of, target(undefined))
      if (regions.size <= maxRegionStatuses || (isBad(sum) && shown.size < most)) shown.add(context)
    }
  }
  const times = verdicts.flatMap(({ until }) => (until !== undefined && until > now ? [until] : []))
  const url = target(undefined)
  return {
    commit,
    fleet,
    isFinal: fleet.state !== 'pending' && verdicts.every(({ state }) => state !== 'pending'),
    parts,
    shown,
    fleetPosting: {
      context: contexts.fleet,
      state: fleet.state,
      description: description(fleet.words),
      ...(url === undefined ? {} : { targetUrl: url }),
      rank: ranks.fleet,
      ...(fleet.news === undefined ? {} : { news: fleet.news }),
      ...patienceOf(fleet, verdicts, Number.NEGATIVE_INFINITY),
    },
    contexts,
    until: times.length === 0 ? undefined : Math.min(...times),
  }
}

/**
 * The statuses that the commit in force should have, given those that it has: a cluster that was reported once goes on being
 * so, and one that has left the fleet does not stay pending.
 */
export function postingsInForce(picture: Picture, known: ReadonlyMap<string, CommitStatus>): readonly Posting[] {
  const { parts, shown, contexts } = picture
  const postings = [picture.fleetPosting]
  for (const [context, posting] of parts) if (shown.has(context) || known.has(context)) postings.push(posting)
  for (const [context, { state }] of known) {
    if (!contexts.isPart(context) || parts.has(context) || state === 'success') continue
    postings.push({ context, state: 'success', description: 'left the fleet', rank: ranks.part })
  }
  return postings
}

function isBad({ state }: Pick<Sum, 'state'>): boolean {
  return state === 'failure' || state === 'error'
}

function patienceOf({ state }: Sum, of: readonly Verdict[], fresh: number): Pick<Posting, 'patience'> {
  const pending = of.filter((verdict) => verdict.state === 'pending')
  if (state !== 'pending' || pending.length === 0) return {}
  const first = (which: 'success' | 'failed') => Math.min(...pending.map(({ patience }) => patience[which]))
  return { patience: { fresh, success: first('success'), failed: first('failed') } }
}

function byRegion(verdicts: readonly Verdict[]): ReadonlyMap<string, readonly Verdict[]> {
  const regions = new Map<string, Verdict[]>()
  for (const verdict of verdicts) {
    const found = regions.get(verdict.region)
    if (found) found.push(verdict)
    else regions.set(verdict.region, [verdict])
  }
  return regions
}
