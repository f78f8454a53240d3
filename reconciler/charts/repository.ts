import type { ChartRef } from '../../render/charts.ts'

/** A chart that was found, with its content at hand. */
export interface FoundChart {
  readonly version: string
  /** `sha256:<hex>` of the content. */
  readonly digest: string
  /** The archive on disk, or the folder where the chart is one. It was not looked into yet. */
  readonly path: string
}

/** A place that charts come from; one kind a file, all with this promise. */
export interface Repository {
  /**
   * Finds the newest version of a chart that fits and has its content at hand. Rejects with a `ChartError` in Shipper's words,
   * final where the same question can never be answered. Asked again it looks again.
   */
  find(ref: ChartRef): Promise<FoundChart>
}
