import type { WorkloadUse } from '../../render/pod-uses.ts'
import type { Course } from '../../render/shipper/course.ts'
import type { Message } from '../../repo-layout/message.ts'
import type { Subject } from '../../repo-layout/subject.ts'
import type { Action, Drift, FieldDrift } from '../member/types.ts'

/** How an object comes to its action, where the action alone does not say it. */
export type How =
  /** It was there before and is taken. */
  | 'adopted'
  /** It is taken away from our care and stays in the cluster as it is. */
  | 'released'
  /** It is deleted and created, since a field cannot be changed. */
  | 'replaced'
  /** Somebody changed it behind Git's back, and that is undone. */
  | 'healed'
  /** The same, but it is only told. */
  | 'reported'
  /** It is wanted, but what is there is not ours. */
  | 'left alone'
  /** A route of an application, of a kind that the cluster does not serve. */
  | 'left out'
  /** It left Git and stays in the cluster. */
  | 'kept'
  /** It would be deleted, but the deletions of the commit are over budget. */
  | 'held back'
  | 'suspended'
  /** Its Namespace or its kind is created first, so that no server could say yet what comes of it. */
  | 'untried'

/** One object of one cluster that a plan has something to say about. */
export interface PlannedObject {
  readonly subject: Subject
  /** The source file that it comes from; empty where it left Git. */
  readonly source: string
  readonly action: Action
  readonly how?: How
  /** Why, and what to do about it; empty where there is nothing to explain. Never holds a value of a Secret. */
  readonly why: string
  /** Fields that an apply would change: `live` now, `wanted` then. Values of Secrets are masked. */
  readonly fields: readonly FieldDrift[]
  readonly drift?: Drift['reason']
  /** What the change does to pods that run: it restarts its own, or these see it. */
  readonly pods?: 'restart' | readonly WorkloadUse[]
}

/** What a plan knows of a cluster, and how. */
export interface PlanFacts {
  /** As decisions read it: `false` only of a cluster that counts as lost. */
  readonly reachable: boolean | 'unknown'
  readonly kubernetesVersion?: string
  /** ISO time at which the cluster answered; undefined where it did not. */
  readonly observedAt?: string
  /** The generated commit that the cluster says it runs. */
  readonly runs?: string
}

/** What becomes of one cluster. */
export interface ClusterPlan {
  readonly cluster: string
  readonly region: string
  /**
   * `planned`: compared with what is live. `waits`: it gives no answer, so it goes on as it is until it does. `new`: it is
   * not in the base, and is not asked before it is merged. `leaves`: it is in no inventory any more and is let go.
   */
  readonly state: 'planned' | 'waits' | 'new' | 'leaves'
  /** Why it was not compared, or what else is to be known; empty where there is nothing. */
  readonly note: string
  readonly suspended: boolean
  readonly facts: PlanFacts
  /** Sorted by Subject; objects of which there is nothing to say are only counted. */
  readonly objects: readonly PlannedObject[]
  readonly unchanged: number
  /** Of a cluster that was not compared: what changes in its folder of the generated branch, in words. */
  readonly pending: string
}

/** Replicas of a workload in one cluster. */
export interface ReplicaCount {
  readonly cluster: string
  readonly before: number
  readonly after: number
}

/** A workload whose replicas change somewhere, of those that run somewhere before and after. */
export interface ReplicaMove {
  readonly subject: Subject
  /** Clusters in which they change, sorted by name. */
  readonly clusters: readonly ReplicaCount[]
  /** Over all clusters. */
  readonly before: number
  readonly after: number
  /** What the decision read, where a preference divides the replicas. */
  readonly decision?: MoveFacts
}

/** The facts that a division of replicas was made by. */
export interface MoveFacts {
  /** Clusters that count as lost. */
  readonly lost: readonly string[]
  /** What clusters ran, and the most that they can hold, as far as that is known; sorted by name. */
  readonly clusters: readonly { readonly cluster: string; readonly current?: number; readonly capacity?: number }[]
}

/** Whether what left Git may be deleted. */
export interface DeletionPlan {
  /** Objects that would be deleted, over all clusters. */
  readonly objects: number
  readonly clusters: number
  /** How many others go with them: what is in a Namespace, of a CRD's kind, or the volume of a PVC. */
  readonly takes: number
  readonly verdict: 'none' | 'within' | 'over'
  /** Over budget: names exactly this set of deletions, for the trailer `Flotilla-Allow-Delete`. */
  readonly digest?: string
  /** Over budget: why, and how to allow it. */
  readonly text: string
}

/** The numbers of a plan, over all clusters that were compared. */
export interface PlanSummary {
  readonly created: number
  readonly configured: number
  readonly pruned: number
  readonly adopted: number
  readonly leftAlone: number
  readonly failed: number
  readonly unchanged: number
  /** Clusters that were compared, and those that were not. */
  readonly planned: number
  readonly waiting: number
  /** Applications whose releases are told to go elsewhere. */
  readonly rollouts: number
  /** Whether anything would change anywhere, also in clusters that were not compared, or step by step later. */
  readonly changes: boolean
}

/** A point of the source: the name by which it was asked for, and the commit; none for a folder on disk. */
export interface Revision {
  readonly name: string
  readonly commit?: string
}

/** What a change would do to the fleet: plain JSON throughout. */
export interface FleetPlan {
  readonly fleet: string
  /** ISO time at which it was made. */
  readonly at: string
  /** What connections count from. */
  readonly base: Revision
  readonly head: Revision
  /** What it is planned upon; without a commit the fleet is new. */
  readonly generated: { readonly branch: string; readonly commit?: string; readonly sourceCommit?: string }
  /** What else is to be known, a sentence each. */
  readonly notes: readonly string[]
  /** Errors and warnings of the source, sorted. */
  readonly messages: readonly Message[]
  /** Sorted by name. */
  readonly clusters: readonly ClusterPlan[]
  readonly moves: readonly ReplicaMove[]
  /** Where applications go by this change, beyond the one turn that the rest of the plan is of; sorted. */
  readonly rollouts: readonly Course[]
  readonly deletions: DeletionPlan
  /** Why clusters that would leave the inventory are kept, and how to allow it; left out where none is. */
  readonly removals?: string
  readonly summary: PlanSummary
}
