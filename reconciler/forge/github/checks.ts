import type { Json, JsonObject } from '../../../repo-layout/json.ts'
import { cut } from '../cut.ts'
import type { ForgeHttp } from '../http.ts'
import { newestOf } from '../newest.ts'
import { readAs } from '../read-as.ts'
import type { Annotation, CommitStatus, Forge, ForgeLimits } from '../types.ts'
import { type CheckRun, checkRun, checkRuns } from './schema.ts'

/** Code points of the summary of a check run. */
const summaryLimit = 65_535
/** Annotations that one request may add. */
const annotationsAtOnce = 50
/** More are no help on a page; the comment has them all. */
const mostAnnotations = 500

type Check = Parameters<Forge['setCheck']>[1]

/**
 * Check runs, which only an App may write: one that is not completed is updated; a completed one cannot be opened again, so a
 * new one follows it. They are among the statuses of a commit by their name.
 */
export function createChecks(
  http: ForgeHttp,
  root: string,
  options: {
    readonly statuses: Forge['statuses']
    readonly limits: ForgeLimits
    readonly appId: () => Promise<number>
  },
): Pick<Forge, 'statuses' | 'setCheck'> {
  const { limits, appId } = options

  /** Our newest run of each name. */
  async function runsOf(commit: string, name?: string): Promise<readonly CheckRun[]> {
    const query = { app_id: await appId(), filter: 'latest', check_name: name }
    const runs = await http.all(`${root}/commits/${commit}/check-runs`, query, (json) => {
      return readAs(checkRuns, json, 'list of check runs').check_runs
    })
    return newestOf(
      [...runs].sort((a, b) => a.id - b.id),
      (run) => run.name,
    )
  }

  return {
    async statuses(commit) {
      const [statuses, runs] = [await options.statuses(commit), await runsOf(commit)]
      return [...statuses, ...runs.map(statusOf)]
    },
    async setCheck(commit, check) {
      const [last] = await runsOf(commit, check.context)
      const wanted = { ...check, description: cut(check.description, limits.description) }
      if (last && isSame(last, wanted)) return
      const annotations = check.annotations.slice(0, mostAnnotations)
      const open = last !== undefined && last.status !== 'completed' ? last : undefined
      const pages = chunks(annotations.map(annotationOf), annotationsAtOnce)
      const path = (run: { readonly id: number }) => `${root}/check-runs/${run.id}`
      const first = { ...stateOf(wanted), ...textOf(wanted, pages[0] ?? []) }
      const sent = open
        ? await http.send('PATCH', path(open), { body: first })
        : await http.send('POST', `${root}/check-runs`, { body: { ...first, name: check.context, head_sha: commit } })
      const run = readAs(checkRun, sent.json, 'check run')
      for (const page of pages.slice(1)) await http.send('PATCH', path(run), { body: textOf(wanted, page) })
    },
  }
}

/** `external_id` keeps the state in our words, since a conclusion has no word for an error. */
function stateOf({ state, targetUrl }: Check): JsonObject {
  const link: JsonObject = targetUrl === undefined ? {} : { details_url: targetUrl }
  return state === 'pending'
    ? { ...link, external_id: state, status: 'in_progress' }
    : { ...link, external_id: state, status: 'completed', conclusion: state === 'success' ? 'success' : 'failure' }
}

function textOf({ description, summary }: Check, annotations: readonly Json[]): JsonObject {
  return { output: { title: description, summary: cut(summary, summaryLimit), annotations: [...annotations] } }
}

function annotationOf({ path, line, column, severity, text }: Annotation): JsonObject {
  return {
    path,
    start_line: line,
    end_line: line,
    start_column: column,
    end_column: column,
    annotation_level: severity === 'error' ? 'failure' : 'warning',
    message: text,
  }
}

function statusOf({ name, external_id, status, conclusion, output, details_url }: CheckRun): CommitStatus {
  const known =
    external_id === 'pending' || external_id === 'failure' || external_id === 'error' ? external_id : 'success'
  const isFailed = conclusion === 'failure' && known !== 'error'
  const state = status !== 'completed' ? 'pending' : isFailed ? 'failure' : known
  return {
    context: name,
    state,
    description: output?.title ?? '',
    ...(details_url ? { targetUrl: details_url } : {}),
  }
}

function isSame(run: CheckRun, check: Check): boolean {
  const { state, description, targetUrl } = statusOf(run)
  const isLinked = check.targetUrl === undefined || check.targetUrl === targetUrl
  const isSaid = (run.output?.summary ?? '') === cut(check.summary, summaryLimit)
  const count = run.output?.annotations_count ?? 0
  return (
    state === check.state &&
    description === check.description &&
    isLinked &&
    isSaid &&
    count === Math.min(check.annotations.length, mostAnnotations)
  )
}

function chunks<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size))
}
