import type { z } from 'zod'
import type { MemberCluster } from '../../repo-layout/cluster.ts'
import { errorAt, type SourceDocument, warningAt } from '../../repo-layout/document.ts'
import { groupBy } from '../../repo-layout/group.ts'
import { getIn, type Json, type JsonPath } from '../../repo-layout/json.ts'
import { hasErrors, type Message } from '../../repo-layout/message.ts'
import { checkSchema } from '../../repo-layout/schema/check.ts'
import { type clusterOverrides, overrideSchema } from '../../repo-layout/schema/kubefed.ts'
import type { Subject } from '../../repo-layout/subject.ts'
import { didYouMean } from '../../repo-layout/suggest.ts'
import { readSelector, type Selector } from '../selector.ts'

/** One change of an object, for one cluster. */
export interface Override {
  readonly op: 'add' | 'remove' | 'replace'
  /** A JSON pointer, or a dotted path where `dotted`. */
  readonly path: string
  readonly dotted: boolean
  readonly value: Json | undefined
  /** Where it stands in the document. */
  readonly at: JsonPath
}

/** The overrides of one workload. A cluster in `failed` has one in error: its copy is held as it is. */
export interface Overrides {
  forCluster(cluster: MemberCluster): readonly Override[]
  failed(cluster: MemberCluster): boolean
  /** Something is wrong whose clusters cannot be told: the whole workload is held. */
  readonly broken: boolean
  readonly messages: readonly Message[]
}

interface Entry {
  readonly clusterName: string | undefined
  readonly selector: Selector | undefined
  readonly overrides: readonly Override[]
  readonly bad: boolean
  /** Whether it can be told which clusters it is about. */
  readonly concerns: 'known' | 'unknown'
}

/** Paths that no override may name, by exact text, in both notations (`kubefed v0.10 overrides.go`). */
const protectedPaths: ReadonlySet<string> = new Set([
  '/metadata/namespace',
  '/metadata/name',
  '/metadata/generateName',
  '/kind',
  'metadata.namespace',
  'metadata.name',
  'metadata.generateName',
  'kind',
])

/**
 * Reads `spec.overrides` of a federated document. Entries that name a cluster count as in kubefed; entries with a
 * `clusterSelector` come first, in their order, so that the named one has the last word. What kubefed fails a whole
 * workload for (a duplicate, a protected path) fails the clusters that it names.
 */
export function readOverrides(document: SourceDocument, subject: Subject, known: ReadonlySet<string>): Overrides {
  const list = getIn(document.value, ['spec', 'overrides'])
  const messages: Message[] = []
  const entries = (Array.isArray(list) ? list : []).map((_, i) =>
    readEntry(document, ['spec', 'overrides', i], messages, subject),
  )
  const named = groupBy(
    [...entries.entries()].filter(([, { clusterName }]) => clusterName !== undefined),
    ([, { clusterName }]) => clusterName ?? '',
  )
  for (const [name, places] of named) {
    const at = places.map(([i]) => ['spec', 'overrides', i, 'clusterName'])
    if (places.length > 1) {
      const text = `${subject}: the cluster "${name}" appears more than once in spec.overrides; its copy stays as it is`
      messages.push(...at.map((path) => errorAt(document, path, 'override-duplicate', text)))
    }
    if (known.has(name)) continue
    const text = `the cluster "${name}" is in no inventory${didYouMean(name, known)}`
    messages.push(...at.map((path) => warningAt(document, path, 'cluster-unknown', text)))
  }
  const selected = entries.filter(({ selector }) => selector !== undefined)
  const concerning = (cluster: MemberCluster) => {
    const own = named.get(cluster.name)?.map(([, entry]) => entry) ?? []
    const matching = selected.filter(
      ({ selector }) => selector?.type === 'selector' && selector.matches(cluster.labels),
    )
    return [...matching, ...own]
  }
  return {
    messages,
    broken: entries.some(({ bad, concerns }) => bad && concerns === 'unknown'),
    failed: (cluster) => (named.get(cluster.name)?.length ?? 0) > 1 || concerning(cluster).some(({ bad }) => bad),
    forCluster: (cluster) => concerning(cluster).flatMap(({ overrides }) => overrides),
  }
}

function readEntry(document: SourceDocument, at: JsonPath, all: Message[], subject: Subject): Entry {
  const { value, messages } = checkSchema(overrideSchema, document, at)
  const name = getIn(document.value, [...at, 'clusterName'])
  const clusterName = typeof name === 'string' && name !== '' ? name : undefined
  const hasSelector = (getIn(document.value, [...at, 'clusterSelector']) ?? null) !== null
  const selector = hasSelector ? readSelector(document, [...at, 'clusterSelector']) : undefined
  const where = clusterName === undefined ? subject : `${subject} in ${clusterName}`
  const errors: Message[] = [...messages, ...(selector?.messages ?? [])]
  const operations = readOperations(document, [...at, 'clusterOverrides'], value?.clusterOverrides ?? [], clusterName)
  const { overrides } = operations
  errors.push(...operations.messages)
  all.push(...errors.map((message) => ({ ...message, text: `${where}: ${message.text}` })))
  return {
    clusterName,
    selector,
    overrides,
    bad: hasErrors(errors),
    concerns: hasSelector === (clusterName !== undefined) || selector?.type === 'error' ? 'unknown' : 'known',
  }
}

/**
 * Reads the changes that stand in a list of a document: paths twice, protected ones and such that cannot be read are errors.
 * `cluster` is the one they are for, where it is named.
 */
export function readOperations(
  document: SourceDocument,
  at: JsonPath,
  list: z.infer<typeof clusterOverrides>,
  cluster: string | undefined,
): { readonly overrides: readonly Override[]; readonly messages: readonly Message[] } {
  const paths = groupBy(list, ({ path }) => path)
  const messages: Message[] = []
  const overrides = list.map(({ op, path, value }, i): Override => {
    const here = [...at, i]
    const dotted = !path.startsWith('/')
    const twice = (paths.get(path)?.length ?? 0) > 1
    const problem = pathProblem(path, dotted, op, twice, cluster)
    if (problem) messages.push(errorAt(document, [...here, 'path'], problem.code, problem.text))
    return { op: op || 'replace', path, dotted, value: value as Json | undefined, at: here }
  })
  return { overrides, messages }
}

function pathProblem(
  path: string,
  dotted: boolean,
  op: string | null | undefined,
  twice: boolean,
  cluster: string | undefined,
) {
  if (twice) {
    const of = cluster === undefined ? 'in one entry' : `for cluster "${cluster}"`
    return { code: 'override-duplicate', text: `the path "${path}" appears more than once ${of}` } as const
  }
  if (protectedPaths.has(path)) {
    return { code: 'override-protected', text: `the path "${path}" cannot be overridden` } as const
  }
  if (!dotted) return undefined
  if (path === '' || path.split('.').includes('')) {
    const text = `the path "${path}" is none; write a JSON pointer such as /spec/replicas, or spec.replicas`
    return { code: 'override-path', text } as const
  }
  if (path.includes('/') && !path.includes('.')) {
    return { code: 'override-path', text: `the path "${path}" needs a leading slash: /${path}` } as const
  }
  if (op === 'remove') {
    const text = `a dotted path only sets values; to remove, write /${path.replaceAll('.', '/')}`
    return { code: 'override-path', text } as const
  }
  return undefined
}

/**
 * The overrides of one cluster with its planned replicas written in, as kubefed's RSP controller does: an override of
 * the replicas path gets the planned value in its place, a missing one is appended; without planned replicas the
 * override of the replicas path goes, others stay (`kubefed v0.10 schedulingtypes/plugin.go`).
 */
export function withReplicas(overrides: readonly Override[], replicas: number | undefined): readonly Override[] {
  const others = overrides.filter((override) => !setsReplicas(override))
  if (replicas === undefined) return others
  const planned: Override = { op: 'replace', path: 'spec.replicas', dotted: true, value: replicas, at: [] }
  const at = overrides.findIndex(setsReplicas)
  return at < 0 ? [...others, planned] : [...others.slice(0, at), planned, ...others.slice(at)]
}

/** Whether an override writes `spec.replicas`, in either notation. */
export function setsReplicas({ path }: Override): boolean {
  return path === '/spec/replicas' || path === 'spec.replicas'
}
