import type { Style } from '../commands/terminal.ts'
import type { FieldDrift } from '../member/types.ts'
import type { FleetPlan, ReplicaMove } from '../plan/types.ts'
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
  signOf,
  untriedText,
  wordOf,
} from './plan-groups.ts'
import { type CourseText, courseText, type SharedLine } from './plan-rollouts.ts'
import { type Screen, type View, viewOf } from './screen.ts'
import { tame } from './tame.ts'
import { oneLine, pad, width } from './text.ts'

/** Values up to this width stand on one line: from → to. */
const shortValue = 60
/** Subjects are padded to at most this width. */
const widestSubject = 56

const styles: Readonly<Record<string, Style>> = {
  '+': 'green',
  '~': 'yellow',
  '-': 'red',
  '-/+': 'red',
  '✖': 'red',
  '≠': 'yellow',
  '=': 'dim',
}

/**
 * A plan as text: what changes with the fields, from live to wanted; replica moves; where rollouts go; what is left alone and why; deletions;
 * clusters that were not compared; the facts. Nothing is cut.
 */
export function planView(raw: FleetPlan, screen: Screen): View {
  const plan = tame(raw)
  const { changes, kept, failed, moves } = layoutPlan(plan)
  const groups = [...changes, ...kept, ...failed]
  const subjects = groups.map(({ object }) => width(object.subject)).filter((columns) => columns <= widestSubject)
  const columns = Math.max(0, ...subjects)
  const signs = Math.max(1, ...groups.map(({ object }) => signOf(object).length))
  const deletions = deletionText(plan)
  const lines = [
    screen.style('bold', planTitle(plan)),
    ...plan.notes.map((note) => screen.style('yellow', note)),
    '',
    ...groups.flatMap((group) => groupLines(group, { plan, columns, signs }, screen)),
    ...moves.map((move) => `~ replicas    ${move.subject}   ${moveText(move)}`),
    ...plan.rollouts.flatMap((course) => courseLines(courseText(course), { plan, columns, signs }, screen)),
    ...clusterNotes(plan).map(({ name, text }) => `${screen.style('magenta', `? ${name}`)} ${oneLine(text)}`),
    ...(deletions === '' ? [] : [screen.style(plan.deletions.verdict === 'over' ? 'red' : 'dim', deletions)]),
    ...[untriedText(plan), factsText(plan)].filter((text) => text !== '').map((text) => screen.style('dim', text)),
  ]
  return viewOf(lines, planClosing(plan), screen)
}

interface Layout {
  readonly plan: FleetPlan
  /** Widths of the column of Subjects, and of that of signs. */
  readonly columns: number
  readonly signs: number
}

function groupLines({ object, clusters, move }: PlanGroup, { plan, columns, signs }: Layout, screen: Screen): string[] {
  const sign = screen.ascii ? signOf(object).replace('✖', 'X').replace('≠', '!') : signOf(object)
  const head = `${pad(sign, signs)} ${pad(wordOf(object), 12)}`
  const where = clusterList(clusters, plan.summary.planned)
  const source = object.source === '' ? '' : `   ${screen.style('dim', object.source)}`
  const reason = reasonOf(object)
  return [
    `${screen.style(styles[signOf(object)] ?? 'dim', head)}${pad(object.subject, columns)}   ${where}${source}`,
    ...(reason === '' ? [] : [`    ${oneLine(reason)}`]),
    ...shownFields(object).flatMap((field) => fieldLines(field, screen)),
    ...(move ? moveLines(move) : []),
  ]
}

function moveLines(move: ReplicaMove): readonly string[] {
  const facts = moveFacts(move)
  return [`    /spec/replicas   ${moveText(move)}`, ...(facts === '' ? [] : [`    decided by       ${facts}`])]
}

function courseLines(text: CourseText, { plan, columns, signs }: Layout, screen: Screen): readonly string[] {
  const where = (clusters: readonly string[]) => clusterList(clusters, plan.summary.planned)
  const shared = ({ subject, clusters, fields, pods }: SharedLine) => [
    `      ${subject}${fields === '' ? '' : `   ${oneLine(fields)}`}   ${where(clusters)}`,
    ...(pods === '' ? [] : [`        ${oneLine(pods)}`]),
  ]
  return [
    `${screen.style('yellow', `${pad('~', signs)} ${pad('rollout', 12)}`)}${pad(text.application, columns)}   ${where(text.clusters)}`,
    `    ${oneLine(text.title)}`,
    ...text.moves.map((move, i) => `      ${i + 1}. ${oneLine(move)}`),
    ...text.takeovers.flatMap(({ title, lines }) => [`    ${oneLine(title)}`, ...lines.flatMap(shared)]),
    `    ${oneLine(text.end)}`,
  ]
}

function fieldLines(field: FieldDrift, screen: Screen): readonly string[] {
  const [live, wanted] = [showValue(field.live), showValue(field.wanted)]
  const holder = holderOf(field)
  const path = `    ${oneLine(field.path)}${holder === '' ? '' : ` (held by ${oneLine(holder)})`}`
  const isShort = [live, wanted].every((text) => !text.includes('\n') && width(text) <= shortValue)
  if (!isShort) return [path, ...changedLines(live, wanted, screen)]
  return [`${path}   ${screen.style('red', oneLine(live))} → ${screen.style('green', oneLine(wanted))}`]
}
