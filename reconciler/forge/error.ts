/** Why a forge did not do what it was asked. */
export type ForgeFailure =
  /** No answer, or one of a server in trouble: the same request may work later. */
  | { readonly type: 'unreachable' }
  /** The token is not accepted, or lacks a right; a person has to mend it. */
  | { readonly type: 'unauthorized' }
  /** Too many requests, or others at work at the same place: not before `retryAt`, in milliseconds since the epoch. */
  | { readonly type: 'limited'; readonly retryAt: number }
  /** The forge takes no more statuses of this commit and context, ever. */
  | { readonly type: 'full' }
  /** What was asked for is not there, or not for this token. */
  | { readonly type: 'missing' }
  /** The forge read the request and says no; repeating it changes nothing. */
  | { readonly type: 'refused'; readonly status: number }

/** A failure of a forge: one line that names it and never holds a token. */
export class ForgeError extends Error {
  override readonly name = 'ForgeError'
  readonly failure: ForgeFailure

  constructor(message: string, failure: ForgeFailure, options: { readonly cause?: unknown } = {}) {
    super(message.replaceAll(/\s+/g, ' ').trim(), options)
    this.failure = failure
  }
}

/** Whether an error is a failure of this type. */
export function failedAs(error: unknown, type: ForgeFailure['type']): error is ForgeError {
  return error instanceof ForgeError && error.failure.type === type
}
