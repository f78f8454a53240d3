import type { DesiredFleet } from '../cycle/desired.ts'
import type { ClustersInForce } from '../cycle/inventory.ts'

/** A generated tree with what it says: what the clusters should run, and which clusters there are. */
export interface Generation extends ClustersInForce {
  /** Blob id of each file by path. */
  readonly files: ReadonlyMap<string, string>
  readonly desired: DesiredFleet
}
