import type { Subject } from '../../repo-layout/subject.ts'
import type { Rollout } from './rollout.ts'
import { weightIn } from './state.ts'

/** The Services that bring an application its traffic in one cluster. */
export interface Services {
  /** The one whose endpoints tell how far traffic is; undefined where no release has one. */
  readonly production: Subject | undefined
  /** Those of all releases: several where a version calls its Service by another name. */
  readonly all: ReadonlySet<Subject>
}

/**
 * Finds them among the objects of a cluster, the lead's first. A version that renames its Service, or has none any more, is
 * to serve behind that of the version before it as long as this one has traffic: whoever calls it does not know better. So
 * that of the oldest release with traffic counts, else the lead's, else the nearest.
 */
export function servicesIn(
  cluster: string,
  rollouts: readonly Rollout[],
  content: ReadonlyMap<Subject, unknown>,
): Services {
  const own = new Set(rollouts.flatMap(({ service }) => (service === undefined ? [] : [service])))
  const all = new Set([...content.keys()].filter((subject) => own.has(subject)))
  const serving = rollouts.find(
    (one) => one.service !== undefined && all.has(one.service) && weightIn(one, cluster) > 0,
  )
  return { production: serving?.service ?? [...all][0], all }
}
