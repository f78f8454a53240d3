import { hostname, userInfo } from 'node:os'
import { dataText } from '../views/data.ts'
import { pauseFact } from '../views/pause-text.ts'
import { tame } from '../views/tame.ts'
import { askDaemon } from './ask-daemon.ts'
import type { CommandContext } from './context.ts'

/** Options of `flotilla pause`. */
export interface PauseOptions {
  readonly server: string
  readonly cluster: string
  readonly for: string
  readonly reason: string
  readonly output?: 'json' | 'yaml'
}

/**
 * `flotilla pause`: exit 0 once nothing will be written any more to the object, or without one to the whole cluster, until the
 * pause ends by itself; 2 where that cannot be said.
 */
export async function pauseCommand(
  subject: string | undefined,
  options: PauseOptions,
  context: CommandContext,
): Promise<number> {
  const { terminal, clock } = context
  return askDaemon(options.server, context, async (client) => {
    const { cluster, for: span, reason, output } = options
    const { pause } = await client.pause({ cluster, subject, for: span, reason, by: whoAsks() })
    if (output) terminal.data(dataText({ cluster, ...pause }, output))
    const what = pause.subject === '*' ? cluster : `${pause.subject} in ${cluster}`
    terminal.note(tame(`${what} is ${pauseFact(pause, clock.now())}. Until then nothing is written to it.`))
    return 0
  })
}

/** The person at this machine, as the machine has it; a container may know no name. */
export function whoAsks(): string {
  try {
    return `${userInfo().username}@${hostname()}`
  } catch {
    return `somebody@${hostname()}`
  }
}
