import { oneLine } from '../git/error.ts'

/**
 * Why a chart cannot be had: one line for people. `isFinal` tells what stays wrong as long as its input stays the same from
 * what may succeed when it is tried again.
 */
export class ChartError extends Error {
  override readonly name = 'ChartError'
  readonly isFinal: boolean

  constructor(message: string, isFinal: boolean, options: { readonly cause?: unknown } = {}) {
    super(oneLine(message), options)
    this.isFinal = isFinal
  }
}

/** The input is wrong: asking again changes nothing. */
export function finalError(message: string, cause?: unknown): ChartError {
  return new ChartError(message, true, { cause })
}

/** It may go well another time. */
export function passingError(message: string, cause?: unknown): ChartError {
  return new ChartError(message, false, { cause })
}

/** The same failure with words before it that say what was being done. */
export function withContext(context: string, error: unknown, separator = ': '): ChartError {
  const isFinal = error instanceof ChartError && error.isFinal
  return new ChartError(`${context}${separator}${messageOf(error)}`, isFinal, { cause: error })
}

/** What an error says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
