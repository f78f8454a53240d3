import type { Annotation, CommitStatus, Forge, PullRequest } from '../../../reconciler/forge/types.ts'

/** A forge of which everything that was said to it can be seen. */
export interface MemoryForge {
  readonly forge: Forge
  /** Opens a pull request and gives its number. */
  open(pull: {
    readonly commit: string
    readonly branch: string
    readonly fork?: boolean
    readonly title?: string
  }): number
  /** Changes what the forge says of one. */
  change(number: number, change: Partial<PullRequest>): void
  /** The comments of ours on one, oldest first; editing makes none. */
  comments(number: number): readonly string[]
  /** How often a comment was made or edited. */
  writes(number: number): number
  /** The newest status of a context on a commit. */
  status(commit: string, context?: string): CommitStatus | undefined
  annotations(commit: string): readonly Annotation[]
  pull(number: number): PullRequest
  /** Has every call fail with this until it is taken back. */
  break(error: Error | undefined): void
}

/** Makes a forge without pull requests. */
export function createMemoryForge(limit = 65_000): MemoryForge {
  const pulls = new Map<number, PullRequest>()
  const statuses = new Map<string, Map<string, CommitStatus>>()
  const noted = new Map<string, readonly Annotation[]>()
  const comments = new Map<number, Map<string, string>>()
  const writes = new Map<number, number>()
  let broken: Error | undefined
  const mayFail = async () => {
    if (broken) throw broken
  }
  const pull = (number: number) => {
    const found = pulls.get(number)
    if (!found) throw new Error(`there is no pull request ${number}`)
    return found
  }
  const setStatus = async (commit: string, status: CommitStatus) => {
    await mayFail()
    const all = statuses.get(commit) ?? new Map<string, CommitStatus>()
    statuses.set(commit, all.set(status.context, status))
  }
  const unused = () => Promise.reject(new Error('not part of this test'))
  return {
    forge: {
      kind: 'gitea',
      limits: { description: 255, comment: limit },
      headRef: (number) => `refs/pull/${number}/head`,
      async statuses(commit) {
        await mayFail()
        return [...(statuses.get(commit)?.values() ?? [])]
      },
      statusesSince: unused,
      setStatus,
      async setCheck(commit, { summary: _summary, annotations, ...status }) {
        await setStatus(commit, status)
        noted.set(commit, annotations)
      },
      async pullRequests(base) {
        await mayFail()
        return [...pulls.values()].filter((one) => one.state === 'open' && one.base.branch === base)
      },
      async pullRequest(number) {
        await mayFail()
        return pull(number)
      },
      async comment(number, marker, text) {
        await mayFail()
        const all = comments.get(number) ?? new Map<string, string>()
        if (all.get(marker) !== text) writes.set(number, (writes.get(number) ?? 0) + 1)
        comments.set(number, all.set(marker, text))
      },
      async amendComment(number, marker, amend) {
        await mayFail()
        const before = comments.get(number)?.get(marker)
        const text = before === undefined ? undefined : amend(before)
        if (text === undefined) return
        writes.set(number, (writes.get(number) ?? 0) + 1)
        comments.get(number)?.set(marker, text)
      },
      async removeLabel(number, label) {
        await mayFail()
        pulls.set(number, { ...pull(number), labels: pull(number).labels.filter((one) => one !== label) })
      },
      openPullRequest: unused,
      merge: unused,
      commitUrl: (commit) => `https://forge.example/commit/${commit}`,
      close: () => Promise.resolve(),
    },
    open({ commit, branch, fork = false, title = 'A change' }) {
      const number = pulls.size + 1
      pulls.set(number, {
        ...{ number, title, url: '', author: 'eve', state: 'open', fork, labels: [] },
        ...{ head: { commit, branch }, base: { branch: 'main' } },
      })
      return number
    },
    change: (number, change) => void pulls.set(number, { ...pull(number), ...change }),
    comments: (number) => [...(comments.get(number)?.values() ?? [])],
    writes: (number) => writes.get(number) ?? 0,
    status: (commit, context = 'flotilla/plan') => statuses.get(commit)?.get(context),
    annotations: (commit) => noted.get(commit) ?? [],
    pull,
    break: (error) => {
      broken = error
    },
  }
}
