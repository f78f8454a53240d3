import { createGitea } from '../../../../reconciler/forge/gitea/forge.ts'
import type { StatusState } from '../../../../reconciler/forge/types.ts'
import { createFakeRepository, type FakePull } from './repository.ts'
import { type FakeAnswer, type FakeRequest, inSeconds, pageOf, startFakeServer } from './server.ts'
import type { FakeForge, FakeOptions, PostedStatus } from './types.ts'

const token = 'gitea-token-of-flotilla'
const me = 'flotilla'
const paging = { parameter: 'limit', most: 50, usual: 30 }

/** Gitea: no limits but its pages; it lives below the prefix `/git`. */
export async function startFakeGitea({ clock }: FakeOptions): Promise<FakeForge> {
  const repository = createFakeRepository()
  const posted: PostedStatus[] = []
  const server = await startFakeServer('/git/api/v1', clock, answer)
  const web = `${server.url}/git`
  const say = (status: number, message: string): FakeAnswer => ({
    status,
    json: { message, url: `${web}/api/swagger` },
  })

  function answer(request: FakeRequest): FakeAnswer {
    const { method, path, body, query } = request
    if (method === 'GET' && path === '/version') return { status: 200, json: { version: '1.26.0' } }
    if (request.headers.authorization !== `token ${token}`) return say(401, 'invalid username, password or token')
    if (path === '/user') return { status: 200, json: { id: 7, login: me } }
    const [, rest = ''] = /^\/repos\/acme\/fleet(\/.*)?$/.exec(path) ?? []
    if (rest === '') return say(404, "The target couldn't be found.")

    const status = /^\/statuses\/(\w+)$/.exec(rest)?.[1]
    if (method === 'POST' && status !== undefined) {
      if (!repository.has(status)) return say(500, `GetCommit[${status}]: object does not exist`)
      const { context, state, description = '', target_url = '' } = body
      if (typeof context !== 'string' || typeof state !== 'string') return say(422, 'invalid status')
      posted.push({
        commit: status,
        context,
        state: state as StatusState,
        description: String(description),
        ...(target_url === '' ? {} : { targetUrl: String(target_url) }),
        at: clock.now(),
      })
      return { status: 201, json: {} }
    }
    const combined = /^\/commits\/(\w+)\/status$/.exec(rest)?.[1]
    if (combined !== undefined) {
      const newest = new Map(posted.filter(({ commit }) => commit === combined).map((one) => [one.context, one]))
      const { items, headers } = pageOf([...newest.values()], request, paging)
      const statuses = items.map(({ context, state, description, targetUrl = '' }) => {
        return { context, status: state, description, target_url: targetUrl }
      })
      return {
        status: 200,
        json: { statuses: statuses.length > 0 ? statuses : null },
        headers: { ...headers, 'x-total-count': String(newest.size) },
      }
    }
    const listed = /^\/commits\/(\w+)\/statuses$/.exec(rest)?.[1]
    if (listed !== undefined) {
      const all = posted.flatMap((one, id) => (one.commit === listed ? [{ id, ...one }] : [])).reverse()
      const { items, headers } = pageOf(all, request, paging)
      const json = items.map(({ id, context, state, description, targetUrl = '', at }) => {
        return { id, context, status: state, description, target_url: targetUrl, created_at: inSeconds(at) }
      })
      return { status: 200, json, headers: { ...headers, 'x-total-count': String(all.length) } }
    }
    if (rest === '/pulls' && method === 'GET') {
      const open = repository.pulls.filter(({ state }) => query.get('state') !== 'open' || state === 'open')
      const { items, headers } = pageOf(open, request, paging)
      return { status: 200, json: items.map(shown), headers: { ...headers, 'x-total-count': String(open.length) } }
    }
    if (rest === '/pulls' && method === 'POST') {
      const { head, base, title, body: text } = body
      if (repository.pulls.some((one) => one.state === 'open' && one.branch === head && one.base === base))
        return say(409, `pull request already exists for these targets [head_branch: ${head}]`)
      const pull = repository.open({
        title: String(title),
        body: String(text),
        author: me,
        branch: String(head),
        base: String(base),
      })
      return { status: 201, json: shown(pull) }
    }
    const [, kind, number, tail = ''] = /^\/(pulls|issues)\/(\d+)(\/.*)?$/.exec(rest) ?? []
    const pull = repository.pull(Number(number))
    if (kind !== undefined) return pull ? ofPull(pull, tail, request) : say(404, "The target couldn't be found.")
    const comment = /^\/issues\/comments\/(\d+)$/.exec(rest)?.[1]
    const found = repository.pulls.flatMap(({ comments }) => comments).find(({ id }) => id === Number(comment))
    if (!found || method !== 'PATCH') return say(404, "The target couldn't be found.")
    if (found.author !== me) return say(403, 'user should have permission to edit the comment')
    found.body = String(body.body)
    return { status: 200, json: {} }
  }

  function ofPull(pull: FakePull, tail: string, { method, body }: FakeRequest): FakeAnswer {
    if (tail === '') return { status: 200, json: shown(pull) }
    if (tail === '/merge') {
      if (body.head_commit_id !== pull.commit) return say(409, 'head out of date')
      if (pull.state !== 'open') return say(405, 'Please try again later')
      repository.merge(pull)
      return { status: 200 }
    }
    if (tail === '/comments') {
      if (method === 'POST') return { status: 201, json: { id: repository.comment(pull, me, String(body.body)).id } }
      return { status: 200, json: pull.comments.map(({ id, author, body }) => ({ id, body, user: { login: author } })) }
    }
    if (tail === '/labels') return { status: 200, json: pull.labels.map((name, i) => ({ id: 100 + i, name })) }
    const label = /^\/labels\/(\d+)$/.exec(tail)?.[1]
    if (label === undefined || method !== 'DELETE') return say(404, "The target couldn't be found.")
    pull.labels.splice(Number(label) - 100, 1)
    return { status: 204 }
  }

  const shown = (pull: FakePull) => ({
    number: pull.number,
    title: pull.title,
    body: pull.body,
    html_url: `${web}/acme/fleet/pulls/${pull.number}`,
    state: pull.state === 'open' ? 'open' : 'closed',
    merged: pull.state === 'merged',
    merge_commit_sha: pull.mergeCommit ?? null,
    user: { login: pull.author },
    labels: pull.labels.map((name, i) => ({ id: 100 + i, name })),
    head: { ref: pull.branch, sha: pull.commit, repo_id: pull.fork ? 2 : 1 },
    base: { ref: pull.base, repo_id: 1 },
  })

  const place = { kind: 'gitea', api: `${web}/api/v1`, web, repository: 'acme/fleet' } as const
  return {
    place,
    repository,
    server,
    token,
    posted,
    open: ({ token: other = token } = {}) => createGitea(place, other, { clock }),
    close: () => server.close(),
  }
}
