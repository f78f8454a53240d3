import { type Clock, systemClock } from '../clock.ts'
import { isUtf8, type Screen } from '../views/screen.ts'
import { type LiveScreen, processLiveScreen } from './live-screen.ts'
import type { Terminal } from './terminal.ts'

/** What a command finds around it. */
export interface CommandContext {
  readonly terminal: Terminal
  readonly env: NodeJS.ProcessEnv
  readonly clock: Clock
  /** A screen that can be drawn again; undefined where stdout is no terminal. */
  readonly live: LiveScreen | undefined
  /** Calls back when the person interrupts; until it is stopped, an interrupt does not end the process. */
  onInterrupt(listener: () => void): () => void
}

/** The surroundings of this process. */
export function processContext(terminal: Terminal): CommandContext {
  return {
    terminal,
    env: process.env,
    clock: systemClock,
    live: processLiveScreen(),
    onInterrupt(listener) {
      process.on('SIGINT', listener)
      process.on('SIGTERM', listener)
      return () => {
        process.off('SIGINT', listener)
        process.off('SIGTERM', listener)
      }
    },
  }
}

/** What views have to know of the terminal, and of what was asked for. */
export function screenOf(
  { terminal, env }: Pick<CommandContext, 'terminal' | 'env'>,
  { headers = true }: { readonly headers?: boolean },
): Screen {
  return {
    headers,
    columns: terminal.columns,
    ascii: !isUtf8(env),
    style: (format, text) => terminal.style(format, text),
  }
}
