import type { Json, KubeObject } from '../../repo-layout/json.ts'
import type { ClusterObservation } from '../../repo-layout/observations.ts'
import type { FleetSpec, IgnoreRule } from '../../repo-layout/schema/fleet.ts'
import type { Subject } from '../../repo-layout/subject.ts'
import type { Overwritten } from './history.ts'
import type { Pause } from './pause.ts'

/** What became of one object when it was applied. */
export type Action = 'created' | 'configured' | 'unchanged' | 'pruned' | 'skipped' | 'failed'

/** The state of a member cluster: the worst that holds. */
export type Sync = 'synced' | 'progressing' | 'drifted' | 'degraded' | 'unauthorized' | 'unreachable' | 'suspended'

/** Health in the terms of kstatus. */
export type Health = 'Current' | 'InProgress' | 'Failed' | 'Terminating' | 'Unknown'

/** One object that a member cluster should run: a file of its folder in the generated branch. */
export interface DesiredObject {
  readonly subject: Subject
  /** Git blob id of the file; equal ids are equal objects. */
  readonly oid: string
  /** Path of the file below the source branch that it came from (the first line of the file). */
  readonly source: string
  readonly object: KubeObject
}

/** Everything that a member cluster should run, as of one generated commit. */
export interface DesiredState {
  /** Id of the generated commit. */
  readonly commit: string
  /** Digest of the cluster's folder (`treeDigest`). */
  readonly tree: string
  readonly objects: ReadonlyMap<Subject, DesiredObject>
}

/** What a member needs to know of its fleet; a change takes effect with the next desired state. */
export interface MemberSettings {
  readonly fleetName: string
  readonly fleetUid: string
  /** Fleet-wide or this cluster's `suspend`: watched and reported, never written. */
  readonly suspended: boolean
  readonly sync: FleetSpec['sync']
  readonly ignoreDifferences: readonly IgnoreRule[]
  /** The uids of objects that may be deleted now; every other deletion waits to be judged with those of the fleet. */
  readonly mayDelete: Pick<ReadonlySet<string>, 'has'>
  /** Names of the clusters of the fleet: what is known as another one of them is not this one. */
  readonly clusters?: ReadonlySet<string>
}

/** A field whose live value is not the wanted one, with who holds it as far as the object says. */
export interface FieldDrift {
  /** JSON-pointer-like path with keys of list items in brackets: `/spec/template/spec/containers[name=web]/image`. */
  readonly path: string
  /** Undefined where the field is gone. */
  readonly live: Json | undefined
  /** Undefined where the field should not be there. */
  readonly wanted: Json | undefined
  /** The manager that holds the field now, as `kubectl` or `kubectl (scale)`; `unknown (removed)` where none does. */
  readonly manager: string
}

/** One object of a member that differed from Git behind Git's back. */
export interface Drift {
  readonly subject: Subject
  /** `left alone`: it was there before us and is not ours; only a comparison on request tells that. */
  readonly reason: 'changed' | 'deleted' | 'label removed' | 'recreated' | 'ownership wiped' | 'left alone'
  readonly fields: readonly FieldDrift[]
  /** ISO time at which it was first seen. */
  readonly since: string
  /** ISO time of the last heal; undefined where it was only reported so far. */
  readonly healedAt: string | undefined
  /** How often it was healed since it was last wanted to be so. */
  readonly healed: number
  /** Healed again and again: healing is backed off. */
  readonly fight: boolean
}

/** What came of comparing a member with Git. */
export interface Comparison {
  /** Sorted by Subject. */
  readonly drifts: readonly Drift[]
  /** Which object could not be compared, and why; empty where every one was. */
  readonly problem: string
}

/** A deletion that waits for the budget of its commit. */
export interface HeldDeletion {
  readonly uid: string
  /** How many other objects go with it, as far as they can be listed. */
  readonly takes: number
}

/** One object as `status` and `diff` show it. */
export interface ObjectStatus {
  readonly subject: Subject
  readonly source: string
  readonly action: Action
  readonly health: Health
  /** Why it failed, was skipped or is not healthy; empty otherwise. */
  readonly message: string
  readonly drift: Drift | undefined
  /** Fields that others added beside ours; no drift. */
  readonly extras: readonly string[]
  /** Where it left Git and would be deleted now, were that allowed. */
  readonly held: HeldDeletion | undefined
  /** The pause that holds it, its own or that of the whole cluster; left out where none does. */
  readonly pause?: Pause | undefined
}

/** A member cluster as `status` shows it. */
export interface MemberStatus {
  readonly cluster: string
  readonly sync: Sync
  readonly message: string
  /** Generated commit that is wholly applied; undefined before the first. */
  readonly appliedCommit: string | undefined
  readonly wantedCommit: string | undefined
  readonly applied: number
  readonly total: number
  /** ISO time of the last answer of the API server; undefined before the first. */
  readonly seenAt: string | undefined
  /** ISO time since which `sync` holds. */
  readonly since: string
  readonly kubernetesVersion: string | undefined
  /** ISO time at which the credential in use expires; undefined where it does not, or renews itself. */
  readonly credentialExpiresAt: string | undefined
  /** The pause of the whole cluster; left out where there is none. */
  readonly pause?: Pause | undefined
  readonly objects: readonly ObjectStatus[]
}

/**
 * One member cluster, looked after until it is stopped. Each member works for itself: own queue, own backoff, own
 * connections; whatever happens to one costs the others nothing.
 */
export interface Member {
  readonly cluster: string
  /**
   * Says what the cluster should run from now on; replaces what was said before and returns at once. Only objects
   * that changed are sent. Never throws: what goes wrong shows in `status`.
   */
  setDesired(desired: DesiredState, settings: MemberSettings): void
  /** The present status; cheap, and the same object while nothing changed. */
  status(): MemberStatus
  /** Facts for `render`, from what is watched; `reachable` is this member's own raw view, undamped. */
  observe(): ClusterObservation
  /** Calls back after each change of status or facts, coalesced; returns the way to stop it. */
  onChange(listener: () => void): () => void
  /** Compares every object with the live one now: one GET each. Heals nothing. */
  diff(): Promise<Comparison>
  /**
   * Puts a pause in force: when it resolves, nothing is written to its object (`*`: to the cluster) any more until it ends.
   * Throws an `ApiError`, or an `InventoryLostError`, where that cannot be promised.
   */
  pause(pause: Pause): Promise<void>
  /** Ends a pause before its time; gives it, or undefined where there was none. Throws as `pause`. */
  resume(subject: Subject): Promise<Pause | undefined>
  /** The pauses in force, as far as they are known. */
  pauses(): readonly Pause[]
  /** What was written over, newest first; undefined before the cluster was ever reached. */
  history(): readonly Overwritten[] | undefined
  /** Resolves when everything wanted was tried once since the last `setDesired` (applied, failed or skipped). */
  settled(): Promise<void>
  /**
   * Finishes writes that are under way, writes down what was written over, closes connections; no other write begins after
   * it was called.
   */
  stop(): Promise<void>
}
