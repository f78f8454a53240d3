import { z } from 'zod'
import { formatGenerated, sourceOfGenerated } from '../../repo-layout/generated/file.ts'
import { encodeName } from '../../repo-layout/generated/path.ts'
import { compare } from '../../repo-layout/message.ts'
import { ownApiVersion } from '../../repo-layout/schema/common.ts'
import { parseSubject, type Subject } from '../../repo-layout/subject.ts'
import { firstDocument } from '../../repo-layout/yaml/parse.ts'
import type { GeneratedFile } from '../input.ts'

const decisionSchema = z.object({
  apiVersion: z.literal(ownApiVersion),
  kind: z.literal('ReplicaDecision'),
  metadata: z.object({ name: z.string(), namespace: z.string() }),
  spec: z.object({
    subject: z.string(),
    totalReplicas: z.int(),
    replicas: z.record(z.string(), z.int()),
    lost: z.array(z.string()).default([]),
    facts: z.record(z.string(), z.object({ current: z.int().optional(), capacity: z.int().optional() })).default({}),
  }),
})

/** What one cluster was known to run and to hold when a decision was made. */
export interface ReplicaFacts {
  readonly current: number | undefined
  readonly capacity: number | undefined
}

/** A division of replicas that is in force, as it stands in the generated tree. */
export interface ReplicaDecision {
  /** The file of the preference that it came from. */
  readonly source: string
  readonly namespace: string
  readonly name: string
  readonly subject: Subject
  readonly totalReplicas: number
  readonly replicas: ReadonlyMap<string, number>
  /** Clusters that were lost when it was made. */
  readonly lost: readonly string[]
  readonly facts: ReadonlyMap<string, ReplicaFacts>
}

const folder = 'decisions/replicas/'

/** The path of the decision about a workload: one small file each, so that two never conflict. */
export function decisionPath(subject: Subject): string {
  const { kind = '', group = '', namespace = '', name = '' } = parseSubject(subject) ?? {}
  return `${folder}${encodeName(namespace)}/${kind}${group === '' ? '' : `.${group}`}/${encodeName(name)}.yaml`
}

/** Whether a path of a generated tree is that of a replica decision. */
export function isDecisionPath(path: string): boolean {
  return path.startsWith(folder)
}

/** Writes a decision; equal decisions are equal bytes. */
export function formatDecision(decision: ReplicaDecision): GeneratedFile & { readonly text: string } {
  const facts = sorted(decision.facts)
    .filter(([, { current, capacity }]) => current !== undefined || capacity !== undefined)
    .map(([cluster, { current, capacity }]) => [
      cluster,
      { ...(current === undefined ? {} : { current }), ...(capacity === undefined ? {} : { capacity }) },
    ])
  return formatGenerated(decision.source, {
    apiVersion: ownApiVersion,
    kind: 'ReplicaDecision',
    metadata: { name: decision.name, namespace: decision.namespace },
    spec: {
      subject: decision.subject,
      totalReplicas: decision.totalReplicas,
      replicas: Object.fromEntries(sorted(decision.replicas)),
      ...(decision.lost.length > 0 ? { lost: [...decision.lost].sort(compare) } : {}),
      ...(facts.length > 0 ? { facts: Object.fromEntries(facts) } : {}),
    },
  })
}

/** Reads a decision of the previous tree; undefined where the text is none, which a caller must not take for empty. */
export function parseDecision(text: string): ReplicaDecision | undefined {
  const result = decisionSchema.safeParse(firstDocument(text))
  if (!result.success) return undefined
  const { metadata, spec } = result.data
  return {
    source: sourceOfGenerated(text) ?? '',
    ...metadata,
    subject: spec.subject,
    totalReplicas: spec.totalReplicas,
    replicas: new Map(Object.entries(spec.replicas)),
    lost: spec.lost,
    facts: new Map(
      Object.entries(spec.facts).map(([cluster, { current, capacity }]) => [cluster, { current, capacity }]),
    ),
  }
}

/** Whether two decisions say the same, whatever facts led to them. */
export function sameDecision(a: ReplicaDecision, b: ReplicaDecision): boolean {
  return (
    a.source === b.source &&
    a.subject === b.subject &&
    a.totalReplicas === b.totalReplicas &&
    sameReplicas(a.replicas, b.replicas)
  )
}

function sameReplicas(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean {
  if (a.size !== b.size) return false
  for (const [cluster, count] of a) if (b.get(cluster) !== count) return false
  return true
}

function sorted<T>(map: ReadonlyMap<string, T>): [string, T][] {
  return [...map].sort(([a], [b]) => compare(a, b))
}
