import type { KubeObject } from '../repo-layout/json.ts'
import type { Message } from '../repo-layout/message.ts'
import type { Observations } from '../repo-layout/observations.ts'
import type { FleetSource } from '../repo-layout/read/assemble.ts'
import type { Subject } from '../repo-layout/subject.ts'
import type { ChartNeed, Charts } from './charts.ts'

/** The previous generated tree, as far as rendering reads it: names, blob ids, and the decision records. */
export interface PreviousTree {
  /** Blob id of each file by path. */
  readonly files: ReadonlyMap<string, string>
  /** Texts of the files below `decisions/` and `rollouts/`. */
  readonly decisions: ReadonlyMap<string, string>
  /**
   * The source file that a file came from (its first line). Asked only where a source file is broken; undefined where
   * the line is missing.
   */
  sourceOf(path: string): string | undefined
}

/** Everything that rendering depends on. */
export interface RenderInput {
  readonly source: FleetSource
  /** Missing for a first render: then nothing is held, and what is unknown counts as reachable and empty. */
  readonly previous: PreviousTree | undefined
  readonly observations: Observations
  /** What is known of charts; missing where nothing is: then `needs` says what would have to be. */
  readonly charts?: Charts | undefined
}

/** A file of the generated tree: new bytes, or, without `text`, the bytes that the previous tree has under `oid`. */
export interface GeneratedFile {
  readonly oid: string
  readonly text?: string
  /** What the text says, where rendering had it at hand: whoever applies the file need not parse what was just written. */
  readonly object?: KubeObject
}

/** The generated tree, whole, and what is to be said about the source. */
export interface RenderOutput {
  readonly files: ReadonlyMap<string, GeneratedFile>
  readonly messages: readonly Message[]
  /**
   * Objects of valid workloads that are placed in no cluster, although nobody wrote an empty list: a selector that matches
   * nothing, names that are in no inventory. The tree lacks them; whoever deletes their copies should ask first.
   */
  readonly unplaced: ReadonlySet<Subject>
  /** What this render had to leave as it is because nothing was known of a chart: find out, and render again. */
  readonly needs: readonly ChartNeed[]
  /** What changes about rollouts, a line each, for the message of a commit. */
  readonly steps: readonly string[]
}
