import { clusterFolder, clusterOfPath, clusterScopeFolder, encodeName } from '../repo-layout/generated/path.ts'
import { compareMessages, type Message } from '../repo-layout/message.ts'
import type { FleetSource } from '../repo-layout/read/assemble.ts'
import {
  clusterOfRecordPath,
  clusterRecordPath,
  clustersInBrokenFiles,
  formatClusterRecord,
  leavingRecords,
} from './clusters.ts'
import { createFileTree, type FileTree, type ObjectFiles } from './files.ts'
import type { RenderInput, RenderOutput } from './input.ts'
import { decisionPath, formatDecision, isDecisionPath } from './kubefed/decision.ts'
import { type KubefedOutput, renderKubefed } from './kubefed/render.ts'
import { createMemo, type Memo } from './memo.ts'
import { namespaceFile } from './namespaces.ts'
import { indexPrevious, lazily, type PreviousIndex } from './previous.ts'
import { renderShipper, type ShipperOutput } from './shipper/render.ts'
import { objectKey, objectOfPath, suspectedClusters, suspectedPaths } from './suspects.ts'

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
    ...suspectedClusters(previous, source),
  ])
  const lost = new Set(
    source.clusters.map(({ name }) => name).filter((name) => observations.clusters[name]?.reachable === false),
  )
  const frozen = new Set([...held, ...lost])
  const kubefed = renderKubefed(input, previous, held, memo)

  const files = createFileTree()
  const kept = new Set<string>()
  const keep = (paths: readonly string[]) => {
    for (const path of paths) {
      const file = previous.file(path)
      if (!file || files.has(path)) continue
      files.set(path, file)
      kept.add(path)
    }
  }
  writeCopies(files, kubefed, frozen, (path) => keep(previous.likePath(path)))
  const active = source.clusters.filter(({ name }) => !frozen.has(name))
  const targets = lazily(() => new Set(kubefed.targets.map(objectKey)))
  const staying = () => [
    ...active.flatMap(({ name }) => heldPaths(name, kubefed, previous)),
    ...fromBrokenFiles(previous, source),
    ...suspectedPaths(
      previous,
      source,
      kubefed.suspects,
      (path) => files.has(path) || targets().has(objectOfPath(path)),
    ),
  ]
  const isHeld = lazily(() => new Set(staying()))
  const inFrozen = lazily(() => pathsIn(frozen, kubefed))
  const shipper = renderShipper(input, {
    previous,
    frozen,
    memo,
    isTaken: (path) => files.has(path) || (frozen.size > 0 && inFrozen().has(path)),
    isHeld: (path) => isHeld().has(path),
  })
  for (const object of shipper.objects) files.add(without(object, frozen))
  for (const [path, file] of shipper.records) files.set(path, file)
  for (const cluster of frozen) keep([...previous.inCluster(cluster), clusterRecordPath(cluster)])
  const namespaces = namespacesInUse(kubefed, shipper, frozen, memo)
  keep(shipper.kept)
  keep(staying())
  writeDecisions(files, kubefed, memo)
  keep(heldDecisions(kubefed, previous, { kept, frozen, broken: source.holds.files.size > 0 }))
  for (const cluster of active) {
    files.set(
      clusterRecordPath(cluster.name),
      memo.of(cluster, [], () => formatClusterRecord(cluster)),
    )
  }
  const inventory = new Set([...source.clusters.map(({ name }) => name), ...held])
  for (const [path, record] of leavingRecords(previous, inventory, observations)) files.set(path, record)
  addNamespaces(files, source, namespaces, keep, memo)
  for (const path of kept) {
    const [top, cluster = '', folder = ''] = path.split('/')
    if (top === 'clusters' && folder !== clusterScopeFolder) keep([namespacePath(cluster, folder)])
  }
  memo.endRender()
  return {
    files,
    messages: sortMessages([...kubefed.messages, ...shipper.messages]),
    unplaced: kubefed.unplaced,
    needs: shipper.needs,
    steps: shipper.steps,
  }
}

/** Messages in the order in which they are printed, each once. */
export function sortMessages(messages: readonly Message[]): readonly Message[] {
  const seen = new Set<string>()
  return [...messages].sort(compareMessages).filter((message) => {
    const key = JSON.stringify([message.path, message.line, message.column, message.text])
    return !seen.has(key) && seen.add(key)
  })
}

/** Writes the copies of all workloads, or keeps what stays. */
function writeCopies(
  files: FileTree,
  { workloads }: KubefedOutput,
  frozen: ReadonlySet<string>,
  keepLike: (path: string) => void,
): void {
  for (const { objects } of workloads) {
    for (const object of objects) files.add(frozen.size === 0 ? object : without(object, frozen))
  }
  for (const { held, heldPath } of workloads) {
    for (const cluster of held) if (!frozen.has(cluster)) keepLike(clusterFolder(cluster) + heldPath)
  }
}

function without({ pathInCluster, byCluster }: ObjectFiles, frozen: ReadonlySet<string>): ObjectFiles {
  return { pathInCluster, byCluster: new Map([...byCluster].filter(([cluster]) => !frozen.has(cluster))) }
}

/** The clusters in which a namespace is used, by namespace. */
function namespacesInUse(
  { workloads }: KubefedOutput,
  shipper: Pick<ShipperOutput, 'namespaces'>,
  frozen: ReadonlySet<string>,
  memo: Memo,
): ReadonlyMap<string, readonly string[]> {
  const uses = new Map<string, (readonly string[])[]>()
  for (const { namespace, written } of workloads) {
    if (namespace === undefined || written.length === 0) continue
    const known = uses.get(namespace)
    if (known) known.push(written)
    else uses.set(namespace, [written])
  }
  for (const [namespace, clusters] of shipper.namespaces) {
    const known = uses.get(namespace)
    if (known) known.push(clusters)
    else uses.set(namespace, [clusters])
  }
  const out = memo.list('frozen', [...frozen])
  return new Map(
    [...uses].map(([namespace, lists]) => [
      namespace,
      memo.of(memo.list(`written ${namespace}`, lists), [out], () =>
        [...new Set(lists.flat())].filter((cluster) => !frozen.has(cluster)),
      ),
    ]),
  )
}

/** What kubefed's kinds would make in clusters whose folder stays as it is, and what stays of them there, by its path. */
function pathsIn(frozen: ReadonlySet<string>, { workloads }: KubefedOutput): ReadonlySet<string> {
  return new Set(
    workloads.flatMap(({ objects, held, heldPath }) => [
      ...objects.flatMap(({ byCluster }) => [...frozen].flatMap((cluster) => byCluster.get(cluster)?.[0] ?? [])),
      ...held.filter((cluster) => frozen.has(cluster)).map((cluster) => clusterFolder(cluster) + heldPath),
    ]),
  )
}

/** What stays in a cluster because the documents of kubefed's kinds that it came from cannot be read. */
function heldPaths(
  cluster: string,
  { heldObjects, heldNamespaces }: KubefedOutput,
  previous: PreviousIndex,
): readonly string[] {
  return [
    ...heldObjects.flatMap((object) => previous.ofObject(cluster, object)),
    ...[...heldNamespaces].flatMap((namespace) => [
      ...previous.ofObject(cluster, { kind: 'Namespace', namespace: undefined, name: namespace }),
      ...previous.inNamespace(cluster, namespace),
    ]),
  ]
}

/** Of a file that cannot be read, everything that came from it stays. */
function fromBrokenFiles(previous: PreviousIndex, source: FleetSource): readonly string[] {
  const active = new Set(source.clusters.map(({ name }) => name))
  return previous.fromSources(source.holds.files).filter((path) => {
    const cluster = clusterOfPath(path)
    return cluster === undefined ? clusterOfRecordPath(path) === undefined : active.has(cluster)
  })
}

function writeDecisions(files: FileTree, { decisions }: KubefedOutput, memo: Memo): void {
  for (const decision of decisions) {
    const [path, file] = memo.of(
      decision,
      [],
      () => [decisionPath(decision.subject), formatDecision(decision)] as const,
    )
    files.set(path, file)
  }
}

/**
 * A workload that stays as it is keeps its decision: else the next render would know of none. While a file is broken,
 * any workload that was not rendered may stand in it.
 */
function heldDecisions(
  { rendered, heldObjects, heldNamespaces }: KubefedOutput,
  previous: PreviousIndex,
  { kept, frozen, broken }: { kept: ReadonlySet<string>; frozen: ReadonlySet<string>; broken: boolean },
): readonly string[] {
  const paths = [...previous.decisions.keys()].filter(isDecisionPath)
  if (paths.length === 0) return []
  const held = new Set(heldObjects.map(objectKey))
  for (const path of kept) {
    const cluster = clusterOfPath(path)
    if (cluster !== undefined && !frozen.has(cluster)) held.add(objectOfPath(path))
  }
  if (held.size === 0 && heldNamespaces.size === 0 && !broken) return []
  const anew = new Set(rendered.map(objectKey))
  const namespaces = new Set([...heldNamespaces].map(encodeName))
  return paths.filter((path) => {
    const object = objectOfPath(path)
    const [namespace = ''] = object.split('/')
    return !anew.has(object) && (broken || held.has(object) || namespaces.has(namespace))
  })
}

/** A namespace stays as long as anything is in it. */
function addNamespaces(
  files: FileTree,
  source: FleetSource,
  namespaces: ReadonlyMap<string, readonly string[]>,
  keep: (paths: readonly string[]) => void,
  memo: Memo,
): void {
  for (const [namespace, clusters] of namespaces) {
    const file = namespaceFile(source, namespace, memo)
    const name = encodeName(namespace)
    for (const cluster of clusters) {
      const path = namespacePath(cluster, name)
      if (!file) keep([path])
      else if (!files.has(path)) files.set(path, file)
    }
  }
}

function namespacePath(cluster: string, encoded: string): string {
  return `${clusterFolder(cluster)}${clusterScopeFolder}/Namespace/${encoded}.yaml`
}
