import type { RolloutStatus } from '../server/types.ts'
import { dataText } from '../views/data.ts'
import { rolloutClosing, rolloutView } from '../views/rollout.ts'
import { viewOf } from '../views/screen.ts'
import { layoutTable } from '../views/table.ts'
import { count } from '../views/text.ts'
import { askDaemon } from './ask-daemon.ts'
import { type CommandContext, screenOf } from './context.ts'
import { printView } from './status.ts'
import { refuse } from './terminal.ts'

/** Options of `flotilla rollout`. */
export interface RolloutOptions {
  readonly server: string
  readonly output?: 'json' | 'yaml'
  readonly headers?: boolean
}

/**
 * `flotilla rollout [APPLICATION]`: how far all applications are, or one of them, cluster by cluster. Exit code 0, or 2 where
 * no daemon answers or there is no such application.
 */
export async function rolloutCommand(
  name: string | undefined,
  options: RolloutOptions,
  context: CommandContext,
): Promise<number> {
  const { terminal } = context
  return askDaemon(options.server, context, async (client) => {
    const { rollouts = [] } = await client.status({})
    const found = name === undefined ? rollouts : rollouts.filter((one) => isNamed(one, name))
    if (name !== undefined && found.length !== 1)
      return refuse(
        terminal,
        found.length === 0
          ? `there is no application "${name}"${rollouts.length > 0 ? `; there is ${names(rollouts)}` : ''}`
          : `"${name}" is ${names(found)}; write the namespace too`,
      )
    if (options.output) terminal.data(dataText(name === undefined ? found : found[0], options.output))
    else if (name !== undefined && found[0]) printView(rolloutView(found[0], screenOf(context, options)), context)
    else printList(found, options, context)
    return 0
  })
}

function isNamed({ application }: RolloutStatus, name: string): boolean {
  return application === name || application.endsWith(`/${name}`)
}

function names(rollouts: readonly RolloutStatus[]): string {
  return rollouts.map(({ application }) => application).join(', ')
}

function printList(rollouts: readonly RolloutStatus[], options: RolloutOptions, context: CommandContext): void {
  const screen = screenOf(context, options)
  const rows = rollouts.map((one) => [
    one.application,
    one.release,
    `${one.targetStep}/${one.steps.length - 1}`,
    rolloutClosing(one),
  ])
  const table = rows.length === 0 ? [] : layoutTable(['APPLICATION', 'CONTENDER', 'STEP', 'STATE'], rows, screen)
  printView(viewOf(table, `${count(rollouts.length, 'application')}.`, screen), context)
}
