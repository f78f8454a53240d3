import { decisionPath, formatDecision, parseDecision, type ReplicaDecision } from '../../render/kubefed/decision.ts'
import { getIn } from '../../repo-layout/json.ts'
import type { FleetSource } from '../../repo-layout/read/assemble.ts'
import { parseSubject, type Subject } from '../../repo-layout/subject.ts'
import type { RunningMember } from './reading.ts'

/**
 * The decisions about replicas as what runs tells them: each cluster has what its copy asks for, so that the next render
 * moves no replica. `before` are the decision records of the branch as far as there is one; they stay true of clusters that are
 * not among `members`. By path. Rejects where a copy cannot be read.
 */
export async function divisionsOf(
  { preferences }: Pick<FleetSource, 'preferences'>,
  members: readonly RunningMember[],
  before: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, string>> {
  const decisions = new Map(before)
  for (const { document, value } of preferences) {
    const { metadata, spec } = value
    const namespace = metadata.namespace ?? 'default'
    const isMeant = (text: Subject) => {
      const subject = parseSubject(text)
      return (
        subject?.kind === spec.targetKind.replace(/^Federated/, '') &&
        subject.namespace === namespace &&
        subject.name === metadata.name
      )
    }
    const subject = members.flatMap(({ entries }) => entries.map((entry) => entry.subject)).find(isMeant)
    if (subject === undefined) continue
    const path = decisionPath(subject)
    const known = parseDecision(before.get(path) ?? '')
    const replicas = new Map(known?.replicas)
    for (const member of members) {
      const count = await replicasIn(member, subject)
      if (count === undefined) replicas.delete(member.cluster)
      else replicas.set(member.cluster, count)
    }
    const decision: ReplicaDecision = {
      source: document.path,
      namespace,
      name: metadata.name,
      subject,
      totalReplicas: spec.totalReplicas,
      replicas,
      lost: known?.lost.filter((name) => !members.some(({ cluster }) => cluster === name)) ?? [],
      facts: new Map(),
    }
    decisions.set(path, formatDecision(decision).text)
  }
  return decisions
}

/** How many replicas the copy of a workload asks for; undefined where there is none. */
async function replicasIn({ entries, live }: RunningMember, subject: Subject): Promise<number | undefined> {
  const entry = entries.find((one) => one.subject === subject)
  const count = entry && getIn(await live(entry), ['spec', 'replicas'])
  return typeof count === 'number' ? count : undefined
}
