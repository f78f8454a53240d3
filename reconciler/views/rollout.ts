import type { Style } from '../commands/terminal.ts'
import type {
  FailedReleaseStatus,
  FleetStatus,
  ReleaseInCluster,
  RolloutInCluster,
  RolloutStatus,
} from '../server/types.ts'
import { hindrancesOf } from './hindrance.ts'
import { type Screen, type View, viewOf } from './screen.ts'
import { type Cell, layoutTable } from './table.ts'
import { tame } from './tame.ts'
import { count, oneLine, shortCommit } from './text.ts'

/** The rollout of one application as text: its releases and steps, a row a cluster, what is wrong there, and what it waits for. */
export function rolloutView(raw: RolloutStatus, screen: Screen): View {
  const status = tame(raw)
  const { application, release, incumbent, steps, targetStep, achievedStep, chart } = status
  const row = (one: RolloutInCluster): readonly Cell[] => [
    one.cluster,
    installed(one.contender),
    capacity(one.contender),
    traffic(one.contender),
    incumbent === undefined ? '' : `${capacityText(one.incumbent)}, weight ${one.incumbent?.weight ?? 0}`,
  ]
  const header = ['CLUSTER', 'INSTALLED', 'CAPACITY', 'TRAFFIC', 'INCUMBENT']
  // In a column beside these, a terminal would have no room for the name of a pod and what is wrong with it.
  const messages = status.clusters.flatMap((one) => {
    const message = messageOf(one, achievedStep)
    return message === '' ? [] : [`  ${one.cluster}: ${message}`]
  })
  const lines = [
    `${screen.style('bold', `Application ${application}`)}  ${chart}  ${stepText(status)}`,
    `  contender ${release}${status.retreating ? ' (is being given up)' : ''}`,
    ...(incumbent === undefined ? [] : [`  incumbent ${incumbent}`]),
    ...(status.failed ? [`  failed    ${status.failed.release}: ${status.failed.reason}`] : []),
    `  steps     ${steps.map((name, i) => markOf(i, targetStep, achievedStep) + name).join('  ')}`,
    ...layoutTable(header, status.clusters.map(row), screen),
    ...messages,
  ]
  return viewOf(lines, rolloutClosing(status), screen)
}

/** One line about an application: where it stands, and what it waits for. */
export function rolloutClosing(status: RolloutStatus): string {
  return `${status.application}${failedIn(status) ? ':' : ''} ${rolloutState(status)}`
}

/** The same without its name. */
export function rolloutState(status: RolloutStatus): string {
  const { application, waitsFor, complete, targetStep, achievedStep, steps } = status
  const at = `step ${targetStep} (${steps[targetStep] ?? ''})`
  const where = waitingClusters(status)
  const places = where.length > 0 ? ` in ${where.join(', ')}` : ''
  if (waitsFor === 'incumbent') return `gives ${status.release} up; the incumbent comes back first.`
  if (waitsFor === 'command')
    return places === ''
      ? `waits for your command at ${at}: flotilla promote ${application}`
      : `is not ready any more${places} at ${at}, where it waits for your command: flotilla abort ${application}`
  if (waitsFor === 'soak') return `soaks at ${at} until ${timeOf(status.soaksUntil)}.`
  if (waitsFor === 'check') return `waits for check ${checkText(status)} at ${at}.`
  if (waitsFor === 'readiness') return `is not ready any more${places} at ${at}; it waits for that.`
  if (waitsFor !== 'nothing' && places !== '') return `waits for ${waitsFor}${places}, on the way to ${at}.`
  const failed = failedIn(status)
  if (failed) {
    const { release, reason, commit } = failed
    const back = commit === undefined ? '' : ` To take back what made it: flotilla rollback ${shortCommit(commit)}`
    return `${release} has failed: ${reason}.${back}`
  }
  if (complete && achievedStep === targetStep && achievedStep === steps.length - 1)
    return `is rolled out: ${status.release}.`
  return `is on the way to ${at}.`
}

/** The release that failed, where nothing has been under way since. */
function failedIn({ waitsFor, failed }: RolloutStatus): FailedReleaseStatus | undefined {
  return waitsFor === 'nothing' ? failed : undefined
}

/**
 * The lines of `Needs you`: applications that wait for a person, by a command, since a release of theirs failed, or since pods
 * fail for a cause that does not pass by waiting.
 */
export function rolloutsForYou({
  rollouts = [],
  clusters,
}: Pick<FleetStatus, 'rollouts' | 'clusters'>): readonly string[] {
  return rollouts.flatMap((one) => {
    if (one.waitsFor === 'command' || failedIn(one)) return [rolloutClosing(one)]
    const [first, ...more] = hindrancesOf({ rollouts: [one], clusters })
    if (!first) return []
    const [cluster, { release, why }] = first
    const others = more.length > 0 ? ` (and ${more.length} more)` : ''
    return [`${one.application}: ${release} is kept back in ${cluster}${others}: ${why}`]
  })
}

/** `2026-11-26 08:10:00Z`. */
function timeOf(iso: string | undefined): string {
  return iso === undefined ? '?' : `${iso.slice(0, 19).replace('T', ' ')}Z`
}

/** `errors (answered 503, not 200, 1 of 3 times)`. */
function checkText({ check }: RolloutStatus): string {
  return oneLine(`${check?.name ?? '?'}${check?.problem ? ` (${check.problem})` : ''}`)
}

function stepText({ targetStep, steps, achievedStep, complete }: RolloutStatus): string {
  if (complete && achievedStep === steps.length - 1) return 'complete'
  return `step ${targetStep} of ${count(steps.length, 'step')} "${steps[targetStep] ?? ''}"${targetStep === steps.length - 1 ? ' (last)' : ''}`
}

function markOf(index: number, target: number, achieved: number | undefined): string {
  if (achieved !== undefined && index <= achieved) return '[x] '
  return index <= target ? '[>] ' : '[ ] '
}

function installed(release: ReleaseInCluster | undefined): Cell {
  if (!release) return '-'
  return release.installed === undefined ? '?' : styled(release.installed, release.installed ? 'yes' : 'no')
}

function capacity(release: ReleaseInCluster | undefined): Cell {
  return release ? styled(release.availableReplicas === release.replicas, capacityText(release)) : '-'
}

function capacityText(release: ReleaseInCluster | undefined): string {
  if (!release) return '-'
  const { availableReplicas, replicas, percent, achievedPercent } = release
  const isThere = achievedPercent === undefined || availableReplicas === replicas
  return `${availableReplicas ?? '?'}/${replicas} pods (${isThere ? '' : `${achievedPercent} of `}${percent} %)`
}

function traffic(release: ReleaseInCluster | undefined): Cell {
  return release ? styled(release.trafficReady !== false, weightText(release)) : '-'
}

/** What pods amount to is said only while they are not as they should be: few of them never fit a weight exactly. */
function weightText({ weight, achievedWeight, trafficReady }: ReleaseInCluster): string {
  return `weight ${trafficReady === false && achievedWeight !== undefined ? `${achievedWeight} of ` : ''}${weight}`
}

function styled(fine: boolean, text: string): Cell {
  const style: Style = fine ? 'green' : 'yellow'
  return { text, style }
}

/** Why pods are not ready, else that the cluster is behind the others. */
function messageOf({ contender, incumbent, achievedStep }: RolloutInCluster, achieved: number | undefined): string {
  const said = oneLine([contender?.message, incumbent?.message].filter(Boolean).join('; '))
  if (said !== '') return said
  const isBehind = achieved !== undefined && (achievedStep ?? -1) < achieved
  return isBehind ? `at step ${achievedStep ?? 'none'}, walks on when it can` : ''
}

/** The clusters where what is waited for, or was there once, is not there. */
function waitingClusters({ waitsFor, clusters }: RolloutStatus): readonly string[] {
  const lacks = ({ contender, incumbent }: RolloutInCluster) => {
    if (waitsFor === 'command' || waitsFor === 'readiness') return isShort(contender)
    if (waitsFor === 'installation') return contender?.installed !== true
    if (waitsFor === 'capacity')
      return [contender, incumbent].some((one) => one && one.availableReplicas !== one.replicas)
    return [contender, incumbent].some((one) => one && one.trafficReady === false)
  }
  return clusters.filter(lacks).map(({ cluster }) => cluster)
}

/** What is not known is not short. */
function isShort(release: ReleaseInCluster | undefined): boolean {
  if (!release) return false
  return (release.availableReplicas ?? release.replicas) < release.replicas || release.trafficReady === false
}
