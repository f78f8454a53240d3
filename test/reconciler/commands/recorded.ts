import { systemClock } from '../../../reconciler/clock.ts'
import type { CommandContext } from '../../../reconciler/commands/context.ts'
import type { Terminal } from '../../../reconciler/commands/terminal.ts'
import type { Ended } from './cli.ts'

/** A terminal that keeps what is written to it. */
export function recordingTerminal(): { readonly terminal: Terminal; written(): Omit<Ended, 'code'> } {
  let [stdout, stderr] = ['', '']
  const note = (text: string) => {
    stderr += `${text}\n`
  }
  return {
    terminal: {
      data: (text) => {
        stdout += text
      },
      message: (_, text) => note(text),
      note,
      fail: (text) => note(`flotilla: ${text}`),
      style: (_, text) => text,
      columns: undefined,
    },
    written: () => ({ stdout, stderr }),
  }
}

/** Runs a command in this process, and gives what it wrote and how it ended. */
export async function recorded(
  run: (context: CommandContext) => Promise<number>,
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const { terminal, written } = recordingTerminal()
  const context = { terminal, env, clock: systemClock, live: undefined, onInterrupt: () => () => undefined }
  const code = await run(context)
  return { code, ...written() }
}
