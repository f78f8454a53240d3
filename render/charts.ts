import type { JsonObject, KubeObject } from '../repo-layout/json.ts'

/** A chart as an Application names it; `version` is exact or a constraint as Masterminds/semver 1.4.0 reads it, `''` is any. */
export interface ChartRef {
  readonly name: string
  readonly version: string
  readonly repoUrl: string
}

/**
 * What became of the search for a chart. `digest` is `sha256:<hex>` of the archive, of the folder's content where the
 * chart is a folder of the source. `isFinal` tells bad input, which stays bad, from what may succeed when asked again.
 */
export type ChartResolution =
  | { readonly type: 'resolved'; readonly version: string; readonly digest: string }
  | { readonly type: 'failed'; readonly problem: string; readonly isFinal: boolean }

/** A chart that was resolved, and what it is to be rendered with. */
export interface ChartRequest {
  readonly chart: ChartRef & { readonly digest: string }
  readonly releaseName: string
  readonly namespace: string
  readonly values: JsonObject
}

/**
 * What became of rendering a chart: its objects in Helm's install order, and the engine, `helm v4.2.1`. `isFinal` as for
 * a resolution.
 */
export type ChartRendering =
  | { readonly type: 'rendered'; readonly objects: readonly KubeObject[]; readonly engine: string }
  | { readonly type: 'failed'; readonly problem: string; readonly isFinal: boolean }

/**
 * What is known of charts so far; undefined = not asked yet. Render asks it and fetches nothing itself; as long as it
 * is not told more, it gives equal answers to equal questions.
 */
export interface Charts {
  resolve(ref: ChartRef): ChartResolution | undefined
  render(request: ChartRequest): ChartRendering | undefined
}

/** A question that a render had no answer to: whoever renders finds the answer and renders again. */
export type ChartNeed =
  | { readonly type: 'resolve'; readonly ref: ChartRef }
  | { readonly type: 'render'; readonly request: ChartRequest }
