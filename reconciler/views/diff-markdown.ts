import type { DiffReport } from '../server/types.ts'
import { age } from './age.ts'
import { diffClosing, flatten } from './diff-summary.ts'
import { notThere, showValue } from './drift-text.ts'
import { pauseFact } from './pause-text.ts'
import type { View } from './screen.ts'
import { escapeMarkdown, markdownTable } from './table.ts'
import { tame } from './tame.ts'
import { oneLine } from './text.ts'

const header = ['CLUSTER', 'SUBJECT', 'FIELD', 'LIVE', 'WANTED', 'MANAGER', 'SINCE', 'PAUSED', 'SOURCE']

/** Differences as Markdown: a table, one row a field. */
export function diffMarkdown(raw: DiffReport, now: number): View {
  const report = tame(raw)
  const rows = flatten(report).flatMap(({ cluster, drift, source, pause }) => {
    const paused = pause ? pauseFact(pause, now) : ''
    const whole = {
      path: '',
      live: drift.reason === 'deleted' ? notThere : drift.reason,
      wanted: 'as in Git',
      manager: '',
    }
    const fields = drift.fields.map(({ path, live, wanted, manager }) => ({
      path,
      live: showValue(live),
      wanted: showValue(wanted),
      manager,
    }))
    return (fields.length > 0 ? fields : [whole]).map(({ path, live, wanted, manager }) =>
      [cluster, drift.subject, path, live, wanted, manager, age(drift.since, now), paused, source].map(oneLine),
    )
  })
  const problems = report.clusters
    .filter(({ problem }) => problem !== '')
    .map(({ cluster, problem }) => `- ${escapeMarkdown(`${cluster} could not be compared: ${oneLine(problem)}`)}`)
  const closing = diffClosing(report)
  const parts = [
    `**${escapeMarkdown(closing)}**`,
    ...(rows.length > 0 ? [markdownTable(header, rows)] : []),
    ...(problems.length > 0 ? [problems.join('\n')] : []),
  ]
  return { body: `${parts.join('\n\n')}\n`, closing }
}
