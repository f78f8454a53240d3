import type { Message } from '../../repo-layout/message.ts'
import type { FleetSpec } from '../../repo-layout/schema/fleet.ts'
import type { PullRequest } from '../forge/types.ts'
import type { PlanResult } from '../plan/plan-fleet.ts'
import type { Revision } from '../plan/types.ts'

/** How pull requests are planned: `spec.forge.plan` of the merged branch, never of a head. */
export type PlanRules = FleetSpec['forge']['plan']

/** What a plan was made upon. */
export interface Upon {
  readonly base: Revision & { readonly commit: string }
  /** Tip of the generated branch; undefined of a new fleet. */
  readonly generated: string | undefined
}

/** What came of looking at a head. */
export type Attempt =
  | (PlanResult & Upon & { readonly brought: ReadonlySet<string> })
  | ({ readonly type: 'conflict'; readonly paths: readonly string[] } & Upon)
  | ({ readonly type: 'refused'; readonly text: string } & Upon)
  /** Nothing could be planned for a reason that is not the head's. */
  | { readonly type: 'unplannable'; readonly text: string }

/** A generated tree as a plan says that it changes: new blob id by path, undefined where the file goes. */
export type TreeChanges = ReadonlyMap<string, string | undefined>

/** The fleet as it runs: what the plan of a head is compared with, and planned by. */
export interface InForce {
  readonly rules: PlanRules
  /** Tips of both branches as they were last read. */
  readonly source: string
  readonly generated: string
  /** The source commit whose render is in force. */
  readonly rendered: string
  /** What the source says already without the head. */
  readonly messages: readonly Message[]
  /** The facts that a plan reads, as a text: equal texts, equal plans. */
  readonly facts: string
}

/** What is to be said of a pull request, on its check. */
export interface Verdict {
  readonly state: 'success' | 'failure' | 'error'
  readonly description: string
}

/** A pull request with a commit to look at. */
export type Head = Pick<PullRequest, 'number' | 'head' | 'fork' | 'labels'>
