import { getIn, type KubeObject } from '../../../repo-layout/json.ts'
import { parseReleaseNote, type ReleaseNote } from '../release-note.ts'
import { labels, notes } from '../rollout.ts'
import { weightsOf } from '../weights.ts'

/** What a cluster runs of one release. */
export interface RunningIn {
  readonly note: ReleaseNote
  readonly workload: KubeObject
  /** What the workload asks for. */
  readonly replicas: number
  readonly weight: number
  /** Whether the production Service selects this release itself. */
  readonly isSelected: boolean
}

/** A release as clusters run it. */
export interface RunningRelease {
  readonly name: string
  readonly hash: string
  readonly clusters: ReadonlyMap<string, RunningIn>
}

/** The releases that clusters run, or why they cannot be told. */
export type Running =
  | { readonly type: 'running'; readonly releases: readonly RunningRelease[] }
  | { readonly type: 'unknown'; readonly why: string }

/** Tells the releases of one application from its objects in each cluster, by what their workloads say of them. */
export function readRunning(objects: ReadonlyMap<string, readonly KubeObject[]>): Running {
  const releases = new Map<string, { hash: string; clusters: Map<string, RunningIn> }>()
  for (const [cluster, own] of objects) {
    const service = productionService(own)
    const weights = service ? weightsOf(service) : new Map<string, number>()
    if (weights === undefined) return unknown(`in ${cluster} the weights on ${service?.metadata.name} cannot be read`)
    const workloads = own.filter(({ metadata }) => metadata.annotations?.[notes.release] !== undefined)
    const noted = new Set(workloads.map(ownerOf))
    for (const object of own) {
      const owner = ownerOf(object)
      if (owner === undefined || !noted.has(owner))
        return unknown(`in ${cluster} no workload says which release ${owner ?? object.metadata.name} is`)
    }
    for (const workload of workloads) {
      const { labels: marks, annotations } = workload.metadata
      const note = parseReleaseNote(annotations?.[notes.release])
      const name = ownerOf(workload)
      if (!note || name === undefined)
        return unknown(`in ${cluster} what ${workload.metadata.name} says cannot be read`)
      const one = releases.get(name) ?? { hash: marks?.[labels.hash] ?? '', clusters: new Map<string, RunningIn>() }
      releases.set(name, one)
      const replicas = getIn(workload.spec, ['replicas'])
      one.clusters.set(cluster, {
        note,
        workload,
        replicas: typeof replicas === 'number' ? replicas : 0,
        weight: weights.get(name) ?? 0,
        isSelected: getIn(service?.spec, ['selector', labels.release]) === name,
      })
    }
  }
  const all = [...releases].map(([name, one]): RunningRelease => ({ name, ...one }))
  return { type: 'running', releases: all }
}

/** The Service that carries the weights of releases in a cluster. */
export function productionService(objects: readonly KubeObject[]): KubeObject | undefined {
  return objects.find(({ kind, metadata }) => kind === 'Service' && metadata.annotations?.[notes.traffic] !== undefined)
}

/** The release that an object is of, or whose content it has where it is shared. */
export function ownerOf({ metadata }: KubeObject): string | undefined {
  return metadata.labels?.[labels.owner]
}

function unknown(why: string): Running {
  return { type: 'unknown', why }
}
