import type { ChartNeed, Charts } from '../../render/charts.ts'
import type { SourceTree } from '../../repo-layout/read/tree.ts'
import type { FleetSpec } from '../../repo-layout/schema/fleet.ts'
import type { Clock } from '../clock.ts'
import type { ChartCredential } from './credentials.ts'

/** What an engine needs that stays the same as long as it runs. */
export interface ChartEngineOptions {
  /** Where archives and what is unpacked are kept, between runs too; it may be lost at any time. */
  readonly cacheFolder: string
  readonly clock: Clock
  /** From 0 up to 1; spreads what is tried again. */
  readonly random?: () => number
  /** A Helm repository on disk that stands for every other, so that nothing is read from the network. */
  readonly folder?: string
  /** The daemon's own credentials, read again for each round. */
  readonly credentials?: () => Promise<readonly ChartCredential[]>
  /** The Helm that was configured, and where else it is looked for. */
  readonly helm?: { readonly configured?: string | undefined; readonly path?: string | undefined }
  /** How many charts are worked on at once. */
  readonly width?: number
}

/** What a commit of the fleet repository says about charts. */
export interface ChartRevision {
  /** `spec.charts` of the Fleet. */
  readonly charts: FleetSpec['charts']
  /** The tree of the commit, with all its files; without one there are no charts in the source. */
  readonly source?: SourceTree
}

/** Finds and renders charts for one revision. */
export interface ChartView {
  /** What is known now. A version that was found counts for a minute: the next release looks again. */
  readonly known: Charts
  /**
   * Finds answers to all needs, in parallel, each once; resolves when all have one, be it a failure, and never rejects. What is
   * known is not asked for again, nor what another call is finding out.
   */
  fulfil(needs: readonly ChartNeed[]): Promise<void>
  /**
   * Milliseconds until something that failed is worth another render, which then asks for it again; undefined where nothing
   * is. What nobody asks for any more is told of once at most.
   */
  due(): number | undefined
}

/** The engine behind all views: they share what was fetched and rendered. */
export interface ChartEngine extends ChartView {
  /** The view of another revision. Charts in its source are those of its own tree; views of one tree know the same. */
  at(revision: ChartRevision): ChartView
  /** Ends all connections. */
  close(): Promise<void>
}
