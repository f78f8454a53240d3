import type { FleetStatus, RolloutStatus } from '../server/types.ts'
import { dataText } from '../views/data.ts'
import { rolloutState, rolloutView } from '../views/rollout.ts'
import { type Screen, type View, viewOf } from '../views/screen.ts'
import { layoutTable } from '../views/table.ts'
import { count } from '../views/text.ts'
import { askDaemon } from './ask-daemon.ts'
import { DaemonError } from './client.ts'
import { type CommandContext, screenOf } from './context.ts'
import { follow } from './follow.ts'
import { printView } from './status.ts'

/** Options of `flotilla rollout`. */
export interface RolloutOptions {
  readonly server: string
  readonly output?: 'json' | 'yaml'
  readonly headers?: boolean
  readonly watch?: boolean
}

/**
 * `flotilla rollout [APPLICATION]`: how far all applications are, or one of them, cluster by cluster; with `watch` again after
 * each change. Exit code 0, 2 where no daemon answers or there is no such application, 130 when interrupted.
 */
export async function rolloutCommand(
  name: string | undefined,
  options: RolloutOptions,
  context: CommandContext,
): Promise<number> {
  if (options.watch && options.output === 'yaml') {
    context.terminal.fail('--watch shows text or json, not yaml')
    return 2
  }
  return askDaemon(options.server, context, async (client) => {
    const show = (status: FleetStatus) => showRollout(status, name, options, screenOf(context, options))
    if (!options.watch) {
      print(show(await client.status({})), options, context)
      return 0
    }
    const { terminal, live } = context
    let shown = ''
    try {
      return await follow({
        client,
        query: {},
        context,
        timeout: undefined,
        step({ status, lost }) {
          const view = show(status)
          const end = lost === '' ? view.closing : terminal.style('red', lost)
          if (live && !options.output) live.draw(`${view.body}${end}`)
          else if (shown !== view.body + end) print({ body: view.body, closing: end }, options, context)
          shown = view.body + end
          return undefined
        },
        late: () => 0,
      })
    } finally {
      live?.end()
    }
  })
}

/** Data alone for programs. */
function print(view: View, { output }: RolloutOptions, context: CommandContext): void {
  if (output) context.terminal.data(view.body)
  else printView(view, context)
}

/** What was asked for, of a status. Throws a DaemonError where there is no such application. */
function showRollout(
  { rollouts = [] }: FleetStatus,
  name: string | undefined,
  { output, watch }: RolloutOptions,
  screen: Screen,
): View {
  const found = name === undefined ? rollouts : rollouts.filter((one) => isNamed(one, name))
  const [only] = found
  if (name !== undefined && (!only || found.length > 1))
    throw new DaemonError(
      found.length === 0
        ? `there is no application "${name}"${rollouts.length > 0 ? `; there is ${names(rollouts)}` : ''}`
        : `"${name}" is ${names(found)}; write the namespace too`,
    )
  const data = name === undefined ? found : only
  if (output) return { body: watch ? `${JSON.stringify(data)}\n` : dataText(data, output), closing: '' }
  return name !== undefined && only ? rolloutView(only, screen) : listView(rollouts, screen)
}

function isNamed({ application }: RolloutStatus, name: string): boolean {
  return application === name || application.endsWith(`/${name}`)
}

function names(rollouts: readonly RolloutStatus[]): string {
  return rollouts.map(({ application }) => application).join(', ')
}

function listView(rollouts: readonly RolloutStatus[], screen: Screen): View {
  const rows = rollouts.map((one) => [
    one.application,
    one.release,
    `${one.targetStep}/${one.steps.length - 1}`,
    rolloutState(one),
  ])
  const table = rows.length === 0 ? [] : layoutTable(['APPLICATION', 'CONTENDER', 'STEP', 'STATE'], rows, screen)
  return viewOf(table, `${count(rollouts.length, 'application')}.`, screen)
}
