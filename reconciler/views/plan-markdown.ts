import type { FleetPlan } from '../plan/types.ts'
import { changedLines } from './changed-lines.ts'
import { showValue } from './drift-text.ts'
import {
  clusterList,
  clusterNotes,
  deletionText,
  factsText,
  holderOf,
  layoutPlan,
  moveFacts,
  moveText,
  type PlanGroup,
  planClosing,
  planTitle,
  reasonOf,
  shownFields,
  untriedText,
  withoutPlan,
  wordOf,
} from './plan-groups.ts'
import { type CourseText, courseText } from './plan-rollouts.ts'
import { plainScreen, type View } from './screen.ts'
import { escapeMarkdown, markdownTable } from './table.ts'
import { tame } from './tame.ts'
import { count, oneLine } from './text.ts'

/** Longest comment that every forge takes, in signs, with room for what stands around a plan. */
const usualRoom = 60_000
/** Rows that a table shows unfolded. */
const mostRows = 40
const mostNotes = 20
/** Room for the sentence that says what was left out. */
const pointerRoom = 60
/** No part is shorter. */
const leastPart = 100

/** How a plan is put into a page. */
export interface PlanMarkdownOptions {
  /** Longest text, in signs; by default what every forge takes. */
  readonly room?: number
  /** The command that shows the whole plan. */
  readonly whole?: string
  /** Markdown that stands above, with what the plan is of; what it says is not said again. */
  readonly above?: string
}

/**
 * A plan as Markdown, for a comment on a pull request: tables over equal clusters, differences folded. However large the
 * fleet, it stays within its room: what is left out is counted, with the command that shows it.
 */
export function planMarkdown(raw: FleetPlan, options: PlanMarkdownOptions = {}): View {
  const { room = usualRoom, whole = 'flotilla plan', above } = options
  const plan = tame(raw)
  const closing = planClosing(plan)
  const { changes, kept, failed } = layoutPlan(plan)
  const planned = plan.summary.planned
  const deletions = deletionText(plan)
  const notes = clusterNotes(plan)
  const isSaid = (text: string) => above?.includes(escapeMarkdown(text)) === true
  const head = [
    ...(isSaid(withoutPlan(closing)) ? [] : [`**${escapeMarkdown(closing)}**`]),
    ...plan.notes.map((note) => `> ${escapeMarkdown(oneLine(note))}`),
    ...(plan.messages.length === 0 ? [] : messagesTables(plan)),
    ...(failed.length === 0 ? [] : ['**Would fail**', ...groupTables(failed, planned)]),
    ...(deletions === '' || isSaid(deletions.replace(/\.$/, ''))
      ? []
      : [plan.deletions.verdict === 'over' ? `**${escapeMarkdown(deletions)}**` : escapeMarkdown(deletions)]),
    ...(changes.length === 0 ? [] : groupTables(changes, planned)),
    ...(plan.moves.length === 0 ? [] : [movesTable(plan)]),
    ...plan.rollouts.map((course) => rolloutPart(courseText(course), planned)),
    ...(kept.length === 0
      ? []
      : [folded(`${count(kept.length, 'object')} left as they are`, groupTables(kept, planned).join('\n\n'))]),
    ...(notes.length === 0 ? [] : [notesList(notes)]),
  ]
  const title = above === undefined ? `${planTitle(plan)}.` : ''
  const foot = `<sub>${escapeMarkdown([title, untriedText(plan), factsText(plan)].filter(Boolean).join(' '))}</sub>`
  const parts: string[] = []
  let free = room - foot.length - pointerRoom - whole.length
  let left = 0
  const withFields = [...failed, ...changes, ...kept].filter(hasFields)
  for (const [i, write] of [
    ...head.map((part) => () => part),
    ...withFields.map((group) => () => details(group, planned)),
  ].entries()) {
    // What is long already is not compared line by line to find that out.
    if (free < leastPart) {
      left += head.length + withFields.length - i
      break
    }
    const part = write()
    if (part.length + 2 > free) left++
    else {
      parts.push(part)
      free -= part.length + 2
    }
  }
  if (left > 0)
    parts.push(`${left} more ${left === 1 ? 'part does' : 'parts do'} not fit here; \`${whole}\` shows them.`)
  return { body: `${[...parts, foot].join('\n\n')}\n`, closing }
}

function hasFields({ object }: PlanGroup): boolean {
  return shownFields(object).length > 0
}

/** The first rows, and the others folded: each for itself, so that many leave room for the few. */
function groupTables(groups: readonly PlanGroup[], planned: number): readonly string[] {
  const rows = groups.map(({ object, clusters }) => [
    wordOf(object),
    object.subject,
    clusterList(clusters, planned, 8),
    oneLine(reasonOf(object)),
    object.source,
  ])
  const header = ['ACTION', 'SUBJECT', 'CLUSTERS', 'WHY', 'SOURCE']
  const table = markdownTable(header, rows.slice(0, mostRows))
  if (rows.length <= mostRows) return [table]
  return [table, folded(`${rows.length - mostRows} more`, markdownTable(header, rows.slice(mostRows)))]
}

function movesTable({ moves }: FleetPlan): string {
  return markdownTable(
    ['WORKLOAD', 'REPLICAS', 'DECIDED BY'],
    moves.map((move) => [move.subject, moveText(move), moveFacts(move)]),
  )
}

function rolloutPart({ application, clusters, title, moves, takeovers, end }: CourseText, planned: number): string {
  const where = clusterList(clusters, planned, 8)
  return [
    `**Rollout of ${escapeMarkdown(application)}** in ${escapeMarkdown(where)}: ${escapeMarkdown(oneLine(title))}`,
    ...(moves.length === 0 ? [] : [moves.map((move, i) => `${i + 1}. ${escapeMarkdown(oneLine(move))}`).join('\n')]),
    ...takeovers.flatMap((one) => [
      escapeMarkdown(oneLine(one.title)),
      markdownTable(
        ['SUBJECT', 'FIELDS', 'CLUSTERS', 'PODS'],
        one.lines.map(({ subject, fields, clusters: of, pods }) => [
          ...[subject, oneLine(fields), clusterList(of, planned, 8), oneLine(pods)],
        ]),
      ),
    ]),
    escapeMarkdown(oneLine(end)),
  ].join('\n\n')
}

function messagesTables({ messages }: FleetPlan): readonly string[] {
  const rows = messages.map(({ path, line, severity, text, code }) => [
    severity,
    `${path}:${line}`,
    oneLine(text),
    code,
  ])
  const table = (some: typeof rows) => markdownTable(['SOURCE', 'PLACE', 'MESSAGE', 'CODE'], some)
  if (!rows.some(([severity]) => severity === 'error')) return [folded(count(rows.length, 'warning'), table(rows))]
  if (rows.length <= mostRows) return [table(rows)]
  return [table(rows.slice(0, mostRows)), folded(`${rows.length - mostRows} more`, table(rows.slice(mostRows)))]
}

function notesList(notes: ReturnType<typeof clusterNotes>): string {
  const lines = notes.map(({ name, text }) => `- ${escapeMarkdown(`${name} ${oneLine(text)}`)}`)
  const list = lines.slice(0, mostNotes).join('\n')
  return lines.length > mostNotes
    ? `${list}\n\n${folded(`${lines.length - mostNotes} more`, lines.slice(mostNotes).join('\n'))}`
    : list
}

function details({ object, clusters }: PlanGroup, planned: number): string {
  const lines = shownFields(object).flatMap((field) => {
    const holder = holderOf(field)
    const title = `# ${oneLine(field.path)}${holder === '' ? '' : ` (held by ${oneLine(holder)})`}`
    const [live, wanted] = [showValue(field.live), showValue(field.wanted)]
    // Of a value that is masked only that it changes can be told.
    if (live === wanted) return [title, `! ${live}`]
    return [title, ...changedLines(live, wanted, plainScreen()).map((line) => line.slice(4))]
  })
  const text = lines.join('\n')
  const longestRun = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longestRun + 1)
  return folded(
    `${wordOf(object)} ${object.subject} in ${clusterList(clusters, planned, 8)}`,
    `${fence}diff\n${text}\n${fence}`,
  )
}

function folded(summary: string, body: string): string {
  return `<details><summary>${escapeMarkdown(summary)}</summary>\n\n${body}\n\n</details>`
}
