import type { StageWorld } from './world.ts'

/** One stage of the tour. */
export interface Stage {
  readonly name: string
  /** What will happen, in one line. */
  readonly will: string
  /** What a person would have typed. */
  readonly command: string
  /** Does it. Rejects with a `StageError` where it did not come about. */
  run(world: StageWorld): Promise<Outcome>
}

/** How a stage ended, read from the clusters and from Git. */
export interface Outcome {
  /** Something to be shown as it is, such as a commit. */
  readonly shown?: readonly string[]
  /** What came about, a line each. */
  readonly came: readonly string[]
}

/** A stage that did not come about: what was expected and what was seen instead. */
export class StageError extends Error {}
