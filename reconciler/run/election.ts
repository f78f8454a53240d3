import { createHash } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { localPath } from '../git/open.ts'
import { withoutUserinfo } from '../git/remote.ts'
import { createElapsed, machineTime } from '../lead/elapsed.ts'
import { createElection, type Election } from '../lead/election.ts'
import { createLeaseStore, type LeaseStore } from '../lead/lease.ts'
import { type Pulse, startPulse } from '../lead/pulse.ts'
import type { RepositoryFlags } from './fleet-repository.ts'
import type { Host } from './host.ts'

/** What decides which of several daemons of a fleet is active, and whether this one may write. */
export interface Office {
  /** Undefined where there is no host cluster. */
  readonly election: Election | undefined
  readonly pulse: Pulse
}

/** Where the Lease is, and how long it holds. */
export interface OfficeOptions {
  readonly hostApi: Host['api']
  readonly namespace: string
  /** Names this process, and no other one ever. */
  readonly holder: string
  /** In milliseconds. */
  readonly duration: number
  readonly clock: Clock
}

/** Opens the election among the daemons of one fleet repository. Asks nothing yet. */
export function openOffice(flags: RepositoryFlags, options: OfficeOptions): Office {
  const { hostApi, holder, duration, clock } = options
  const elapsed = createElapsed(clock, machineTime)
  const pulse = startPulse(clock, elapsed)
  if (!hostApi) return { election: undefined, pulse }
  const store = leaseStore(flags, { ...options, hostApi })
  return { pulse, election: createElection({ store, holder, duration, clock, monotonic: machineTime, elapsed }) }
}

/** The Lease of a fleet, in its host cluster. */
export function leaseStore(
  flags: RepositoryFlags,
  options: Omit<OfficeOptions, 'hostApi'> & { readonly hostApi: NonNullable<Host['api']> },
): LeaseStore {
  const { hostApi, namespace, duration, clock } = options
  return createLeaseStore({
    transport: hostApi,
    namespace,
    name: leaseName(flags),
    repository: withoutUserinfo(flags.repo),
    duration,
    patience: Math.ceil(duration / 3),
    now: () => clock.now(),
  })
}

/**
 * The Lease of a fleet. What the fleet is called stands in the repository, which may be away when the lease is asked for, so the
 * name is made of the repository's address, without what leads to the same one: a user, `.git`, a slash.
 */
export function leaseName({ repo, generatedBranch }: Pick<RepositoryFlags, 'repo' | 'generatedBranch'>): string {
  const address = localPath(repo) ?? withoutUserinfo(repo).toLowerCase()
  const same = address.replace(/\/+$/, '').replace(/\.git$/, '')
  return `flotilla-${createHash('sha256').update(`${same}\n${generatedBranch}`).digest('hex').slice(0, 16)}`
}
