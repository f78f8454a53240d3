/** One ref that a push wants to move; undefined means "not there", for both ends. */
export interface RefUpdate {
  readonly ref: string
  readonly from: string | undefined
  readonly to: string | undefined
}

/** A push that was taken, or is about to be. */
export interface Push {
  readonly repository: string
  readonly updates: readonly RefUpdate[]
}
