import { parseDecision } from '../../render/kubefed/decision.ts'
import type { Rollout } from '../../render/shipper/rollout.ts'
import type { Message } from '../../repo-layout/message.ts'
import type { FleetSource } from '../../repo-layout/read/assemble.ts'
import type { Subject } from '../../repo-layout/subject.ts'
import type { Sync } from '../member/types.ts'
import type { Promotions } from '../promotion/promotions.ts'
import type { RefusedSource } from '../report/reporter.ts'
import type { FailedRollout } from '../rollout/failures.ts'
import type { FleetStatus } from '../server/types.ts'
import type { DeletionGuard } from './deletions.ts'
import type { FleetOrder, Members } from './members.ts'
import type { TextCache } from './previous.ts'
import { rolloutStatuses } from './rollouts.ts'

/** What the daemon remembers between turns. All of it can be read again from Git and the members. */
export interface State {
  /** The fleet as it was last read. */
  source: FleetSource | undefined
  /** The source commit that it was read from. */
  rendered: string | undefined
  fetchedAt: string | undefined
  messages: readonly Message[]
  sourceProblem: string
  /** Why the generated branch cannot be pushed; empty where it can. */
  pushProblem: string
  /** Why clusters that left the inventory are kept; empty where none is. */
  removalProblem: string
  /**
   * The source commit and the tip of the generated branch that are rendered and handed out: nothing is left to do, unless a
   * rollout has just moved.
   */
  done: { readonly source: string; readonly tip: string; readonly moved: boolean } | undefined
  /** When a chart that could not be had is worth another try, in milliseconds since the epoch; undefined where none is. */
  chartsAt: number | undefined
  /** What members were last told. */
  order: FleetOrder | undefined
  /** Workloads that decisions in force are about. */
  subjects: ReadonlySet<Subject>
  /** Releases that are in force, `namespace/name`. */
  releases: ReadonlySet<string>
  /** The same as their records have them: a list an application, oldest first. */
  rollouts: readonly (readonly Rollout[])[]
  /** Releases that failed and were given up, and whose doing that is. */
  failures: readonly FailedRollout[]
  /** Tips of both branches as they were last read or pushed; undefined before the first pull. */
  tips: { readonly source: string; readonly generated: string } | undefined
  /** The newest source commit, where it could not be put in force, and why. */
  refused: RefusedSource | undefined
  /** When a turn ended last, well or not, in milliseconds since the epoch; undefined before the first. */
  turnedAt: number | undefined
}

/** A daemon that has done nothing yet. */
export function freshState(): State {
  return {
    source: undefined,
    rendered: undefined,
    fetchedAt: undefined,
    messages: [],
    sourceProblem: '',
    pushProblem: '',
    removalProblem: '',
    done: undefined,
    chartsAt: undefined,
    order: undefined,
    subjects: new Set(),
    releases: new Set(),
    rollouts: [],
    failures: [],
    tips: undefined,
    refused: undefined,
    turnedAt: undefined,
  }
}

/** The Subjects of all replica decisions of a generated tree. Rejects where one cannot be read. */
export async function decidedSubjects(
  files: ReadonlyMap<string, string>,
  texts: TextCache,
): Promise<ReadonlySet<Subject>> {
  const subjects = new Set<Subject>()
  for (const [path, oid] of files) {
    const decision = path.startsWith('decisions/replicas/') ? parseDecision(await texts.read(oid)) : undefined
    if (decision) subjects.add(decision.subject)
  }
  return subjects
}

/** States of a cluster from best to worst: a fleet is as its worst cluster. */
const order: readonly Sync[] = [
  'synced',
  'suspended',
  'progressing',
  'drifted',
  'degraded',
  'unauthorized',
  'unreachable',
]

/** The status of the whole fleet, from what is remembered and what the members say. */
export function fleetStatus(
  state: State,
  members: Pick<Members, 'statuses' | 'observations'>,
  deletions: Pick<DeletionGuard, 'problem' | 'isBusy'>,
  promotions: Pick<Promotions, 'waits'>,
  branches: { readonly source: string; readonly generated: string },
  now: number,
  reportProblem = '',
): FleetStatus {
  const clusters = members.statuses()
  let worst = deletions.isBusy() ? order.indexOf('progressing') : 0
  for (const { sync } of clusters) worst = Math.max(worst, order.indexOf(sync))
  const problems = [state.pushProblem, state.removalProblem, deletions.problem()].filter((problem) => problem !== '')
  return {
    fleet: state.source?.fleet.metadata.name ?? '',
    at: new Date(now).toISOString(),
    heartbeatAt: state.turnedAt === undefined ? undefined : new Date(state.turnedAt).toISOString(),
    sync: state.order ? (order[worst] ?? 'synced') : 'progressing',
    source: {
      branch: branches.source,
      commit: state.rendered,
      fetchedAt: state.fetchedAt,
      problem: state.sourceProblem,
    },
    generated: { branch: branches.generated, commit: state.order?.commit, problem: problems.join('; ') },
    messages: state.messages,
    ...(reportProblem === '' ? {} : { report: { problem: reportProblem } }),
    ...(state.rollouts.length === 0 ? {} : { rollouts: rolloutsNow(state, members, promotions) }),
    clusters,
  }
}

function rolloutsNow(
  { rollouts, failures, source }: Pick<State, 'rollouts' | 'failures' | 'source'>,
  members: Pick<Members, 'observations'>,
  promotions: Pick<Promotions, 'waits'>,
): FleetStatus['rollouts'] {
  const waits = source ? promotions.waits(source) : new Map()
  return rolloutStatuses(rollouts, members.observations(), waits, failures)
}
