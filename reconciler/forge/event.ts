import type { ForgeEvent } from './types.ts'

/** A genuine webhook request; the body is what its JSON says, or undefined where it is none. */
export interface WebhookRequest {
  readonly headers: { readonly [name: string]: string | undefined }
  readonly body: unknown
}

/** Says what a webhook request is about; undefined where it is not of this forge. */
export type EventReader = (request: WebhookRequest) => ForgeEvent | undefined

/** A whole number above 0 at a path of a body. */
export function numberIn(body: unknown, path: readonly string[]): number | undefined {
  const value = path.reduce(fieldOf, body)
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined
}

/** The ref that a push names. */
export function refIn(body: unknown): unknown {
  return fieldOf(body, 'ref')
}

/** The branch of a ref; undefined for a tag and for what is no ref. */
export function branchOf(ref: unknown): string | undefined {
  const start = 'refs/heads/'
  return typeof ref === 'string' && ref.startsWith(start) ? ref.slice(start.length) : undefined
}

function fieldOf(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
  return (value as { readonly [key: string]: unknown })[key]
}
