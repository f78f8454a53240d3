import type { MemberCluster } from '../../repo-layout/cluster.ts'
import { getIn } from '../../repo-layout/json.ts'
import type { Observations } from '../../repo-layout/observations.ts'
import type { Fleet } from '../../repo-layout/schema/fleet.ts'
import type { Subject } from '../../repo-layout/subject.ts'
import type { Clock } from '../clock.ts'
import type { Deletion } from '../cycle/budget.ts'
import { memberSettings, nothingWanted, sameWay } from '../cycle/members.ts'
import { fleetUidOf } from '../cycle/uid.ts'
import { eachOf } from '../each-of.ts'
import { diffTrees } from '../git/changes.ts'
import { countChanges } from '../git/describe-changes.ts'
import { messageOf } from '../member/errors.ts'
import { type Pause, pauseSentence, wholeCluster } from '../member/pause.ts'
import type { DesiredState } from '../member/types.ts'
import type { ReplicaCounts } from './compose.ts'
import type { Generation } from './generation.ts'
import { type MemberPlan, planMember } from './plan-member.ts'
import type { Survey } from './survey.ts'
import type { Trials } from './trials.ts'
import type { ClusterPlan, PlanFacts } from './types.ts'

/** What the clusters of a plan are compared by. */
export interface ClustersQuestion {
  readonly before: Generation
  readonly after: Generation
  readonly surveys: ReadonlyMap<string, Survey>
  /** As the render read them. */
  readonly facts: Observations
  /** The fleet as it shall be. */
  readonly fleet: Fleet
  /** What people call the base. */
  readonly baseName: string
  readonly clock: Clock
  readonly trials: Trials
}

/** All clusters, planned; deletions are not judged yet. */
export interface PlannedClusters {
  readonly clusters: readonly ClusterPlan[]
  readonly deletions: readonly Deletion[]
  readonly counts: ReadonlyMap<string, ReplicaCounts>
}

/** Clusters planned at a time: each holds the live objects of one cluster. */
const width = 16

/** Plans every cluster that is in the fleet before or after. Never rejects for what a cluster does. */
export async function planClusters(question: ClustersQuestion): Promise<PlannedClusters> {
  const { before, after } = question
  const clusters = new Map<string, ClusterPlan>()
  const deletions: Deletion[] = []
  const counts = new Map<string, ReplicaCounts>()
  const described = new Map([...before.clusters, ...after.clusters].map((cluster) => [cluster.name, cluster]))
  const pending = pendingChanges(question)

  async function plan(cluster: MemberCluster): Promise<void> {
    const { name } = cluster
    const found = isIn(after, name) ? await compareMember(cluster, question) : undefined
    if (found?.plan) {
      counts.set(name, found.plan.replicas)
      for (const one of found.plan.deletions) deletions.push({ cluster: name, ...one })
    } else counts.set(name, countsOfTrees(before.desired.get(name), after.desired.get(name)))
    const left = { state: 'leaves', note: 'it leaves the fleet, and what runs there stays' } as const
    const { state, note } = found ?? left
    clusters.set(name, {
      ...{ cluster: name, region: cluster.region ?? '', state, note },
      suspended: settingsOf(cluster, question).suspended || pauseOf(name, question) !== undefined,
      facts: factsOf(name, question),
      objects: found?.plan?.objects ?? [],
      unchanged: found?.plan?.unchanged ?? 0,
      pending: found?.plan || !found ? '' : (pending.get(name) ?? ''),
    })
  }

  await eachOf([...described.values()], width, plan)
  const byName = [...clusters.values()].sort((a, b) => (a.cluster < b.cluster ? -1 : 1))
  return { clusters: byName, deletions, counts }
}

interface Compared {
  readonly state: ClusterPlan['state']
  readonly note: string
  readonly plan?: MemberPlan
}

async function compareMember(cluster: MemberCluster, question: ClustersQuestion): Promise<Compared> {
  const { before, after, surveys, baseName, clock, trials } = question
  const { name } = cluster
  if (!isIn(before, name))
    return { state: 'new', note: `it is not in ${baseName}, and is not asked before it is merged` }
  const found = surveys.get(name)
  if (!found) return { state: 'waits', note: 'the inventory names no connection; write spec.connection' }
  if (!found.session) return { state: 'waits', note: found.problem }
  const desired = after.desired.get(name) ?? nothingWanted('planned')
  try {
    const plan = await planMember(
      found.session,
      desired,
      settingsOf(cluster, question),
      clock,
      trials.of(JSON.stringify([found.session.kubernetesVersion, cluster.region ?? '', cluster.labels])),
    )
    return { state: 'planned', note: noteOf(cluster, question), plan }
  } catch (error) {
    return { state: 'waits', note: messageOf(error) }
  }
}

function noteOf(cluster: MemberCluster, question: ClustersQuestion): string {
  const { before, after, baseName } = question
  const pause = pauseOf(cluster.name, question)
  const base = before.clusters.find(({ name }) => name === cluster.name)
  return [
    pause ? pauseSentence(pause) : '',
    after.leaving.has(cluster.name) ? 'it leaves the fleet and is emptied' : '',
    cluster.apply === 'External' ? 'something else applies to it (apply: External)' : '',
    base && !sameWay(base, cluster) ? `its connection changes; it was asked as ${baseName} says` : '',
  ]
    .filter((text) => text !== '')
    .join('; ')
}

function pauseOf(name: string, { surveys }: ClustersQuestion): Pause | undefined {
  return surveys.get(name)?.session?.pauses.of(wholeCluster)
}

function settingsOf(cluster: MemberCluster, { fleet }: ClustersQuestion) {
  return memberSettings(cluster, { fleet, fleetUid: fleetUidOf(fleet).uid, mayDelete: [] })
}

function factsOf(name: string, { facts, surveys }: ClustersQuestion): PlanFacts {
  const found = surveys.get(name)
  const { kubernetesVersion } = found?.observation ?? {}
  const runs = found?.session?.inventory.header?.commit
  return {
    reachable: facts.clusters[name]?.reachable ?? 'unknown',
    ...(kubernetesVersion === undefined ? {} : { kubernetesVersion }),
    ...(found?.observedAt === undefined ? {} : { observedAt: found.observedAt }),
    ...(runs ? { runs } : {}),
  }
}

/** What changes in the folder of each cluster, in words. */
function pendingChanges({ before, after }: ClustersQuestion): ReadonlyMap<string, string> {
  return new Map(
    diffTrees(before.files, after.files).flatMap((change) =>
      change.cluster === undefined ? [] : [[change.cluster, countChanges(change)] as const],
    ),
  )
}

/** Replicas as the trees say: all that is known of a cluster that was not compared. */
function countsOfTrees(before: DesiredState | undefined, after: DesiredState | undefined): ReplicaCounts {
  const subjects = new Set([...(before?.objects.keys() ?? []), ...(after?.objects.keys() ?? [])])
  const counts = new Map<Subject, { readonly before: number; readonly after: number }>()
  for (const subject of subjects) {
    const [was, is] = [before, after].map((state) => getIn(state?.objects.get(subject)?.object, ['spec', 'replicas']))
    if (typeof was !== 'number' && typeof is !== 'number') continue
    counts.set(subject, { before: typeof was === 'number' ? was : 0, after: typeof is === 'number' ? is : 0 })
  }
  return counts
}

function isIn({ clusters }: Generation, cluster: string): boolean {
  return clusters.some(({ name }) => name === cluster)
}
