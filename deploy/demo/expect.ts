import type { Running } from './kubectl.ts'
import { StageError } from './stage.ts'

/** Replicas that should be there and ready, by Deployment and cluster; 0 where there should be no such Deployment. */
export type Expected = { readonly [deployment: string]: { readonly [cluster: string]: number } }

/** What there is, in the form of what was expected: `eu-1 3/3, us-1 none`. */
export function seenText(expected: Expected, seen: ReadonlyMap<string, Running>): string {
  return Object.entries(expected)
    .map(([deployment, wanted]) => {
      const parts = Object.keys(wanted).map((cluster) => {
        const found = seen.get(cluster)?.get(deployment)
        return `${cluster} ${found ? `${found.ready}/${found.wanted}` : 'none'}`
      })
      return `${deployment}: ${parts.join(', ')}`
    })
    .join('; ')
}

/** What should be, as a person says it. */
export function expectedText(expected: Expected): string {
  return Object.entries(expected)
    .map(([deployment, wanted]) => {
      const parts = Object.entries(wanted).map(
        ([name, number]) => `${name} ${number === 0 ? 'none' : `${number}/${number}`}`,
      )
      return `${deployment}: ${parts.join(', ')}`
    })
    .join('; ')
}

/** Whether every Deployment has its replicas, ready, and those that should be gone are. */
export function isThere(expected: Expected, seen: ReadonlyMap<string, Running>): boolean {
  return seenText(expected, seen) === expectedText(expected)
}

/** Looks until what is seen is as it should be. Rejects with a StageError after `limit` milliseconds. */
export async function waitFor<T>(options: {
  readonly what: string
  readonly look: () => Promise<T>
  readonly fine: (seen: T) => boolean
  readonly say: (seen: T) => string
  readonly wait: (ms: number) => Promise<void>
  readonly now: () => number
  readonly limit: number
}): Promise<T> {
  const { what, look, fine, say, wait, now, limit } = options
  const end = now() + limit
  for (;;) {
    const seen = await look().catch((error: unknown) => error)
    const failed = seen instanceof Error
    if (!failed && fine(seen as T)) return seen as T
    if (now() >= end) {
      const words = failed ? seen.message : say(seen as T)
      throw new StageError(`expected ${what}\n     saw ${words}\n  within ${limit / 1000} s`)
    }
    await wait(50)
  }
}
