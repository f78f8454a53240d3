import type { CapturedField } from '../capture/capture.ts'
import type { Pause } from '../member/pause.ts'
import { clockTime } from './age.ts'
import { notThere, showValue } from './drift-text.ts'
import { pauseFact } from './pause-text.ts'
import { escapeMarkdown, markdownTable } from './table.ts'
import { tame } from './tame.ts'
import { count, oneLine } from './text.ts'

/** What was captured of which object. */
export interface CaptureView {
  readonly subject: string
  readonly cluster: string
  readonly file: string
  readonly fields: readonly CapturedField[]
  readonly pause: Pause | undefined
}

/** Longest value that stands in a commit message or a table, in signs. */
const longestValue = 200

/** The message of the commit: what is captured, and of each field who set it when. `title` is its first line where given. */
export function captureMessage(view: CaptureView, title?: string): string {
  const lines = view.fields.map((field) => `- ${field.path}: ${change(field)}, ${whence(field)}`)
  return [title ?? captureTitle(view), '', ...lines, ...paused(view)].join('\n')
}

function captureTitle({ subject, cluster, fields }: CaptureView): string {
  const [first] = fields
  const what = fields.length === 1 && first ? oneLine(first.path) : count(fields.length, 'field')
  return `Capture ${what} of ${subject} in ${cluster}`
}

/** What stands in the pull request, as Markdown. */
export function captureBody(raw: CaptureView): string {
  const view = tame(raw)
  const { subject, cluster, file } = view
  const rows = view.fields.map((field) =>
    [field.path, short(field.before), short(field.live), field.manager, seen(field), overrideText(field)].map(oneLine),
  )
  return [
    escapeMarkdown(
      `Somebody set this by hand in ${cluster}. Merged, Git says it too: for ${subject} in ${cluster} alone, by overrides in ${file}.`,
    ),
    markdownTable(['FIELD', 'GIT SAYS', 'SET BY HAND', 'BY', 'WHEN', 'OVERRIDE'], rows),
    ...paused(view).map(escapeMarkdown),
    'Prepared by `flotilla capture`, which rendered it before and after: no other copy of any object changes.',
  ].join('\n\n')
}

/** What is done, for whoever asked: a line a field. */
export function captureLines(raw: CaptureView, now: number): readonly string[] {
  const { file, fields } = tame(raw)
  return fields.map((field) => {
    const when = `${field.from === 'live' ? 'since' : 'written over'} ${clockTime(field.at, now)}`
    return `${file}: ${oneLine(field.path)} ${change(field)}, by ${oneLine(field.manager)}, ${when}; ${overrideText(field)}`
  })
}

/** What is left to be done where the object is paused. */
export function resumeHint({ subject, cluster, pause }: CaptureView, now: number): string | undefined {
  if (!pause) return undefined
  const what = pause.subject === '*' ? '' : ` ${subject}`
  const who = pause.subject === '*' ? `${cluster} as a whole` : subject
  return tame(
    `${who} is ${pauseFact(pause, now)}; once it is merged: flotilla resume${what} -c ${cluster}. Where it is not merged by then, it is healed, and stays in flotilla diff --history.`,
  )
}

function paused({ pause }: CaptureView): readonly string[] {
  return pause && pause.reason !== '' ? [oneLine(`Paused meanwhile by ${pause.by}: ${pause.reason}`)] : []
}

function change({ before, live }: CapturedField): string {
  return `${short(before)} → ${short(live)}`
}

function whence(field: CapturedField): string {
  return oneLine(`by ${field.manager}, ${seen(field)}`)
}

function seen({ from, at }: CapturedField): string {
  return `${from === 'live' ? 'there since' : 'written over'} ${at.slice(0, 19)}Z`
}

function overrideText({ override, pointer }: CapturedField): string {
  const words = { added: 'override added', changed: 'override changed', removed: 'override taken out' } as const
  return `${words[override]} (${pointer})`
}

function short(value: CapturedField['live']): string {
  const text = value === undefined ? notThere : oneLine(showValue(value))
  return text.length <= longestValue ? text : `${text.slice(0, longestValue)}…`
}
