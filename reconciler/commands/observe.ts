import { dataText } from '../views/data.ts'
import { count } from '../views/text.ts'
import { DaemonError, openClient } from './client.ts'
import type { CommandContext } from './context.ts'

/** `flotilla observe`: prints the facts that the daemon renders with, as `render --observations` reads them. */
export async function observeCommand(options: { readonly server: string }, context: CommandContext): Promise<number> {
  const { terminal } = context
  const client = openClient(options.server, context.env)
  try {
    const observations = await client.observations()
    terminal.data(dataText(observations, 'json'))
    terminal.note(`Facts about ${count(Object.keys(observations.clusters).length, 'cluster')}.`)
    return 0
  } catch (error) {
    if (!(error instanceof DaemonError)) throw error
    terminal.fail(error.message)
    return 2
  } finally {
    await client.close()
  }
}
