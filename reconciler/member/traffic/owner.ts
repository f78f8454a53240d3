import { formatSubject, groupOf, type Subject } from '../../../repo-layout/subject.ts'
import type { Pod } from './pod.ts'

/** What is known of a workload that may own pods: the uid of the live object, where that was seen. */
export interface KnownWorkload {
  readonly uid: string | undefined
  /** The release whose workload it is; undefined where it left Git. */
  readonly release: string | undefined
}

/**
 * The workload of ours that a pod is of; undefined where it is somebody else's, whatever its labels say. A Deployment's pods
 * name its ReplicaSet, whose name is that of the Deployment and the hash of its template, which the pods carry too.
 */
export function workloadOf(
  pod: Pick<Pod, 'namespace' | 'release' | 'owner'>,
  known: (subject: Subject) => KnownWorkload | undefined,
): Subject | undefined {
  const { owner, namespace } = pod
  if (!owner || groupOf(owner.apiVersion) !== 'apps') return undefined
  const subjectOf = (kind: string, name: string) => formatSubject({ group: 'apps', kind, namespace, name })
  const end = `-${owner.templateHash ?? ''}`
  const isSet = owner.kind === 'ReplicaSet'
  if (isSet && (end === '-' || !owner.name.endsWith(end))) return undefined
  const subject = isSet ? subjectOf('Deployment', owner.name.slice(0, -end.length)) : subjectOf(owner.kind, owner.name)
  const workload = known(subject)
  if (!workload) return undefined
  if (!isSet && workload.uid !== undefined && workload.uid !== owner.uid) return undefined
  return workload.release === undefined || workload.release === pod.release ? subject : undefined
}
