import { type DaemonClient, DaemonError, openClient } from './client.ts'
import type { CommandContext } from './context.ts'
import { refuse } from './terminal.ts'

/**
 * Does something with the daemon at an address, and gives its exit code: that of `ask`, or 2 with the reason where the daemon
 * does not answer or says no.
 */
export async function askDaemon(
  server: string,
  { terminal, env }: Pick<CommandContext, 'terminal' | 'env'>,
  ask: (client: DaemonClient) => Promise<number>,
): Promise<number> {
  const client = openClient(server, env)
  try {
    return await ask(client)
  } catch (error) {
    if (!(error instanceof DaemonError)) throw error
    return refuse(terminal, error.message)
  } finally {
    await client.close()
  }
}
