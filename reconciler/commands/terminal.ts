import { styleText } from 'node:util'
import type { Message } from '../../repo-layout/message.ts'

/** Where a command speaks: data to stdout, everything else to stderr. */
export interface Terminal {
  /** Writes data, unchanged. */
  data(text: string): void
  /** Writes one line of a message about a source file. */
  message(message: Pick<Message, 'severity'>, line: string): void
  /** Writes a closing sentence or progress. */
  note(text: string): void
  /** Writes why the command could not do its work. */
  fail(text: string): void
  /** Colours a text where colours are wanted. */
  style(format: Style, text: string): string
  /** Columns of stdout; undefined where it is no terminal. */
  readonly columns: number | undefined
}

/** Says why a command could not do its work, and gives the exit code that says so too. */
export function refuse(terminal: Pick<Terminal, 'fail'>, text: string): number {
  terminal.fail(text)
  return 2
}

/** The colours in use; each has one meaning in every view. */
export type Style = 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'dim' | 'bold'

/** When to colour: `auto` does on a terminal, unless NO_COLOR is set. */
export type ColorMode = 'auto' | 'always' | 'never'

/** Whether to colour what goes to a stream. */
export function isColored(stream: NodeJS.WriteStream, color: ColorMode, env: NodeJS.ProcessEnv): boolean {
  return color === 'always' || (color === 'auto' && stream.isTTY === true && !env.NO_COLOR)
}

/** Speaks to the process's own streams. */
export function processTerminal(color: ColorMode, env: NodeJS.ProcessEnv): Terminal {
  const outColor = isColored(process.stdout, color, env)
  const errColor = isColored(process.stderr, color, env)
  const paint = (on: boolean, format: Style, text: string) =>
    on ? styleText(format, text, { validateStream: false }) : text
  return {
    data: (text) => void process.stdout.write(text),
    message({ severity }, line) {
      const [head = '', ...rest] = line.split(`: ${severity}: `)
      const word = paint(errColor, severity === 'error' ? 'red' : 'yellow', severity)
      process.stderr.write(`${head}: ${word}: ${rest.join(`: ${severity}: `)}\n`)
    },
    note: (text) => void process.stderr.write(`${text}\n`),
    fail: (text) => void process.stderr.write(`${paint(errColor, 'red', 'flotilla:')} ${text}\n`),
    style: (format, text) => paint(outColor, format, text),
    columns: process.stdout.isTTY ? process.stdout.columns : undefined,
  }
}
