import { errorAt, warningAt } from '../../repo-layout/document.ts'
import { hasErrors, type Message } from '../../repo-layout/message.ts'
import type { Observations } from '../../repo-layout/observations.ts'
import type { FleetSource, Valid } from '../../repo-layout/read/assemble.ts'
import { rolloutNamespace } from '../../repo-layout/read/rollouts.ts'
import type { ApplicationDocument } from '../../repo-layout/schema/shipper.ts'
import type { ChartNeed, Charts } from '../charts.ts'
import { beginRelease } from './begin.ts'
import type { Blocks } from './blocking.ts'
import { blockOverrideAnnotation } from './blocks.ts'
import { commandFor } from './command.ts'
import type { FactsOf } from './facts.ts'
import { failedMessage, failedOf, forgetOthers, giveUp } from './failed.ts'
import { environmentHash } from './hash.ts'
import { move } from './move.ts'
import { type ApplicationOverride, readApplicationOverrides } from './overrides.ts'
import { failureOf, promote } from './promote.ts'
import type { Rollout } from './rollout.ts'
import { holds, isIdle } from './state.ts'
import { membersOf, takingPart } from './taking-part.ts'
import { isTemplateOf, templateOf } from './template.ts'

/** What one step of an application depends on, beside its document and its releases. */
export interface ApplicationContext {
  readonly source: FleetSource
  readonly observations: Observations
  readonly charts: Charts | undefined
  readonly frozen: ReadonlySet<string>
  readonly blocks: Blocks
  readonly facts: FactsOf
  /** Whether a frozen cluster has a release in its folder still: then its record stays, so that what is there is known. */
  readonly isLeft: (release: Rollout) => boolean
}

/** The releases of an application after one step, oldest first, and what is to be said. */
export interface ApplicationStep {
  readonly rollouts: readonly Rollout[]
  readonly needs: readonly ChartNeed[]
  readonly messages: readonly Message[]
}

/**
 * Takes an application one step further: (document, releases in force, facts) → releases. A changed template gives a new
 * release, or gives up the one that is under way; then the strategy makes at most one move. Blocked, nothing changes.
 */
export function stepApplication(
  application: Valid<ApplicationDocument>,
  before: readonly Rollout[],
  context: ApplicationContext,
): ApplicationStep {
  const { document, value } = application
  const namespace = rolloutNamespace(value.metadata)
  const override = value.metadata.annotations?.[blockOverrideAnnotation]
  const blocked = context.blocks.messages(application, namespace, override)
  const { overrides, messages: read } = readApplicationOverrides(application, membersOf(context.source, context.frozen))
  if (blocked.length > 0 || hasErrors(read)) return { rollouts: before, needs: [], messages: [...blocked, ...read] }

  const source = document.path
  const known = before.map((rollout) => (rollout.source === source ? rollout : { ...rollout, source }))
  const followed = followTemplate(application, known, { ...context, overrides })
  const command = commandFor(application, followed.rollouts, context.source)
  const moved = move(command.rollouts, application, context)
  const failed = failStep(application, command.rollouts, moved.stands, context)
  const said = [...read, ...followed.messages, ...command.messages, ...failed.messages]
  if (failed.rollouts) return { rollouts: failed.rollouts, needs: followed.needs, messages: said }
  const promoted = promote(moved.rollouts, moved.stands, application, context)
  return {
    rollouts: promoted.rollouts,
    needs: followed.needs,
    messages: [...said, ...moved.messages, ...promoted.messages],
  }
}

/** Gives the newest release up where its step has failed; `rollouts` is undefined where nothing is given up. */
function failStep(
  application: Valid<ApplicationDocument>,
  rollouts: readonly Rollout[],
  stands: boolean,
  context: ApplicationContext,
): { readonly rollouts?: readonly Rollout[]; readonly messages: readonly Message[] } {
  const newest = rollouts.at(-1)
  const reason = failureOf(newest, stands, application, context)
  if (!newest || reason === undefined) return { messages: [] }
  const isSafe = context.source.fleet.spec.rollouts.rules === 'Safe'
  const after = isSafe ? giveUp(rollouts, environmentHash(templateOf(application.value)), reason) : undefined
  const failed = after && failedOf(after)
  if (!after || !failed) {
    const why = isSafe ? 'there is no version to go back to' : 'rules: Shipper gives nothing up'
    return { messages: [failedMessage(application, { release: newest.name, reason }, `${why}, so it stays`)] }
  }
  return { rollouts: after, messages: [failedMessage(application, failed, backTo(after))] }
}

function backTo(rollouts: readonly Rollout[]): string {
  const running = rollouts.find(({ failed }) => failed !== undefined)?.name
  return `${running} runs on until the template changes`
}

/** What following a template depends on. */
interface Following extends ApplicationContext {
  readonly overrides: readonly ApplicationOverride[]
}

function followTemplate(
  application: Valid<ApplicationDocument>,
  before: readonly Rollout[],
  context: Following,
): ApplicationStep {
  const { source, frozen, isLeft } = context
  const hash = environmentHash(templateOf(application.value))
  const rollouts = forgetOthers(before, hash)
  const failed = failedOf(rollouts)
  const isOf = (rollout: Rollout) => isTemplateOf(hash, rollout)
  const takesPart = takingPart(source, frozen)
  // What was given up and is left in clusters that are away holds nobody up: it goes there once they are back.
  const isAside = (one: Rollout) => one.retreating && !one.clusters.some((at) => takesPart.has(at) && holds(one, at))
  const inPlay = rollouts.filter((one, i) => (i === rollouts.length - 1 && isOf(one)) || !isAside(one))
  const newest = inPlay.at(-1)
  const fine = { needs: [], messages: [] }
  if (failed) {
    const last = rollouts.at(-1)
    const isGone = last?.name !== failed.release || (isIdle(last) && !isLeft(last))
    const left = rollouts.filter(({ name }) => name !== failed.release || !isGone)
    return { ...fine, rollouts: left, messages: [failedMessage(application, failed, backTo(rollouts))] }
  }
  const withNewest = (retreating: boolean) =>
    rollouts.map((one) => (one === newest && one.retreating !== retreating ? { ...one, retreating } : one))
  if (newest && isOf(newest)) return { ...fine, rollouts: withNewest(false) }
  const isUnderWay = newest !== undefined && !newest.complete && inPlay.slice(0, -1).some(({ complete }) => complete)
  if (isUnderWay && source.fleet.spec.rollouts.rules === 'Safe') {
    if (!isIdle(newest)) {
      const before = inPlay.at(-2)
      const next = newest.retreating || (before && isOf(before)) ? undefined : begin(application, rollouts, context)
      // What cannot begin takes nothing from what is under way.
      const isStuck = next?.rollouts === rollouts
      return isStuck ? next : { ...fine, rollouts: withNewest(true) }
    }
    const others = isLeft(newest) ? withNewest(true) : rollouts.filter((one) => one !== newest)
    return followTemplate(application, others, context)
  }
  return begin(application, rollouts, context)
}

function begin(
  application: Valid<ApplicationDocument>,
  rollouts: readonly Rollout[],
  { source, charts, frozen, overrides }: Following,
): ApplicationStep {
  const { document } = application
  const isKnown = (cluster: string) =>
    source.clusters.some(({ name }) => name === cluster) && !source.holds.clusters.has(cluster)
  const runsIn = rollouts.flatMap((one) => one.clusters.filter((at) => holds(one, at)))
  const unread = [...new Set(runsIn)].filter((cluster) => frozen.has(cluster) && !isKnown(cluster))
  if (unread.length > 0) {
    const text = `${unread.join(', ')}, where this application runs, cannot be read in the inventory, so clusters cannot be chosen; nothing begins until it can`
    const at = ['spec', 'template', 'clusterRequirements']
    return { rollouts, needs: [], messages: [errorAt(document, at, 'cluster-choice', text)] }
  }
  const begun = beginRelease(application, rollouts, {
    fleetName: source.fleet.metadata.name,
    clusters: source.clusters.filter(({ name }) => !source.holds.clusters.has(name)),
    overrides,
    charts: charts ?? { resolve: () => undefined, render: () => undefined },
  })
  switch (begun.type) {
    case 'needs':
      return { rollouts, needs: begun.needs, messages: [] }
    case 'failed':
      return { rollouts, needs: [], messages: [errorAt(document, begun.at, begun.code, begun.problem)] }
    case 'begun': {
      const lost = begun.rollout.clusters.filter((cluster) => frozen.has(cluster))
      const text = `${lost.join(', ')} cannot be reached; the release is installed there once that changes`
      return {
        rollouts: [...rollouts, begun.rollout],
        needs: [],
        messages:
          lost.length > 0
            ? [warningAt(document, ['spec', 'template', 'clusterRequirements'], 'cluster-choice', text)]
            : [],
      }
    }
  }
}
