import { dataText } from '../views/data.ts'
import { count } from '../views/text.ts'
import { askDaemon } from './ask-daemon.ts'
import type { CommandContext } from './context.ts'

/** `flotilla observe`: prints the facts that the daemon renders with, as `render --observations` reads them. */
export async function observeCommand(options: { readonly server: string }, context: CommandContext): Promise<number> {
  const { terminal } = context
  return askDaemon(options.server, context, async (client) => {
    const observations = await client.observations()
    terminal.data(dataText(observations, 'json'))
    terminal.note(`Facts about ${count(Object.keys(observations.clusters).length, 'cluster')}.`)
    return 0
  })
}
