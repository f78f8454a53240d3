import { createMemo, type Memo } from '../../render/memo.ts'
import { indexPrevious } from '../../render/previous.ts'
import { achievedPercent } from '../../render/shipper/capacity.ts'
import { rollingOut, siblings } from '../../render/shipper/chain.ts'
import { waitedFor } from '../../render/shipper/conditions.ts'
import { failedOf } from '../../render/shipper/failed.ts'
import { isRolloutPath } from '../../render/shipper/record.ts'
import { readRecorded } from '../../render/shipper/recorded.ts'
import { type FailedRelease, type Rollout, releaseKey } from '../../render/shipper/rollout.ts'
import { percentIn, replicasIn, totalIn, weightIn } from '../../render/shipper/state.ts'
import type { Observations } from '../../repo-layout/observations.ts'
import type { PromotionWait } from '../promotion/promotions.ts'
import type { FailedRollout } from '../rollout/failures.ts'
import type { ReleaseInCluster, RolloutStatus } from '../server/types.ts'
import type { TextCache } from './previous.ts'

/** The releases of a generated tree, a list an application, each oldest first. Rejects where a blob cannot be read. */
export async function rolloutsIn(
  files: ReadonlyMap<string, string>,
  texts: TextCache,
  memo: Memo = createMemo(),
): Promise<readonly (readonly Rollout[])[]> {
  const records = [...files].filter(([path]) => isRolloutPath(path))
  if (records.length === 0) return []
  const decisions = new Map<string, string>()
  for (const [path, oid] of records) decisions.set(path, await texts.read(oid))
  const previous = indexPrevious({ files, decisions, sourceOf: () => undefined })
  return [...readRecorded(previous, memo).values()].map(({ rollouts }) => rollouts).filter((all) => all.length > 0)
}

/** How far each application is, from what is in force and what is seen; `waits` is of those that go on by themselves. */
export function rolloutStatuses(
  applications: readonly (readonly Rollout[])[],
  observations: Observations,
  waits: ReadonlyMap<string, PromotionWait>,
  failures: readonly FailedRollout[],
): readonly RolloutStatus[] {
  return applications.flatMap((rollouts) => {
    const contender = rollouts.at(-1)
    const failed = failedOf(rollouts)
    if (!contender) return []
    const status = {
      ...statusOf(contender, siblings(rollouts, contender.generation).predecessor, observations),
      rollingOut: rollingOut(rollouts),
      ...waiting(contender, waits.get(releaseKey(contender))),
    }
    return [failed ? { ...status, failed: failureOf(failed, failures) } : status]
  })
}

function failureOf({ release, reason }: FailedRelease, failures: readonly FailedRollout[]): RolloutStatus['failed'] {
  const found = failures.find(({ failed }) => failed.release === release)
  const commit = found?.change.type === 'found' ? found.change.commits[0].oid : undefined
  const since = found && new Date(found.since).toISOString()
  return { release, reason, ...(since === undefined ? {} : { since }), ...(commit === undefined ? {} : { commit }) }
}

function statusOf(
  contender: Rollout,
  incumbent: Rollout | undefined,
  observations: Observations,
): Omit<RolloutStatus, 'waitsFor'> {
  const { namespace, application, name, complete, retreating, targetStep, achievedStep, environment } = contender
  const clusters = [...new Set([...contender.clusters, ...(incumbent?.clusters ?? [])])].sort()
  return {
    application: `${namespace}/${application}`,
    release: name,
    incumbent: incumbent?.name,
    chart: `${environment.chart.name} ${environment.chart.version}`,
    steps: (environment.strategy?.steps ?? []).map((step) => step.name),
    targetStep,
    achievedStep,
    complete,
    retreating,
    clusters: clusters.map((cluster) => ({
      cluster,
      achievedStep: contender.achievedIn.has(cluster) ? contender.achievedIn.get(cluster) : achievedStep,
      contender: contender.clusters.includes(cluster) ? inCluster(contender, cluster, observations) : undefined,
      incumbent: incumbent?.clusters.includes(cluster) ? inCluster(incumbent, cluster, observations) : undefined,
    })),
  }
}

/** What a rollout waits for; where it goes on by itself no command is what it waits for. */
function waiting(
  contender: Rollout,
  wait: PromotionWait | undefined,
): Pick<RolloutStatus, 'waitsFor' | 'soaksUntil' | 'check'> {
  const state = waitsFor(contender)
  if (!wait || state !== 'command') return { waitsFor: state }
  switch (wait.type) {
    case 'soak':
      return { waitsFor: 'soak', soaksUntil: new Date(wait.until).toISOString() }
    case 'check':
      return { waitsFor: 'check', check: { name: wait.name, problem: wait.problem } }
    default:
      return { waitsFor: wait.type }
  }
}

/** In the order in which a rollout waits: what Shipper calls waitingFor… in the status of a Release. */
function waitsFor({ state, retreating, achievedStep, targetStep }: Rollout): RolloutStatus['waitsFor'] {
  if (retreating) return 'incumbent'
  if (!state) return 'installation'
  const waited = waitedFor(state) ?? 'nothing'
  // What is recorded is about the step before, until the first move to another one is made.
  return waited === 'command' && achievedStep !== targetStep ? 'nothing' : waited
}

function inCluster(rollout: Rollout, cluster: string, { clusters }: Observations): ReleaseInCluster {
  const seen = clusters[cluster]?.releases?.[releaseKey(rollout)]
  const available = seen?.availableReplicas
  return {
    installed: seen?.installed,
    percent: percentIn(rollout, cluster),
    achievedPercent: available === undefined ? undefined : achievedPercent(totalIn(rollout, cluster), available),
    replicas: replicasIn(rollout, cluster),
    availableReplicas: available,
    weight: weightIn(rollout, cluster),
    achievedWeight: seen?.achievedWeight,
    trafficReady: seen?.trafficReady,
    message: seen?.message ?? '',
  }
}
