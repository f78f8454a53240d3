import type { Drift, FieldDrift } from '../member/types.ts'
import type { DiffReport } from '../server/types.ts'
import { clockTime } from './age.ts'
import { changedLines } from './changed-lines.ts'
import { diffClosing, flatten } from './diff-summary.ts'
import { diffTable } from './diff-table.ts'
import { driftHistory, notThere, showValue } from './drift-text.ts'
import { pauseFact } from './pause-text.ts'
import { type Screen, type View, viewOf } from './screen.ts'
import { glyph, styleOf } from './state.ts'
import { tame } from './tame.ts'
import { oneLine, pad, width } from './text.ts'

/** How differences are shown. */
export interface DiffViewOptions {
  readonly now: number
  /** One row a field, however long the values are. */
  readonly wide?: boolean
}

/** Values up to this width stand on one line with what is known of them. */
const shortValue = 40

/**
 * Differences as text: `-` is live, `+` is wanted. A table where the terminal is wide enough for all of it, else a block
 * an object. Nothing is cut.
 */
export function diffView(raw: DiffReport, { now, wide }: DiffViewOptions, screen: Screen): View {
  const report = tame(raw)
  const table = diffTable(report, now, screen)
  const fits = (screen.columns ?? 0) >= 120 && table.every((line) => width(line.plain) <= (screen.columns ?? 0))
  const lines = wide || fits ? table.map(({ text }) => text) : blocks(report, now, screen)
  const problems = report.clusters
    .filter(({ problem }) => problem !== '')
    .map(({ cluster, problem }) => {
      const head = `${glyph('unreachable', screen.ascii).trimEnd()} ${cluster}`
      return `${screen.style(styleOf('unreachable'), head)}  could not be compared: ${oneLine(problem)}`
    })
  return viewOf([...lines, ...problems], diffClosing(report), screen)
}

function blocks(report: DiffReport, now: number, screen: Screen): readonly string[] {
  return flatten(report).flatMap(({ cluster, drift, source, pause }) => [
    title(cluster, drift, pause ? [pauseFact(pause, now)] : [], now, screen),
    ...(drift.fields.length === 0
      ? wholeObject(drift, source, screen)
      : drift.fields.flatMap((field) => fieldLines(field, source, screen))),
  ])
}

function title(cluster: string, drift: Drift, more: readonly string[], now: number, screen: Screen): string {
  const head = `${glyph('drifted', screen.ascii).trimEnd()} ${cluster}  ${drift.subject}`
  const reason = drift.reason === 'changed' ? [] : [drift.reason]
  const facts = [...reason, `since ${clockTime(drift.since, now)}`, ...driftHistory(drift, now), ...more]
  return `${screen.style(styleOf('drifted'), head)}    ${facts.join(', ')}`
}

function wholeObject({ reason }: Drift, source: string, screen: Screen): readonly string[] {
  const live = reason === 'deleted' ? notThere : reason
  return pair(live, 'as in Git', { live: '', wanted: source }, screen)
}

/** A field that differs: its path, then what is live and what is wanted, with who holds it and where it is written. */
export function fieldLines(field: FieldDrift, source: string, screen: Screen): readonly string[] {
  const live = showValue(field.live)
  const wanted = showValue(field.wanted)
  const manager = `manager ${oneLine(field.manager)}`
  const path = `    ${oneLine(field.path)}`
  const single = [live, wanted].every((text) => !text.includes('\n') && width(text) <= shortValue)
  if (single) return [path, ...pair(oneLine(live), oneLine(wanted), { live: manager, wanted: source }, screen)]
  const facts = [`live by ${manager}`, ...(source === '' ? [] : [`wanted by ${source}`])]
  return [`${path}    ${facts.join(', ')}`, ...changedLines(live, wanted, screen)]
}

function pair(
  live: string,
  wanted: string,
  facts: { readonly live: string; readonly wanted: string },
  screen: Screen,
): readonly string[] {
  const columns = Math.max(width(live), width(wanted))
  const line = (sign: string, value: string, name: string, fact: string) =>
    `${sign} ${pad(value, columns)}   ${pad(name, 6)}${fact === '' ? '' : `  ${fact}`}`.trimEnd()
  return [
    `    ${screen.style('red', line('-', live, 'live', facts.live))}`,
    `    ${screen.style('green', line('+', wanted, 'wanted', facts.wanted))}`,
  ]
}
