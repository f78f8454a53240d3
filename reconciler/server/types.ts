import type { Message } from '../../repo-layout/message.ts'
import type { Observations } from '../../repo-layout/observations.ts'
import type { Overwritten } from '../member/history.ts'
import type { Pause } from '../member/pause.ts'
import type { Drift, MemberStatus, Sync } from '../member/types.ts'

/** The daemon as its API, `status` and the metrics see it; plain JSON throughout. */
export interface FleetStatus {
  readonly fleet: string
  /** ISO time at which this was true. */
  readonly at: string
  /** ISO time at which a turn of the cycle ended last, well or not; undefined before the first. */
  readonly heartbeatAt: string | undefined
  /** Who is active instead of this daemon; undefined where this one is. A standby knows of no cluster. */
  readonly standby?: string | undefined
  readonly sync: Sync
  readonly source: {
    readonly branch: string
    /** Last source commit that was rendered; undefined before the first. */
    readonly commit: string | undefined
    /** ISO time of the last successful fetch. */
    readonly fetchedAt: string | undefined
    /** Why the source cannot be fetched or rendered now; empty while it can. */
    readonly problem: string
  }
  readonly generated: { readonly branch: string; readonly commit: string | undefined; readonly problem: string }
  /** Errors and warnings of the rendered source commit. */
  readonly messages: readonly Message[]
  /** Why commit statuses or notes are late; left out while they are not. */
  readonly report?: { readonly problem: string } | undefined
  /** How far the applications are; left out where the fleet has none. */
  readonly rollouts?: readonly RolloutStatus[] | undefined
  /** Sorted by name. */
  readonly clusters: readonly ClusterStatus[]
}

/** How far one application is: its newest release, the contender, against the one before it, the incumbent. */
export interface RolloutStatus {
  /** `namespace/name`. */
  readonly application: string
  readonly release: string
  readonly incumbent: string | undefined
  /** The condition RollingOut of Shipper's Application; left out by daemons of before. */
  readonly rollingOut?: { readonly status: 'True' | 'False'; readonly message: string } | undefined
  /** Name and version. */
  readonly chart: string
  /** Names of the steps, in order. */
  readonly steps: readonly string[]
  readonly targetStep: number
  readonly achievedStep: number | undefined
  /** Whether its last step was ever achieved. */
  readonly complete: boolean
  /** Whether it is being given up: the incumbent gets everything back first. */
  readonly retreating: boolean
  /** The release that failed and was given up, until the template changes; left out where none did. */
  readonly failed?: FailedReleaseStatus | undefined
  /** `soak`, `check` and `readiness` are of a release that goes on by itself; `nothing` of one that is about to, or at its end. */
  readonly waitsFor:
    | 'installation'
    | 'capacity'
    | 'traffic'
    | 'command'
    | 'soak'
    | 'check'
    | 'readiness'
    | 'incumbent'
    | 'nothing'
  /** ISO time at which it has soaked; left out where that is not what it waits for. */
  readonly soaksUntil?: string | undefined
  /** The check that it waits for, and why that did not hold last, empty before its first answer; left out otherwise. */
  readonly check?: { readonly name: string; readonly problem: string } | undefined
  /** Sorted by name. */
  readonly clusters: readonly RolloutInCluster[]
}

/** A release that failed and was given up. */
export interface FailedReleaseStatus {
  readonly release: string
  readonly reason: string
  /** ISO time of the generated commit that gave it up; left out while that is not known. */
  readonly since?: string | undefined
  /** The source commit that made it; left out where that cannot be told. */
  readonly commit?: string | undefined
}

/** An application in one of its clusters; undefined where a release is not meant to be there. */
export interface RolloutInCluster {
  readonly cluster: string
  /** The last step that it achieved here. */
  readonly achievedStep: number | undefined
  readonly contender: ReleaseInCluster | undefined
  readonly incumbent: ReleaseInCluster | undefined
}

/** One release in one cluster: what is wanted of it, and what is seen, undefined while that is unknown. */
export interface ReleaseInCluster {
  readonly installed: boolean | undefined
  readonly percent: number
  /** The percentage that the available replicas are of all, rounded up; left out while that is unknown. */
  readonly achievedPercent?: number | undefined
  readonly replicas: number
  readonly availableReplicas: number | undefined
  readonly weight: number
  /** The weight that its ready endpoints amount to; left out where nobody counts them. */
  readonly achievedWeight?: number | undefined
  readonly trafficReady: boolean | undefined
  /** Why its pods are not ready; empty where nothing is to be said. */
  readonly message: string
}

/** A member cluster with what the inventory says of it. */
export interface ClusterStatus extends MemberStatus {
  /** Region of the inventory, or empty. */
  readonly region: string
}

/** Differences of one cluster, or why they could not be told. */
export interface ClusterDiff {
  readonly cluster: string
  readonly drifts: readonly Drift[]
  /** Empty where every object could be compared. */
  readonly problem: string
  /** The pauses in force there; left out where there are none. */
  readonly pauses?: readonly Pause[] | undefined
}

/** What somebody wants to be paused: an object of a cluster, or the whole of it. */
export interface PauseRequest {
  readonly cluster: string
  /** As a person writes it; undefined for the whole cluster. */
  readonly subject: string | undefined
  readonly forMs: number
  readonly reason: string
  /** Who asks, as they say and from where. */
  readonly by: string
}

/** What came of it: `pause` is the one that began, or was taken back. */
export type PauseOutcome =
  | { readonly type: 'done'; readonly cluster: string; readonly pause: Pause }
  | {
      readonly type: 'refused'
      /** As HTTP has it: 404 nothing of that name, 409 it cannot be, 503 the cluster did not take it. */
      readonly status: number
      readonly error: string
      readonly known?: readonly string[]
    }

/** What `POST /api/v1/pause` and `resume` answer. */
export type PauseReply = Pick<PauseOutcome & { readonly type: 'done' }, 'cluster' | 'pause'>

/** What was written over in one cluster. */
export interface ClusterHistory {
  readonly cluster: string
  /** Newest first. */
  readonly entries: readonly Overwritten[]
  /** Why nothing is known; empty where it is. */
  readonly problem: string
}

/** What `GET /api/v1/history` answers. */
export interface HistoryReport {
  readonly fleet: string
  readonly at: string
  readonly clusters: readonly (ClusterHistory & {
    /** Source file of each Subject, where it is known. */
    readonly sources: { readonly [subject: string]: string }
  })[]
}

/** What `GET /api/v1/diff` answers. */
export interface DiffReport {
  readonly fleet: string
  /** ISO time at which the comparison ended. */
  readonly at: string
  /** Generated commit that the live objects were compared with; undefined before the first. */
  readonly commit: string | undefined
  readonly clusters: readonly (ClusterDiff & {
    /** Source file of each Subject that differs, where it is known. */
    readonly sources: { readonly [subject: string]: string }
  })[]
}

/** What the running daemon offers to its HTTP server. No method throws for what a cluster or a remote does. */
export interface DaemonApi {
  status(): FleetStatus
  /** Compares live objects with what is wanted, now; all clusters where none is named. */
  diff(clusters: readonly string[]): Promise<readonly ClusterDiff[]>
  /** Facts as `render` is given them. */
  observations(): Observations
  /** Pulls, renders and applies now; resolves once the pull that this asked for has ended. */
  sync(): Promise<void>
  /** Puts a pause in force; when it resolves as done, nothing is written there any more until it ends. */
  pause(request: PauseRequest): Promise<PauseOutcome>
  /** Takes a pause back. */
  resume(request: Pick<PauseRequest, 'cluster' | 'subject' | 'by'>): Promise<PauseOutcome>
  /** What was written over; all clusters where none is named. */
  history(clusters: readonly string[]): readonly ClusterHistory[]
  /** Whether a first render was applied or tried; what a readiness probe asks. */
  ready(): boolean
  /** Whether the cycle still turns; what a liveness probe asks. */
  healthy(): boolean
  /** Calls back after each change, coalesced; returns the way to stop it. */
  onChange(listener: () => void): () => void
}
