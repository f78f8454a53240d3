import { dataText } from '../views/data.ts'
import { diffMarkdown } from '../views/diff-markdown.ts'
import { diffClosing, diffExit, flatten } from '../views/diff-summary.ts'
import { diffView } from '../views/diff-text.ts'
import type { View } from '../views/screen.ts'
import { DaemonError, openClient } from './client.ts'
import { type CommandContext, screenOf } from './context.ts'
import { printView } from './status.ts'

/** Options of `flotilla diff`. */
export interface DiffOptions {
  readonly server: string
  readonly cluster: readonly string[]
  /** False leaves out the heads of tables. */
  readonly headers?: boolean
  readonly output?: 'wide' | 'json' | 'yaml' | 'name' | 'markdown'
}

/** `flotilla diff`: exit 0 where all is equal, 1 with differences, 2 where that could not be told. */
export async function diffCommand(options: DiffOptions, context: CommandContext): Promise<number> {
  const client = openClient(options.server, context.env)
  const { output } = options
  try {
    const report = await client.diff(options.cluster)
    const now = context.clock.now()
    const data = (body: string): View => ({ body, closing: diffClosing(report) })
    const view = () => {
      if (output === 'json' || output === 'yaml') return data(dataText(report, output))
      if (output === 'markdown') return diffMarkdown(report, now)
      if (output !== 'name') return diffView(report, { now, wide: output === 'wide' }, screenOf(context, options))
      return data(
        flatten(report)
          .map(({ cluster, drift }) => `${cluster} ${drift.subject}\n`)
          .join(''),
      )
    }
    printView(view(), context)
    return diffExit(report)
  } catch (error) {
    if (!(error instanceof DaemonError)) throw error
    context.terminal.fail(error.message)
    return 2
  } finally {
    await client.close()
  }
}
