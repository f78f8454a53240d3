import type { Clock } from '../../../../reconciler/clock.ts'
import type { StatusState } from '../../../../reconciler/forge/types.ts'
import type { JsonObject } from '../../../../repo-layout/json.ts'
import { fakeApp } from './github-app.ts'
import { type FakeAnswer, type FakeRequest, pageOf } from './server.ts'
import type { PostedStatus } from './types.ts'

/** A check run as the fake keeps it. */
export interface FakeCheckRun {
  readonly id: number
  readonly commit: string
  readonly name: string
  status: string
  conclusion: string | undefined
  externalId: string
  details: string | undefined
  title: string
  summary: string
  readonly annotations: JsonObject[]
}

const paging = { parameter: 'per_page', most: 100, usual: 30 }

/** Check runs with the rules that GitHub documents; what they say also goes to `posted`. */
export function createFakeChecks(clock: Clock, posted: PostedStatus[]) {
  const runs: FakeCheckRun[] = []
  const refuse = (message: string): FakeAnswer => ({ status: 422, json: { message } })

  function write(run: FakeCheckRun, body: FakeRequest['body']): FakeAnswer {
    const output = body.output as JsonObject | undefined
    const annotations = (output?.annotations ?? []) as JsonObject[]
    if (annotations.length > 50) return refuse('Only 50 annotations are allowed in one request')
    if (output && (typeof output.title !== 'string' || typeof output.summary !== 'string'))
      return refuse('output needs a title and a summary')
    if (String(output?.summary ?? '').length > 65_535)
      return refuse('summary is too long (maximum is 65535 characters)')
    if (body.status !== undefined && body.status !== 'completed' && run.status === 'completed')
      return refuse('a completed check run cannot be opened again')
    if (body.status === 'completed' && typeof body.conclusion !== 'string')
      return refuse('completed needs a conclusion')
    if (output) {
      run.title = String(output.title)
      run.summary = String(output.summary)
      run.annotations.push(...annotations)
    }
    if (typeof body.details_url === 'string') run.details = body.details_url
    if (body.status !== undefined) {
      run.status = String(body.status)
      run.conclusion = typeof body.conclusion === 'string' ? body.conclusion : undefined
      run.externalId = String(body.external_id ?? '')
      const state = run.status === 'completed' ? run.externalId : 'pending'
      posted.push({
        commit: run.commit,
        context: run.name,
        state: state as StatusState,
        description: run.title,
        ...(run.details === undefined ? {} : { targetUrl: run.details }),
        at: clock.now(),
      })
    }
    return { status: 200, json: shown(run) }
  }

  const shown = (run: FakeCheckRun) => ({
    id: run.id,
    name: run.name,
    head_sha: run.commit,
    status: run.status,
    conclusion: run.conclusion ?? null,
    external_id: run.externalId,
    details_url: run.details ?? null,
    output: { title: run.title, summary: run.summary, annotations_count: run.annotations.length },
    app: { id: fakeApp.id },
  })

  return {
    runs: runs as readonly FakeCheckRun[],
    /** Answers what is below the repository; undefined for what is no check run. */
    answer(rest: string, request: FakeRequest): FakeAnswer | undefined {
      const listed = /^\/commits\/(\w+)\/check-runs$/.exec(rest)?.[1]
      if (listed !== undefined) {
        const name = request.query.get('check_name')
        const found = runs.filter((run) => run.commit === listed && (name === null || run.name === name)).reverse()
        const latest = found.filter((run, i) => found.findIndex((other) => other.name === run.name) === i)
        const { items, headers } = pageOf(latest, request, paging)
        return { status: 200, json: { total_count: latest.length, check_runs: items.map(shown) }, headers }
      }
      if (rest === '/check-runs' && request.method === 'POST') {
        const run: FakeCheckRun = {
          id: runs.length + 1,
          commit: String(request.body.head_sha),
          name: String(request.body.name),
          status: 'queued',
          conclusion: undefined,
          externalId: '',
          details: undefined,
          title: '',
          summary: '',
          annotations: [],
        }
        const answer = write(run, request.body)
        if (answer.status !== 200) return answer
        runs.push(run)
        return { ...answer, status: 201 }
      }
      const id = /^\/check-runs\/(\d+)$/.exec(rest)?.[1]
      const run = id === undefined ? undefined : runs[Number(id) - 1]
      return run && request.method === 'PATCH' ? write(run, request.body) : undefined
    },
  }
}
