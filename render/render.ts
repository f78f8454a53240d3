import { clusterFolder, clusterScopeFolder, encodeName } from '../repo-layout/generated/path.ts'
import { compareMessages, type Message } from '../repo-layout/message.ts'
import { clusterRecordPath, clustersInBrokenFiles, formatClusterRecord } from './clusters.ts'
import type { GeneratedFile, RenderInput, RenderOutput } from './input.ts'
import { decisionPath, formatDecision } from './kubefed/decision.ts'
import { type KubefedOutput, renderKubefed } from './kubefed/render.ts'
import { createMemo, type Memo } from './memo.ts'
import { namespaceMaker } from './namespaces.ts'
import { indexPrevious, type PreviousIndex } from './previous.ts'

/**
 * Renders a fleet: (source, previous generated tree, observations) → generated tree and messages. Pure: no clock, no
 * network, no disk, no randomness; same input, same bytes. What is in error, lost or unknown stays as the previous tree
 * has it. A `memo` kept between calls makes only what changed and changes no byte.
 */
export function render(input: RenderInput, memo: Memo = createMemo()): RenderOutput {
  const { source, observations } = input
  const previous = indexPrevious(input.previous)
  const held = new Set([
    ...source.holds.clusters,
    ...clustersInBrokenFiles(previous, source.holds.files, source.clusters),
  ])
  const lost = new Set(
    source.clusters.map(({ name }) => name).filter((name) => observations.clusters[name]?.reachable === false),
  )
  const frozen = new Set([...held, ...lost])
  const kubefed = renderKubefed(input, previous, held, memo)

  const files = new Map<string, GeneratedFile>()
  for (const cluster of frozen) keep(files, previous, [...previous.inCluster(cluster), clusterRecordPath(cluster)])
  const namespaces = writeCopies(files, kubefed, frozen, previous)
  const active = source.clusters.filter(({ name }) => !frozen.has(name))
  for (const { name } of active) {
    for (const object of kubefed.heldObjects) keep(files, previous, previous.ofObject(name, object))
    for (const namespace of kubefed.heldNamespaces) holdNamespace(files, previous, name, namespace)
  }
  holdBrokenFiles(files, previous, input)
  writeDecisions(files, kubefed, previous)
  for (const cluster of active) {
    files.set(
      clusterRecordPath(cluster.name),
      memo.of(cluster, [], () => formatClusterRecord(cluster)),
    )
  }
  addNamespaces(files, input, namespaces, previous)
  return { files, messages: sortMessages(kubefed.messages) }
}

/** Messages in the order in which they are printed, each once. */
export function sortMessages(messages: readonly Message[]): readonly Message[] {
  const seen = new Set<string>()
  return [...messages].sort(compareMessages).filter((message) => {
    const key = JSON.stringify([message.path, message.line, message.column, message.text])
    return !seen.has(key) && seen.add(key)
  })
}

function keep(files: Map<string, GeneratedFile>, previous: PreviousIndex, paths: readonly string[]): void {
  for (const path of paths) {
    const file = previous.file(path)
    if (file && !files.has(path)) files.set(path, file)
  }
}

/** Writes the copies of all workloads; returns the namespaces in use by cluster. */
function writeCopies(
  files: Map<string, GeneratedFile>,
  { copies }: KubefedOutput,
  frozen: ReadonlySet<string>,
  previous: PreviousIndex,
): Map<string, Set<string>> {
  const namespaces = new Map<string, Set<string>>()
  for (const { cluster, path, namespace, file } of copies) {
    if (frozen.has(cluster)) continue
    const whole = clusterFolder(cluster) + path
    const written = file ?? previous.file(whole)
    if (!written) continue
    files.set(whole, written)
    if (namespace === undefined) continue
    const used = namespaces.get(cluster)
    if (used) used.add(namespace)
    else namespaces.set(cluster, new Set([namespace]))
  }
  return namespaces
}

function holdNamespace(files: Map<string, GeneratedFile>, previous: PreviousIndex, cluster: string, namespace: string) {
  keep(files, previous, previous.ofObject(cluster, { kind: 'Namespace', namespace: undefined, name: namespace }))
  keep(files, previous, previous.inNamespace(cluster, namespace))
}

/** Of a file that cannot be read, everything that came from it stays. */
function holdBrokenFiles(files: Map<string, GeneratedFile>, previous: PreviousIndex, { source }: RenderInput): void {
  const active = new Set(source.clusters.map(({ name }) => name))
  const paths = previous.fromSources(source.holds.files).filter((path) => {
    const cluster = /^clusters\/([^/]+)\//.exec(path)?.[1]
    return cluster === undefined ? !path.startsWith('decisions/clusters/') : active.has(cluster)
  })
  keep(files, previous, paths)
}

function writeDecisions(files: Map<string, GeneratedFile>, kubefed: KubefedOutput, previous: PreviousIndex): void {
  for (const decision of kubefed.decisions) files.set(decisionPath(decision.subject), formatDecision(decision))
  const held = kubefed.heldObjects
    .filter(({ namespace }) => namespace !== undefined)
    .map(({ kind, namespace, name }) => ({ folder: `decisions/replicas/${encodeName(namespace ?? '')}/${kind}`, name }))
  for (const path of previous.decisions.keys()) {
    const [, , namespace = ''] = path.split('/')
    const stays =
      held.some(({ folder, name }) => path.startsWith(folder) && path.endsWith(`/${encodeName(name)}.yaml`)) ||
      kubefed.heldNamespaces.has(namespace)
    if (path.startsWith('decisions/replicas/') && stays) keep(files, previous, [path])
  }
}

/** A namespace stays as long as anything in it does, also what is only held. */
function addNamespaces(
  files: Map<string, GeneratedFile>,
  input: RenderInput,
  namespaces: ReadonlyMap<string, ReadonlySet<string>>,
  previous: PreviousIndex,
): void {
  const make = namespaceMaker(input.source)
  for (const [cluster, used] of namespaces) {
    for (const namespace of used) {
      const one = make(namespace)
      const path = one && clusterFolder(cluster) + one.path
      if (one && path && !files.has(path)) files.set(path, one.file)
    }
  }
  if (!previous.exists) return
  for (const path of [...files.keys()]) {
    const [top, cluster = '', folder = ''] = path.split('/')
    if (top !== 'clusters' || folder === clusterScopeFolder) continue
    keep(files, previous, [`${clusterFolder(cluster)}${clusterScopeFolder}/Namespace/${folder}.yaml`])
  }
}
