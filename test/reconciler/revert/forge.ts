import { ForgeError } from '../../../reconciler/forge/error.ts'
import type { Forge, PullRequest } from '../../../reconciler/forge/types.ts'
import type { Fleet } from '../git/fleet.ts'

/** A pull request that was asked for. */
export interface Opened {
  readonly title: string
  readonly body: string
  readonly head: string
  readonly base: string
}

/** A forge that writes down which pull requests it is to open and to merge. */
export interface RevertForge {
  readonly forge: Forge
  readonly opened: readonly Opened[]
  readonly merged: readonly (readonly [number: number, head: string])[]
  /** Closes all of them. */
  close(): void
}

/** Makes one over a repository; the first `failOpening` times it gives no answer. */
export function revertForge(fleet: Pick<Fleet, 'git'>, failOpening = 0): RevertForge {
  const opened: Opened[] = []
  const merged: (readonly [number: number, head: string])[] = []
  let failures = failOpening
  let open = true
  const pulls = () =>
    opened.map(
      ({ title, head, base }, i): PullRequest => ({
        ...{ number: i + 1, title, url: `https://forge.example/${i + 1}`, author: 'flotilla', state: 'open' },
        ...{ head: { commit: fleet.git('rev-parse', head), branch: head }, base: { branch: base } },
        ...{ fork: false, labels: [] },
      }),
    )
  const forge: Pick<Forge, 'openPullRequest' | 'pullRequests' | 'merge'> = {
    openPullRequest: async (request) => {
      if (failures-- > 0) throw new ForgeError('no answer', { type: 'unreachable' })
      opened.push(request)
      return pulls()[opened.length - 1] as PullRequest
    },
    pullRequests: async () => (open ? pulls() : []),
    merge: async (number, head) => {
      merged.push([number, head])
    },
  }
  return {
    forge: forge as Forge,
    opened,
    merged,
    close: () => {
      open = false
    },
  }
}
