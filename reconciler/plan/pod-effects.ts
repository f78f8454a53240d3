import { podUses } from '../../render/pod-uses.ts'
import { getIn, type KubeObject } from '../../repo-layout/json.ts'
import { parseSubject, subjectOf } from '../../repo-layout/subject.ts'
import type { DesiredState } from '../member/types.ts'
import type { PlannedObject } from './types.ts'

/** What pods read: a change of it is one of theirs, too. */
const config: ReadonlySet<string> = new Set(['ConfigMap', 'Secret'])
/** What makes new pods when their template changes. */
const restarting: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'DaemonSet'])

/**
 * Planned objects of a cluster with what their changes do to pods that run: a changed template of pods restarts them, and
 * a changed ConfigMap or Secret is seen by the pods of whatever mounts or reads it. `desired` is what the cluster is to run.
 */
export function withPodEffects(
  planned: readonly PlannedObject[],
  { objects }: Pick<DesiredState, 'objects'>,
): readonly PlannedObject[] {
  const made = new Set(planned.filter(({ action }) => action === 'created').map(({ subject }) => subject))
  let workloads: readonly KubeObject[] | undefined
  const running = () => {
    workloads ??= [...objects.values()].flatMap(({ subject, object }) =>
      !made.has(subject) && hasPods(object) ? [object] : [],
    )
    return workloads
  }
  return planned.map((one) => {
    const object = objects.get(one.subject)?.object
    const { kind = '', group = '' } = parseSubject(one.subject) ?? {}
    if (!object || one.action !== 'configured' || one.how === 'replaced' || one.fields.length === 0) return one
    if (group === 'apps' && restarting.has(kind)) return isRestart(one, object) ? { ...one, pods: 'restart' } : one
    if (group !== '' || !config.has(kind)) return one
    const usedBy = running().flatMap((workload) => {
      const uses = podUses(object, workload)
      return uses.length > 0 ? [{ workload: subjectOf(workload), uses }] : []
    })
    return usedBy.length > 0 ? { ...one, pods: usedBy } : one
  })
}

function hasPods({ spec }: KubeObject): boolean {
  return getIn(spec, ['template', 'spec']) !== undefined && getIn(spec, ['replicas']) !== 0
}

function isRestart({ fields }: PlannedObject, object: KubeObject): boolean {
  const isByHand = getIn(object.spec, ['updateStrategy', 'type']) === 'OnDelete'
  return hasPods(object) && !isByHand && fields.some(({ path }) => /^\/spec\/template(?=[/[]|$)/.test(path))
}
