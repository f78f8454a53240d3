import { oneLine, shortCommit } from '../views/text.ts'
import { askDaemon } from './ask-daemon.ts'
import type { CommandContext } from './context.ts'

/**
 * `flotilla sync`: makes the daemon pull, render and hand out now, and waits until that has ended. Exit 0, 1 where the
 * source could not be fetched or rendered, 2 where no daemon answers. Whether the clusters arrive is `status --wait`.
 */
export async function syncCommand(options: { readonly server: string }, context: CommandContext): Promise<number> {
  const { terminal } = context
  return askDaemon(options.server, context, async (client) => {
    const { source, generated } = await client.sync()
    const problems = [
      source.problem === '' ? '' : `${source.branch}: ${oneLine(source.problem)}`,
      generated.problem === '' ? '' : `${generated.branch}: ${oneLine(generated.problem)}`,
    ].filter((text) => text !== '')
    for (const problem of problems) terminal.fail(problem)
    const from = `${source.branch} ${shortCommit(source.commit)}`
    const to = `${generated.branch} ${shortCommit(generated.commit)}`
    terminal.note(`${from} is rendered as ${to}${problems.length > 0 ? ', as before' : ''}.`)
    return problems.length > 0 ? 1 : 0
  })
}
