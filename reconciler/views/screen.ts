import type { Style } from '../commands/terminal.ts'
import { plainSigns } from './text.ts'

/** What a view has to know of the place that it is drawn on. */
export interface Screen {
  /** Columns of the terminal; undefined where there is none, and then nothing is cut. */
  readonly columns: number | undefined
  /** Whether only ASCII can be shown. */
  readonly ascii: boolean
  /** False leaves out the heads of tables. */
  readonly headers?: boolean
  /** Colours a text, or gives it back. */
  style(format: Style, text: string): string
}

/** A view: data for stdout, and the closing sentence, which also says when there is nothing to see. */
export interface View {
  readonly body: string
  readonly closing: string
}

/** Joins lines to a view, with the signs that the screen can show. */
export function viewOf(lines: readonly string[], closing: string, { ascii }: Pick<Screen, 'ascii'>): View {
  return { body: plainSigns(lines.map((line) => `${line}\n`).join(''), ascii), closing: plainSigns(closing, ascii) }
}

/** A screen without colours: what files, pipes and tests get. */
export function plainScreen(columns?: number, ascii = false, headers = true): Screen {
  return { columns, ascii, headers, style: (_, text) => text }
}

/**
 * Whether the locale of an environment shows UTF-8. A locale that says nothing of an encoding (`C`, `POSIX`, none) does
 * not.
 */
export function isUtf8(env: NodeJS.ProcessEnv): boolean {
  return /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || '')
}
