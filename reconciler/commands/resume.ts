import { dataText } from '../views/data.ts'
import { tame } from '../views/tame.ts'
import { askDaemon } from './ask-daemon.ts'
import type { CommandContext } from './context.ts'
import { type PauseOptions, whoAsks } from './pause.ts'

/** `flotilla resume`: takes a pause back. Exit 0 once it is, 2 where there is none or that cannot be said. */
export async function resumeCommand(
  subject: string | undefined,
  options: Pick<PauseOptions, 'server' | 'cluster' | 'output'>,
  context: CommandContext,
): Promise<number> {
  const { terminal } = context
  return askDaemon(options.server, context, async (client) => {
    const { cluster, output } = options
    const { pause } = await client.resume({ cluster, subject, by: whoAsks() })
    if (output) terminal.data(dataText({ cluster, ...pause }, output))
    const what = pause.subject === '*' ? cluster : `${pause.subject} in ${cluster}`
    const had = `${pause.by}${pause.reason === '' ? '' : `: ${pause.reason}`}`
    terminal.note(tame(`${what} is no longer paused (it was by ${had}). What was changed by hand is healed now.`))
    return 0
  })
}
