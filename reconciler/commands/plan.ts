import { formatMessage, hasErrors } from '../../repo-layout/message.ts'
import { explain } from '../git/error.ts'
import type { ConnectOptions } from '../member/connect.ts'
import { type PlanResult, planFleet } from '../plan/plan-fleet.ts'
import type { PlanQuestion, StartChecks } from '../plan/points.ts'
import { selectClusters } from '../plan/select.ts'
import type { FleetPlan } from '../plan/types.ts'
import { openCharts } from '../run/charts.ts'
import { commitsInUse } from '../run/commits-in-use.ts'
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
  const { source, base, head } = flags
  if (source !== undefined && (base ?? head) !== undefined) {
    context.terminal.fail('--source is a folder and needs neither --base nor --head')
    return 2
  }
  const repo = flags.repo ?? source ?? '.'
  // A clone of its own: that of a daemon on this machine is in use.
  const dir = flags.dir ?? cloneDir({ repo: `plan ${repo}` }, context.env)
  const question = {
    ...(source === undefined ? {} : { source }),
    ...(base === undefined ? {} : { base }),
    ...(head === undefined ? {} : { head }),
  }
  return show({ ...flags, repo, dir }, question, context, (reach) => ({
    strict: false,
    anew: false,
    notNewFleet: (fleet) => notNewFleet(fleet, reach),
    // Each member is asked for itself what it runs.
    commitsInUse: () => Promise.resolve(new Map()),
  }))
}

/** Options of `flotilla run` that count with `--dry-run`. */
export interface DryRunFlags extends RepositoryFlags, HostFlags {
  readonly newFleet?: true
  readonly output: PlanOutput
  readonly exitCode?: true
}

/**
 * `flotilla run --once --dry-run`: the same over the daemon's own clone, and only where the daemon would start. Exit codes are
 * those of `plan`.
 */
export function dryRunCommand(flags: DryRunFlags, context: CommandContext): Promise<number> {
  const anew = flags.newFleet === true
  return show({ ...flags, cluster: [] }, {}, context, (reach) => ({
    ...{ strict: true, anew },
    notNewFleet: (fleet) => (anew ? Promise.resolve(undefined) : notNewFleet(fleet, reach)),
    commitsInUse: (fleet) => commitsInUse(fleet, reach),
  }))
}

type ShowFlags = RepositoryFlags & HostFlags & Pick<PlanFlags, 'cluster' | 'output' | 'exitCode'>

async function show(
  flags: ShowFlags,
  question: PlanQuestion,
  context: CommandContext,
  startChecks: (reach: ConnectOptions) => StartChecks,
): Promise<number> {
  const { terminal, env, clock } = context
  try {
    const { close, ...reach } = openReach(flags, flags.repo, env, clock)
    const repository = await openFleetRepository(flags, env, clock, (text) => terminal.note(text), { tracking: true })
    const charts = openCharts(env, clock)
    try {
      const start = startChecks(reach)
      const result = await planFleet(question, { repository, reach, branches: branchesOf(flags), start, charts })
      return tell(result, flags, context)
    } finally {
      await charts.close()
      await repository.close()
      await close()
    }
  } catch (error) {
    terminal.fail(explain(error))
    return 2
  }
}

function tell(result: PlanResult, flags: ShowFlags, context: CommandContext): number {
  const { terminal } = context
  const messages = result.type === 'planned' ? result.plan.messages : result.messages
  for (const message of messages) terminal.message(message, formatMessage(message))
  if (result.type === 'unreadable') {
    terminal.fail('nothing was planned: the fleet cannot be read')
    return 2
  }
  const { plan, unmatched } = selectClusters(result.plan, flags.cluster)
  if (!plan) {
    terminal.fail(`no cluster of the fleet is named ${unmatched.join(', ')}`)
    return 2
  }
  printView(showPlan(plan, flags.output, context), context)
  return planExit(plan, flags.exitCode === true)
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
