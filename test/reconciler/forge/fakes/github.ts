import { createGithub } from '../../../../reconciler/forge/github/forge.ts'
import type { StatusState } from '../../../../reconciler/forge/types.ts'
import { createFakeApp, type FakeAppServer, fakeApp } from './github-app.ts'
import { createFakeChecks, type FakeCheckRun } from './github-checks.ts'
import { createLimiter, documentedLimits, type GithubLimits } from './github-limits.ts'
import { createFakeRepository, type FakePull } from './repository.ts'
import { type FakeAnswer, type FakeRequest, inSeconds, pageOf, startFakeServer } from './server.ts'
import type { FakeForge, FakeOptions, PostedStatus } from './types.ts'

const token = 'ghp_token-of-flotilla'
const me = 'flotilla'
const paging = { parameter: 'per_page', most: 100, usual: 30 }
const statesOfGithub: ReadonlySet<unknown> = new Set(['error', 'failure', 'pending', 'success'])

/** A fake GitHub: what it knows beside other forges. */
export interface FakeGithub extends FakeForge {
  readonly app: FakeAppServer
  readonly checkRuns: readonly FakeCheckRun[]
}

/** GitHub with its documented limits; `app` makes `open` give an adapter that is an App and not a user. */
export async function startFakeGithub(
  options: FakeOptions & { readonly app?: boolean; readonly limits?: GithubLimits },
): Promise<FakeGithub> {
  const { clock, app: isApp = false, limits = documentedLimits } = options
  const repository = createFakeRepository()
  const posted: PostedStatus[] = []
  const app = createFakeApp(clock)
  const checks = createFakeChecks(clock, posted)
  const tooMany = createLimiter(limits, clock)
  const server = await startFakeServer('/api/v3', clock, answer)
  const refuse = (message: string, errors: readonly object[] = []): FakeAnswer => {
    return { status: 422, json: { message, errors, documentation_url: 'https://docs.github.com/rest' } }
  }
  const missing: FakeAnswer = { status: 404, json: { message: 'Not Found' } }

  function answer(request: FakeRequest): FakeAnswer {
    const { method, path, headers } = request
    const limited = tooMany(method, server.underWay())
    if (limited) return limited
    if (headers['user-agent'] === undefined)
      return { status: 403, json: { message: 'Request forbidden: no user agent' } }
    const ofApp = app.answer(request)
    if (ofApp) return ofApp
    const given = headers.authorization?.replace(/^Bearer /, '') ?? ''
    const byApp = app.takes(given)
    if (given !== token && !byApp) return { status: 401, json: { message: 'Bad credentials' } }
    if (path === '/user')
      return byApp
        ? { status: 403, json: { message: 'Resource not accessible by integration' } }
        : { status: 200, json: { login: me } }
    const [, rest] = /^\/repos\/acme\/fleet(\/.*)$/.exec(path) ?? []
    if (rest === undefined) return missing
    if (rest.includes('/check-runs') && method !== 'GET' && !byApp)
      return { status: 403, json: { message: 'You must authenticate via a GitHub App.' } }
    return checks.answer(rest, request) ?? below(rest, request, byApp ? `${fakeApp.slug}[bot]` : me)
  }

  function below(rest: string, request: FakeRequest, user: string): FakeAnswer {
    const { method, body, query } = request
    const status = /^\/statuses\/(\w+)$/.exec(rest)?.[1]
    if (method === 'POST' && status !== undefined) return take(status, body)
    const combined = /^\/commits\/(\w+)\/status$/.exec(rest)?.[1]
    if (combined !== undefined) {
      const ours = posted.filter(({ commit, context }) => commit === combined && !isCheck(commit, context))
      const newest = new Map(ours.map((one) => [one.context.toLowerCase(), one]))
      const { items, headers } = pageOf([...newest.values()], request, paging)
      const statuses = items.map(({ context, state, description, targetUrl = null }) => {
        return { context, state, description, target_url: targetUrl }
      })
      return { status: 200, json: { state: 'pending', total_count: newest.size, statuses }, headers }
    }
    const listed = /^\/commits\/(\w+)\/statuses$/.exec(rest)?.[1]
    if (listed !== undefined) {
      const all = posted.filter(({ commit, context }) => commit === listed && !isCheck(commit, context)).reverse()
      const { items, headers } = pageOf(all, request, paging)
      const json = items.map(({ context, state, description, targetUrl = null, at }) => {
        return { context, state, description, target_url: targetUrl, created_at: inSeconds(at) }
      })
      return { status: 200, json, headers }
    }
    if (rest === '/pulls' && method === 'GET') {
      const found = repository.pulls.filter(({ state, base }) => {
        return state === 'open' && (query.get('base') ?? base) === base
      })
      const { items, headers } = pageOf(found, request, paging)
      return { status: 200, json: items.map(shown), headers }
    }
    if (rest === '/pulls' && method === 'POST') {
      const { head, base, title, body: text } = body
      if (repository.pulls.some((one) => one.state === 'open' && one.branch === head && one.base === base))
        return refuse('Validation Failed', [{ message: `A pull request already exists for acme:${head}.` }])
      const pull = repository.open({
        title: String(title),
        body: String(text),
        author: user,
        branch: String(head),
        base: String(base),
      })
      return { status: 201, json: shown(pull) }
    }
    const [, number, tail = ''] = /^\/(?:pulls|issues)\/(\d+)(\/.*)?$/.exec(rest) ?? []
    if (number !== undefined) {
      const pull = repository.pull(Number(number))
      return pull ? ofPull(pull, tail, request, user) : missing
    }
    const comment = /^\/issues\/comments\/(\d+)$/.exec(rest)?.[1]
    const found = repository.pulls.flatMap(({ comments }) => comments).find(({ id }) => id === Number(comment))
    if (!found || method !== 'PATCH') return missing
    if (found.author !== user) return { status: 403, json: { message: 'Must have admin rights to Repository.' } }
    found.body = String(body.body)
    return { status: 200, json: {} }
  }

  const isCheck = (commit: string, context: string) =>
    checks.runs.some((run) => run.commit === commit && run.name === context)

  function take(commit: string, { state, context, description = '', target_url }: FakeRequest['body']): FakeAnswer {
    if (!repository.has(commit)) return refuse(`No commit found for SHA: ${commit}`)
    if (!statesOfGithub.has(state)) return refuse('Validation Failed', [{ resource: 'Status', field: 'state' }])
    if ([...String(description)].length > 140)
      return refuse('Validation Failed', [{ message: 'description is too long (maximum is 140 characters)' }])
    const before = posted.filter(
      (one) => one.commit === commit && one.context.toLowerCase() === String(context).toLowerCase(),
    )
    if (before.length >= 1000)
      return refuse('Validation Failed', [
        { message: 'This SHA and context has reached the maximum number of statuses.' },
      ])
    posted.push({
      commit,
      context: String(context),
      state: state as StatusState,
      description: String(description),
      ...(typeof target_url === 'string' ? { targetUrl: target_url } : {}),
      at: clock.now(),
    })
    return { status: 201, json: {} }
  }

  function ofPull(pull: FakePull, tail: string, request: FakeRequest, user: string): FakeAnswer {
    const { method, body } = request
    if (tail === '') return { status: 200, json: shown(pull) }
    if (tail === '/merge') {
      if (pull.state !== 'open') return { status: 405, json: { message: 'Pull Request is not mergeable' } }
      if (body.sha !== pull.commit) return { status: 409, json: { message: 'Head branch was modified.' } }
      repository.merge(pull)
      return { status: 200, json: { merged: true, sha: pull.mergeCommit } }
    }
    if (tail === '/comments' && method === 'POST') {
      const text = String(body.body)
      if ([...text].length > 65_536) return refuse('Body is too long (maximum is 65536 characters)')
      return { status: 201, json: { id: repository.comment(pull, user, text).id } }
    }
    if (tail === '/comments') {
      const { items, headers } = pageOf(pull.comments, request, paging)
      return {
        status: 200,
        json: items.map(({ id, author, body }) => ({ id, body, user: { login: author } })),
        headers,
      }
    }
    if (tail === '/labels') return { status: 200, json: pull.labels.map((name) => ({ name })) }
    const label = decodeURIComponent(/^\/labels\/([^/]+)$/.exec(tail)?.[1] ?? '')
    const at = pull.labels.indexOf(label)
    if (at < 0 || method !== 'DELETE') return { status: 404, json: { message: 'Label does not exist' } }
    pull.labels.splice(at, 1)
    return { status: 200, json: [] }
  }

  const shown = (pull: FakePull) => ({
    number: pull.number,
    title: pull.title,
    body: pull.body,
    html_url: `${server.url}/acme/fleet/pull/${pull.number}`,
    state: pull.state === 'open' ? 'open' : 'closed',
    merged_at: pull.state === 'merged' ? '2026-01-01T00:00:00Z' : null,
    merge_commit_sha: pull.mergeCommit ?? 'e'.repeat(40),
    user: { login: pull.author },
    labels: pull.labels.map((name) => ({ name })),
    head: { ref: pull.branch, sha: pull.commit, repo: { id: pull.fork ? 2 : 1 } },
    base: { ref: pull.base, repo: { id: 1 } },
  })

  const place = { kind: 'github', api: `${server.url}/api/v3`, web: server.url, repository: 'acme/fleet' } as const
  const auth = isApp
    ? ({ type: 'app', key: { id: String(fakeApp.id), pem: fakeApp.pem } } as const)
    : ({ type: 'token', token } as const)
  return {
    place,
    repository,
    server,
    token,
    posted,
    app,
    checkRuns: checks.runs,
    open: ({ token: other } = {}) =>
      createGithub(place, other === undefined ? auth : { type: 'token', token: other }, { clock }),
    close: () => server.close(),
  }
}
