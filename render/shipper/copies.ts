import { formatGenerated } from '../../repo-layout/generated/file.ts'
import { clusterFolder, objectPathInCluster } from '../../repo-layout/generated/path.ts'
import { isJsonObject, type JsonObject, type KubeObject } from '../../repo-layout/json.ts'
import { compare } from '../../repo-layout/message.ts'
import { type Subject, subjectOf } from '../../repo-layout/subject.ts'
import type { ObjectFiles, PlacedFile } from '../files.ts'
import type { Memo } from '../memo.ts'
import { objectsIn } from './manifests.ts'
import { releaseNote } from './release-note.ts'
import { releaseService } from './release-service.ts'
import { labels, notes, type Rollout } from './rollout.ts'
import { type Backend, leadsTo, withBackends } from './routes.ts'
import { servicesIn } from './services.ts'
import { replicasIn, totalIn, weightIn } from './state.ts'
import { formatWeights } from './weights.ts'

/**
 * The objects of an application in its clusters: each release's own, with the replicas of its percentage, and shared ones,
 * whose names do not vary with the release, from the release that leads in that cluster. `rollouts` are all live releases
 * of one application, oldest first.
 */
export function copiesOf(rollouts: readonly Rollout[], memo: Memo): readonly ObjectFiles[] {
  const objects = new Map<string, Map<string, PlacedFile>>()
  for (const cluster of [...new Set(rollouts.flatMap(({ clusters }) => clusters))].sort(compare)) {
    for (const [path, file] of filesIn(cluster, rollouts, memo)) {
      const byCluster = objects.get(path) ?? new Map<string, PlacedFile>()
      objects.set(path, byCluster.set(cluster, [clusterFolder(cluster) + path, file]))
    }
  }
  return [...objects].map(([pathInCluster, byCluster]) => ({ pathInCluster, byCluster }))
}

/** Objects of an application in one cluster as charts rendered them, each with the release that it is of. */
export type Content = ReadonlyMap<Subject, readonly [Rollout, KubeObject]>

/** What releases have in one cluster, before capacity and traffic are put in. */
export function contentIn(cluster: string, all: readonly Rollout[]): Content {
  const rollouts = all.filter(({ clusters }) => clusters.includes(cluster))
  const lead = leadIn(cluster, rollouts)
  const chosen = new Map<Subject, readonly [Rollout, KubeObject]>()
  // What the lead has wins; else whoever is nearest before it, else after it.
  const order = [...rollouts].sort((a, b) => distance(a, lead) - distance(b, lead))
  for (const rollout of order) {
    for (const object of objectsIn(rollout, cluster)) {
      const subject = subjectOf(object)
      if (!chosen.has(subject)) chosen.set(subject, [rollout, object])
    }
  }
  return chosen
}

function filesIn(cluster: string, all: readonly Rollout[], memo: Memo): readonly PlacedFile[] {
  const rollouts = all.filter(({ clusters }) => clusters.includes(cluster))
  const chosen = new Map(contentIn(cluster, rollouts))
  const { production, all: subjects } = servicesIn(cluster, rollouts, chosen)
  const services = [...subjects].flatMap((subject) => chosen.get(subject)?.[1] ?? [])
  const isRouted = [...chosen.values()].some(([, object]) => leadsTo(object, services))
  const backends = isRouted ? addReleaseServices(chosen, rollouts, services, cluster) : []
  const weights = weightsIn(cluster, rollouts)
  const holder = rollouts.find(({ selectedIn }) => selectedIn.has(cluster))
  return [...chosen].map(([subject, [rollout, object]]) => {
    const { source } = rollout
    const isWorkload = subject === rollout.workload
    const replicas = isWorkload ? replicasIn(rollout, cluster) : undefined
    const note = isWorkload ? releaseNote(rollout, totalIn(rollout, cluster)) : undefined
    const traffic = subject === production ? weights : undefined
    const selects = subjects.has(subject) ? holder?.name : undefined
    const routed = isRouted && leadsTo(object, services) ? JSON.stringify([backends, ...subjects]) : undefined
    return memo.of(object, [source, replicas, note, traffic, selects, routed], () => {
      const shifted = withTraffic(withNote(withReplicas(object, replicas), note), traffic, selects)
      const made = routed === undefined ? shifted : withBackends(shifted, services, backends)
      return [objectPathInCluster(made), { ...formatGenerated(source, made), object: made }] as const
    })
  })
}

/** Where routes lead to the Service they are to lead to its releases, so each of these has a Service of its own. */
function addReleaseServices(
  chosen: Map<Subject, readonly [Rollout, KubeObject]>,
  rollouts: readonly Rollout[],
  services: readonly KubeObject[],
  cluster: string,
): readonly Backend[] {
  const ofCharts = new Set(chosen.keys())
  return rollouts.flatMap((rollout) => {
    const { service } = rollout
    const own = objectsIn(rollout, cluster).find((object) => subjectOf(object) === service) ?? services[0]
    if (!own) return []
    const made = releaseService(own, services, rollout, (subject) => ofCharts.has(subject))
    chosen.set(subjectOf(made), [rollout, made])
    return [{ name: made.metadata.name, weight: weightIn(rollout, cluster) }]
  })
}

/** The weight of every release, as the production Service of a cluster says it to whoever shifts the traffic there. */
function weightsIn(cluster: string, rollouts: readonly Rollout[]): string {
  return formatWeights(rollouts.map((rollout) => [rollout.name, weightIn(rollout, cluster)] as const))
}

function withReplicas(object: KubeObject, replicas: number | undefined): KubeObject {
  if (replicas === undefined) return object
  return { ...object, spec: { ...(isJsonObject(object.spec) ? object.spec : {}), replicas } }
}

function withNote(object: KubeObject, note: string | undefined): KubeObject {
  if (note === undefined) return object
  const { annotations } = object.metadata
  return { ...object, metadata: { ...object.metadata, annotations: { ...annotations, [notes.release]: note } } }
}

/** While one release holds all traffic the Service selects that release itself: its pods need no label then. */
function withTraffic(object: KubeObject, weights: string | undefined, holder: string | undefined): KubeObject {
  if (weights === undefined && holder === undefined) return object
  const spec = isJsonObject(object.spec) ? object.spec : {}
  const { [labels.traffic]: _mixed, ...others } = isJsonObject(spec.selector) ? spec.selector : ({} as JsonObject)
  const annotations = { ...object.metadata.annotations, ...(weights === undefined ? {} : { [notes.traffic]: weights }) }
  return {
    ...object,
    metadata: { ...object.metadata, annotations },
    spec: holder === undefined ? spec : { ...spec, selector: { ...others, [labels.release]: holder } },
  }
}

/** Names that are new with a release are made when it is installed; those that older ones have are the lead's to change. */
function distance({ generation }: Rollout, lead: Rollout | undefined): number {
  const away = generation - (lead?.generation ?? 0)
  return away <= 0 ? -away : 1_000_000 + away
}

/**
 * The release whose content shared objects have in a cluster: the newest that is given traffic there; before any is, the
 * newest that once was complete there, else the oldest. So the running version keeps them until the first traffic step, or
 * where there is no traffic until the last one.
 */
export function leadIn(cluster: string, rollouts: readonly Rollout[]): Rollout | undefined {
  const there = rollouts.filter(({ clusters }) => clusters.includes(cluster))
  return (
    there.findLast((one) => weightIn(one, cluster) > 0) ??
    there.findLast((one) => isCompleteIn(cluster, one)) ??
    there[0]
  )
}

/** One that was away when the others completed a release has not until it has walked that far. */
function isCompleteIn(cluster: string, { complete, achievedIn, environment }: Rollout): boolean {
  const last = (environment.strategy?.steps ?? []).length - 1
  return complete && (!achievedIn.has(cluster) || achievedIn.get(cluster) === last)
}
