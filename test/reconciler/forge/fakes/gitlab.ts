import { createGitlab } from '../../../../reconciler/forge/gitlab/forge.ts'
import type { StatusState } from '../../../../reconciler/forge/types.ts'
import { createFakeRepository, type FakePull } from './repository.ts'
import { type FakeAnswer, type FakeRequest, pageOf, startFakeServer } from './server.ts'
import type { FakeForge, FakeOptions, PostedStatus } from './types.ts'

const token = 'glpat-token-of-flotilla'
const me = 'flotilla'
const paging = { parameter: 'per_page', most: 100, usual: 20 }

/** A status on GitLab is a job. */
export interface FakeJob {
  readonly id: number
  readonly commit: string
  readonly ref: string
  readonly name: string
  status: string
  description: string | null
  target: string | null
  readonly made: number
  ended: number | undefined
}

/** A fake GitLab: what it knows beside other forges. */
export interface FakeGitlab extends FakeForge {
  /** Every job, also those that later ones replaced. */
  readonly jobs: readonly FakeJob[]
  /** The next so many posts of a status find another update in progress. */
  lock(times: number): void
}

const iso = (at: number) => new Date(at).toISOString()

const transitions: { readonly [event: string]: readonly string[] } = {
  enqueue: ['created'],
  run: ['pending'],
  success: ['created', 'pending', 'running'],
  drop: ['created', 'pending', 'running'],
  cancel: ['created', 'pending', 'running'],
}
const events: { readonly [state: string]: readonly [event: string, ours: StatusState] } = {
  pending: ['enqueue', 'pending'],
  running: ['run', 'pending'],
  success: ['success', 'success'],
  failed: ['drop', 'failure'],
  canceled: ['cancel', 'error'],
}

/** GitLab below the prefix `/gitlab`, 2,000 requests a minute; the project is `acme/fleet`. */
export async function startFakeGitlab({ clock }: FakeOptions): Promise<FakeGitlab> {
  const repository = createFakeRepository()
  const posted: PostedStatus[] = []
  const jobs: FakeJob[] = []
  const asked: number[] = []
  const mergeable = new Set<number>()
  const atWork = new Set<string>()
  let locked = 0
  const server = await startFakeServer('/gitlab/api/v4', clock, answer)
  const web = `${server.url}/gitlab`
  const say = (status: number, message: unknown): FakeAnswer => ({ status, json: { message } })

  async function answer(request: FakeRequest): Promise<FakeAnswer> {
    const { method, path, headers } = request
    asked.push(clock.now())
    if (asked.filter((at) => clock.now() - at < 60_000).length > 2000)
      return { ...say(429, 'Retry later'), headers: { 'retry-after': '60' } }
    if (headers.authorization !== `Bearer ${token}`) return say(401, '401 Unauthorized')
    if (path === '/version') return { status: 200, json: { version: '18.10.0', revision: 'abc' } }
    if (path === '/user') return { status: 200, json: { username: me } }
    const [, rest] = /^\/projects\/acme%2Ffleet(\/.*)$/.exec(path) ?? []
    if (rest === undefined) return say(404, '404 Project Not Found')
    const commit = /^\/statuses\/(\w+)$/.exec(rest)?.[1]
    if (method === 'POST' && commit !== undefined) {
      if (atWork.has(commit) || locked > 0) {
        locked = Math.max(0, locked - 1)
        return say(409, 'Another update to this commit status is in progress')
      }
      atWork.add(commit)
      await new Promise((resolve) => setImmediate(resolve))
      const taken = take(commit, request.body)
      atWork.delete(commit)
      return taken
    }
    return below(rest, request)
  }

  /** A job that waits or runs takes its next state; else there is a new one. Nothing changes where it cannot get there. */
  function take(commit: string, body: FakeRequest['body']): FakeAnswer {
    if (!repository.has(commit)) return say(404, '404 Commit Not Found')
    const { state, description, target_url } = body
    const name = String(body.name ?? body.context ?? 'default')
    const known = repository.pulls.find((pull) => pull.commit === commit && !pull.fork)
    const isSomewhere = [...repository.branches.values()].includes(commit)
    const ref = body.ref ?? known?.branch ?? (isSomewhere ? 'main' : undefined)
    if (typeof ref !== 'string') return say(404, '404 References for commit Not Found')
    const event = events[String(state)]
    if (!event) return { status: 400, json: { error: 'state does not have a valid value' } }
    if (typeof target_url === 'string' && target_url.length > 255)
      return say(400, { target_url: ['is too long (maximum is 255 characters)'] })
    if (body.coverage !== undefined && typeof body.coverage !== 'number')
      return { status: 400, json: { error: 'coverage is invalid' } }
    const open = jobs.find((job) => {
      const isOpen = job.status === 'pending' || job.status === 'running'
      return isOpen && job.commit === commit && job.name === name && job.ref === ref
    })
    const from = open?.status ?? 'created'
    const isWay = transitions[event[0]]?.includes(event[0] === 'run' && from === 'created' ? 'pending' : from)
    if (!isWay)
      return say(
        400,
        `Cannot transition status via :${event[0]} from :${from} (Reason(s): Status cannot transition via "${event[0]}")`,
      )
    const job: FakeJob = open ?? {
      id: jobs.length + 1,
      commit,
      ref,
      name,
      status: '',
      description: null,
      target: null,
      made: clock.now(),
      ended: undefined,
    }
    if (!open) jobs.push(job)
    job.status = String(state)
    if (event[1] !== 'pending') job.ended = clock.now()
    if (typeof description === 'string') job.description = description
    if (typeof target_url === 'string') job.target = target_url
    posted.push({
      commit,
      context: name,
      state: event[1],
      description: job.description ?? '',
      ...(job.target === null ? {} : { targetUrl: job.target }),
      at: clock.now(),
    })
    return { status: 201, json: statusOf(job) }
  }

  function below(rest: string, request: FakeRequest): FakeAnswer {
    const { method, body, query } = request
    const listed = /^\/repository\/commits\/(\w+)\/statuses$/.exec(rest)?.[1]
    if (listed !== undefined) {
      const found = jobs.filter((job) => job.commit === listed && (query.get('name') ?? job.name) === job.name)
      if (query.get('all') === 'true') return listOf(found, request, statusOf)
      const latest = new Map(found.map((job) => [`${job.ref} ${job.name}`, job]))
      return listOf([...latest.values()], request, statusOf)
    }
    if (rest === '/merge_requests' && method === 'GET') {
      const found = repository.pulls.filter(({ state, base, branch }) => {
        return (
          state === 'open' &&
          (query.get('target_branch') ?? base) === base &&
          (query.get('source_branch') ?? branch) === branch
        )
      })
      return listOf(found, request, shown)
    }
    if (rest === '/merge_requests' && method === 'POST') {
      const { source_branch, target_branch, title, description } = body
      const same = repository.pulls.find((one) => {
        return one.state === 'open' && one.branch === source_branch && one.base === target_branch
      })
      if (same) return say(409, [`Another open merge request already exists for this source branch: !${same.number}`])
      const pull = repository.open({
        title: String(title),
        body: String(description),
        author: me,
        branch: String(source_branch),
        base: String(target_branch),
      })
      return { status: 201, json: shown(pull) }
    }
    const [, number, tail = ''] = /^\/merge_requests\/(\d+)(\/.*)?$/.exec(rest) ?? []
    const pull = repository.pull(Number(number))
    return pull ? ofPull(pull, tail, request) : say(404, '404 Not found')
  }

  function ofPull(pull: FakePull, tail: string, request: FakeRequest): FakeAnswer {
    const { method, body } = request
    if (tail === '' && method === 'PUT') {
      const gone = String(body.remove_labels ?? '').split(',')
      for (const label of gone) {
        const at = pull.labels.indexOf(label)
        if (at >= 0) pull.labels.splice(at, 1)
      }
      return { status: 200, json: shown(pull) }
    }
    if (tail === '') return { status: 200, json: shown(pull) }
    if (tail === '/merge') {
      if (!mergeable.has(pull.number)) {
        // It begins to look only when somebody asks.
        setTimeout(() => mergeable.add(pull.number), 50)
        return say(405, '405 Method Not Allowed')
      }
      if (body.sha !== pull.commit) return say(409, `SHA does not match HEAD of source branch: ${pull.commit}`)
      repository.merge(pull)
      return { status: 200, json: shown(pull) }
    }
    if (tail === '/notes' && method === 'POST') {
      const text = String(body.body)
      if ([...text].length > 1_000_000) return say(400, { note: ['is too long (maximum is 1000000 characters)'] })
      return { status: 201, json: { id: repository.comment(pull, me, text).id } }
    }
    if (tail === '/notes')
      return listOf(pull.comments, request, ({ id, author, body }) => ({ id, body, author: { username: author } }))
    const id = /^\/notes\/(\d+)$/.exec(tail)?.[1]
    const found = pull.comments.find((one) => one.id === Number(id))
    if (!found || method !== 'PUT') return say(404, '404 Not found')
    if (found.author !== me) return say(403, '403 Forbidden')
    found.body = String(body.body)
    return { status: 200, json: {} }
  }

  function listOf<T>(items: readonly T[], request: FakeRequest, show: (item: T) => object): FakeAnswer {
    const page = pageOf(items, request, paging)
    return { status: 200, json: page.items.map(show), headers: { ...page.headers, 'x-total': String(items.length) } }
  }

  const statusOf = ({ id, commit, ref, name, status, description, target, made, ended }: FakeJob) => {
    const times = { created_at: iso(made), finished_at: ended === undefined ? null : iso(ended) }
    return { id, sha: commit, ref, name, status, description, target_url: target, allow_failure: false, ...times }
  }

  const shown = (pull: FakePull) => ({
    id: 1000 + pull.number,
    iid: pull.number,
    title: pull.title,
    description: pull.body,
    web_url: `${web}/acme/fleet/-/merge_requests/${pull.number}`,
    state: pull.state === 'open' ? 'opened' : pull.state,
    sha: pull.commit,
    merge_commit_sha: pull.mergeCommit ?? null,
    squash_commit_sha: null,
    author: { username: pull.author },
    labels: [...pull.labels],
    source_branch: pull.branch,
    target_branch: pull.base,
    source_project_id: pull.fork ? 2 : 1,
    target_project_id: 1,
    detailed_merge_status: mergeable.has(pull.number) ? 'mergeable' : 'checking',
  })

  const place = { kind: 'gitlab', api: `${web}/api/v4`, web, repository: 'acme/fleet' } as const
  return {
    place,
    repository,
    server,
    token,
    posted,
    jobs,
    lock: (times) => {
      locked = times
    },
    open: ({ token: other = token } = {}) => createGitlab(place, other, 'main', { clock }),
    close: () => server.close(),
  }
}
