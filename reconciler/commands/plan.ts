import { formatMessage, hasErrors, type Message } from '../../repo-layout/message.ts'
import { PullProblem } from '../cycle/pull.ts'
import { explain, GitError } from '../git/error.ts'
import { planFleet } from '../plan/plan-fleet.ts'
import { selectClusters } from '../plan/select.ts'
import type { FleetPlan } from '../plan/types.ts'
import { branchesOf, openFleetRepository, type RepositoryFlags } from '../run/fleet-repository.ts'
import { notNewFleet } from '../run/new-fleet.ts'
import { type HostFlags, openReach } from '../run/reach.ts'
import { cloneDir } from '../run/settings.ts'
import { dataText } from '../views/data.ts'
import { changes as isChange, planClosing } from '../views/plan-groups.ts'
import { planMarkdown } from '../views/plan-markdown.ts'
import { planView } from '../views/plan-text.ts'
import type { View } from '../views/screen.ts'
import { type CommandContext, screenOf } from './context.ts'
import { printView } from './status.ts'

/** How a plan is shown. */
export type PlanOutput = 'text' | 'json' | 'yaml' | 'markdown' | 'name'

/** Options of `flotilla plan`. */
export interface PlanFlags extends Omit<RepositoryFlags, 'repo'>, HostFlags {
  /** The folder of `source`, or the present one, where it is not given. */
  readonly repo?: string
  readonly source?: string
  readonly base?: string
  readonly head?: string
  readonly cluster: readonly string[]
  readonly output: PlanOutput
  readonly exitCode?: true
}

/**
 * `flotilla plan`: exit 0, or 3 with `--exit-code` where something would change; 1 for errors in the source, and where a
 * cluster would refuse an object; 2 where there is nothing to plan.
 */
export async function planCommand(flags: PlanFlags, context: CommandContext): Promise<number> {
  const { terminal, env, clock } = context
  if (flags.source !== undefined && (flags.base ?? flags.head) !== undefined) {
    terminal.fail('--source is a folder and needs neither --base nor --head')
    return 2
  }
  const repo = flags.repo ?? flags.source ?? '.'
  // A clone of its own: that of a daemon on this machine is in use.
  const dir = flags.dir ?? cloneDir({ repo: `plan ${repo}` }, env)
  const { close, ...reach } = openReach(flags, repo, env, clock)
  try {
    const repository = await openFleetRepository({ ...flags, repo, dir }, env, clock, (text) => terminal.note(text))
    try {
      const question = {
        ...(flags.source === undefined ? {} : { source: flags.source }),
        ...(flags.base === undefined ? {} : { base: flags.base }),
        ...(flags.head === undefined ? {} : { head: flags.head }),
      }
      const result = await planFleet(question, {
        ...{ repository, reach, branches: branchesOf({ ...flags, repo }) },
        notNewFleet: (source) => notNewFleet(source, reach),
      })
      if (result.type === 'unreadable') {
        tell(result.messages, context)
        terminal.fail('nothing was planned: the fleet cannot be read')
        return 2
      }
      tell(result.plan.messages, context)
      const { plan, unmatched } = selectClusters(result.plan, flags.cluster)
      if (!plan) {
        terminal.fail(`no cluster of the fleet is named ${unmatched.join(', ')}`)
        return 2
      }
      printView(showPlan(plan, flags.output, context), context)
      return planExit(plan, flags.exitCode === true)
    } finally {
      await repository.close()
    }
  } catch (error) {
    if (!(error instanceof GitError || error instanceof PullProblem)) throw error
    terminal.fail(explain(error))
    return 2
  } finally {
    await close()
  }
}

/** The exit code of a plan that was made. */
export function planExit({ messages, summary }: FleetPlan, exitCode: boolean): number {
  if (hasErrors(messages) || summary.failed > 0) return 1
  return exitCode && summary.changes ? 3 : 0
}

/** A plan as it was asked for. */
export function showPlan(plan: FleetPlan, output: PlanOutput, context: Pick<CommandContext, 'terminal' | 'env'>): View {
  const closing = planClosing(plan)
  if (output === 'json' || output === 'yaml') return { body: dataText(plan, output), closing }
  if (output === 'markdown') return planMarkdown(plan)
  if (output === 'text') return planView(plan, screenOf(context, {}))
  const lines = plan.clusters.flatMap(({ cluster, objects }) =>
    objects.filter(isChange).map(({ subject }) => `${cluster} ${subject}\n`),
  )
  return { body: lines.join(''), closing }
}

function tell(messages: readonly Message[], { terminal }: CommandContext): void {
  for (const message of messages) terminal.message(message, formatMessage(message))
}
