import { createHash } from 'node:crypto'

/** A pull request as a fake keeps it. */
export interface FakePull {
  readonly number: number
  readonly title: string
  readonly body: string
  readonly author: string
  readonly branch: string
  readonly base: string
  readonly fork: boolean
  commit: string
  state: 'open' | 'closed' | 'merged'
  mergeCommit: string | undefined
  readonly labels: string[]
  readonly comments: { readonly id: number; readonly author: string; body: string }[]
}

/** What lies in the repository of a fake, the same for every forge. */
export interface FakeRepository {
  /** Branches by name with the commit that they are at. */
  readonly branches: Map<string, string>
  readonly pulls: readonly FakePull[]
  /** Makes a commit, on a branch where one is named, and gives its id. */
  commit(branch?: string): string
  /** A commit of this id from now on. */
  addCommit(id: string, branch?: string): void
  has(commit: string): boolean
  open(pull: Partial<Pick<FakePull, 'title' | 'body' | 'author' | 'branch' | 'base' | 'fork'>>): FakePull
  pull(number: number): FakePull | undefined
  merge(pull: FakePull): void
  comment(pull: FakePull, author: string, body: string): FakePull['comments'][number]
}

/** An empty repository with one commit on `main`. */
export function createFakeRepository(): FakeRepository {
  const branches = new Map<string, string>()
  const commits = new Set<string>()
  const pulls: FakePull[] = []
  let made = 0
  const commit = (branch?: string) => {
    const id = createHash('sha1').update(`commit ${++made}`).digest('hex')
    addCommit(id, branch)
    return id
  }
  const addCommit = (id: string, branch?: string) => {
    commits.add(id)
    if (branch !== undefined) branches.set(branch, id)
  }
  commit('main')

  return {
    branches,
    pulls,
    commit,
    addCommit,
    has: (id) => commits.has(id),
    open({ title, body = '', author = 'eve', branch, base = 'main', fork = false }) {
      const number = pulls.length + 1
      const name = branch ?? `change-${number}`
      const head = (fork ? undefined : branches.get(name)) ?? commit(fork ? undefined : name)
      const pull: FakePull = {
        number,
        title: title ?? `Change ${number}`,
        body,
        author,
        branch: name,
        base,
        fork,
        commit: head,
        state: 'open',
        mergeCommit: undefined,
        labels: [],
        comments: [],
      }
      pulls.push(pull)
      return pull
    },
    pull: (number) => pulls[number - 1],
    merge(pull) {
      pull.state = 'merged'
      pull.mergeCommit = commit(pull.base)
    },
    comment(pull, author, body) {
      const id = ++made
      pull.comments.push({ id, author, body })
      return pull.comments.at(-1) as FakePull['comments'][number]
    },
  }
}
