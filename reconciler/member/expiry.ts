import type { Clock } from '../clock.ts'
import { warnsFrom } from './credential.ts'
import { expiryWarning } from './remedy.ts'
import type { StatusFacts } from './status.ts'
import type { CredentialInUse } from './transport.ts'

/** What a status says of the expiry of a credential. */
export type Expiry = (
  credential: CredentialInUse | undefined,
) => Pick<StatusFacts, 'credentialExpiresAt' | 'expiryWarning'>

/** Timers of this platform do not take longer ones; in milliseconds. */
const longestTimer = 86_400_000

/**
 * Watches over the expiry of a credential; asked with every status. `wake` is called when a warning is due, so that the
 * status is looked at once more.
 */
export function createExpiry(clock: Clock, wake: () => void): Expiry {
  let watched: number | undefined
  let timer: { cancel(): void } | undefined

  function wait(until: number): void {
    timer = clock.after(Math.min(Math.max(until - clock.now(), 0), longestTimer), () => {
      if (clock.now() < until) wait(until)
      else wake()
    })
  }

  return (credential) => {
    const expiresAt = credential?.expiresAt
    const now = clock.now()
    if (watched !== expiresAt) {
      watched = expiresAt
      timer?.cancel()
      if (expiresAt !== undefined) {
        if (now < warnsFrom(expiresAt)) wait(warnsFrom(expiresAt))
        else if (now < expiresAt) wait(expiresAt)
      }
    }
    const due = credential && expiresAt !== undefined && now >= warnsFrom(expiresAt)
    return {
      credentialExpiresAt: expiresAt,
      expiryWarning: due ? expiryWarning(credential.cluster, credential, expiresAt, now) : '',
    }
  }
}
