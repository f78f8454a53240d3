import type { Clock } from '../../clock.ts'
import { ForgeError } from '../error.ts'
import type { ForgeHttp } from '../http.ts'

/** What one credential has written to GitHub. */
export interface Allowance {
  /** The same requests, counted; those that are not `urgent` are held back while not much is left. */
  counted(http: ForgeHttp, kind: 'status' | 'urgent' | 'patient'): ForgeHttp
  /** When what is no status was written within the last hour, in milliseconds since the epoch, oldest first. */
  others(): readonly number[]
}

/** Of 80 writes a minute and 500 an hour that GitHub documents, so many are not left to statuses alone. */
const windows = [
  { ms: 60_000, most: 60, name: 'a minute' },
  { ms: 3_600_000, most: 450, name: 'an hour' },
] as const
const hour = 3_600_000

/** An allowance of which nothing is spent. */
export function createAllowance({ now }: Pick<Clock, 'now'>): Allowance {
  let writes: readonly { readonly at: number; readonly isStatus: boolean }[] = []

  function holdBack(): void {
    for (const { ms, most, name } of windows) {
      const recent = writes.filter(({ at }) => at > now() - ms)
      const first = recent[recent.length - most]
      if (!first) continue
      const text = `GitHub has had ${recent.length} writes of ours in ${name}; the rest is left to statuses of commits`
      throw new ForgeError(text, { type: 'limited', retryAt: first.at + ms })
    }
  }

  return {
    counted: (http, kind) => ({
      ...http,
      async send(method, path, options) {
        if (method !== 'GET') {
          if (kind === 'patient') holdBack()
          writes = [...writes.filter(({ at }) => at > now() - hour), { at: now(), isStatus: kind === 'status' }]
        }
        return http.send(method, path, options)
      },
    }),
    others: () => writes.filter(({ at, isStatus }) => !isStatus && at > now() - hour).map(({ at }) => at),
  }
}
