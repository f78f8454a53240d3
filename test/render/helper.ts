import type { PreviousTree, RenderOutput } from '../../render/input.ts'
import type { Memo } from '../../render/memo.ts'
import { render, sortMessages } from '../../render/render.ts'
import { sourceOfGenerated } from '../../repo-layout/generated/file.ts'
import { blobOid } from '../../repo-layout/generated/oid.ts'
import { getIn, type Json, type JsonPath } from '../../repo-layout/json.ts'
import { formatMessage, type Message } from '../../repo-layout/message.ts'
import { nothingObserved, observationsSchema } from '../../repo-layout/observations.ts'
import { createFleetReader, type FleetReader } from '../../repo-layout/read/reader.ts'
import type { SourceTree } from '../../repo-layout/read/tree.ts'
import { parseYaml } from '../../repo-layout/yaml/parse.ts'
import { stringifyYaml } from '../../repo-layout/yaml/stringify.ts'

/** Contents of a source by path; a link is written `{ link: target }`. */
export type Sources = Readonly<Record<string, string | Uint8Array | { readonly link: string }>>

/** The smallest Fleet. */
export const fleet = 'apiVersion: flotilla.dev/v1alpha1\nkind: Fleet\nmetadata: {name: prod}\n'

/** Inventory documents of kubefed, one for each name; labels by name. */
export function clusters(names: readonly string[], labels: Readonly<Record<string, Json>> = {}): string {
  return documents(
    names.map((name) => ({
      apiVersion: 'core.kubefed.io/v1beta1',
      kind: 'KubeFedCluster',
      metadata: { name, namespace: 'kube-federation-system', ...(labels[name] ? { labels: labels[name] } : {}) },
    })),
  )
}

/** Values as one YAML text. */
export function documents(values: readonly Json[]): string {
  return values.map((value) => stringifyYaml(value)).join('---\n')
}

/** A federated workload of today's kubefed. */
export function federated(kind: string, name: string, spec: Json, more: { readonly namespace?: string } = {}): string {
  const metadata = { name, namespace: more.namespace ?? 'shop' }
  return stringifyYaml({ apiVersion: 'types.kubefed.io/v1beta1', kind: `Federated${kind}`, metadata, spec })
}

/** A ReplicaSchedulingPreference in namespace `shop`. */
export function preference(name: string, spec: Json, namespace = 'shop'): string {
  return stringifyYaml({
    apiVersion: 'scheduling.kubefed.io/v1alpha1',
    kind: 'ReplicaSchedulingPreference',
    metadata: { name, namespace },
    spec: { targetKind: 'FederatedDeployment', ...(spec as object) },
  })
}

/** A source tree in memory; `reads` counts how often each file was read. */
export function memoryTree(sources: Sources, reads: Map<string, number> = new Map()): SourceTree {
  const bytesOf = (path: string) => {
    const content = sources[path]
    if (content === undefined) throw new Error(`${path} is not there`)
    if (content instanceof Uint8Array) return content
    return Buffer.from(typeof content === 'string' ? content : content.link)
  }
  return {
    list: async () =>
      Object.entries(sources).map(([path, content]) => ({
        path,
        oid: blobOid(bytesOf(path)),
        type: typeof content === 'object' && 'link' in content ? 'link' : 'file',
      })),
    async read({ path }) {
      reads.set(path, (reads.get(path) ?? 0) + 1)
      return bytesOf(path)
    },
  }
}

/** A rendered source: its files as text, and what was said. */
export interface Rendered {
  /** Texts by path; undefined where nothing was rendered. */
  readonly files: ReadonlyMap<string, string> | undefined
  readonly output: RenderOutput | undefined
  readonly messages: readonly Message[]
  /** The messages as they are printed. */
  readonly lines: readonly string[]
  /** The exit code that the command would have. */
  readonly exit: 0 | 1 | 2
}

/** What a render starts from, beside the source. */
export interface RenderFrom {
  readonly previous?: Rendered
  readonly observations?: unknown
  readonly memo?: Memo
  readonly reader?: FleetReader
}

/** Renders sources in memory. */
export async function renderSources(sources: Sources, from: RenderFrom = {}): Promise<Rendered> {
  const reading = await (from.reader ?? createFleetReader()).read(memoryTree(sources))
  const before = from.previous?.files
  const output =
    reading.source &&
    render(
      {
        source: reading.source,
        previous: before && previousOf(before),
        observations: from.observations ? observationsSchema.parse(from.observations) : nothingObserved,
      },
      from.memo,
    )
  const messages = sortMessages([...reading.messages, ...(output?.messages ?? [])])
  const isError = messages.some(({ severity }) => severity === 'error')
  const files = output && new Map([...output.files].map(([path, { text }]) => [path, text ?? before?.get(path) ?? '']))
  return { files, output, messages, lines: messages.map(formatMessage), exit: files ? (isError ? 1 : 0) : 2 }
}

/** A fleet of `clusters` named cluster1 to cluster3 (label `n`) with more files. */
export async function renderFleet(sources: Sources, from: RenderFrom = {}): Promise<Rendered> {
  return renderSources({ ...base, ...sources }, from)
}

const names = ['cluster1', 'cluster2', 'cluster3']

/** The Fleet and inventory that `renderFleet` adds to. */
export const base: Sources = {
  'flotilla.yaml': fleet,
  'clusters.yaml': clusters(names, {
    cluster1: { n: '1', odd: 'yes' },
    cluster2: { n: '2' },
    cluster3: { n: '3', odd: 'yes' },
  }),
}

/** Texts of a generated tree as the previous tree of a render. */
export function previousOf(files: ReadonlyMap<string, string>): PreviousTree {
  return {
    files: new Map([...files].map(([path, text]) => [path, blobOid(text)])),
    decisions: new Map([...files].filter(([path]) => !path.startsWith('clusters/'))),
    sourceOf: (path) => sourceOfGenerated(files.get(path) ?? ''),
  }
}

/** A value of a rendered file; undefined where file or value are not there. */
export function valueIn({ files }: Rendered, path: string, at: JsonPath = []): Json | undefined {
  const text = files?.get(path)
  const parsed = text === undefined ? undefined : parseYaml(text)
  return parsed?.type === 'documents' ? getIn(parsed.documents[0]?.value, at) : undefined
}

/** The clusters that have a file at a path below their folder. */
export function clustersWith({ files }: Rendered, path: string): string[] {
  const found = [...(files?.keys() ?? [])].flatMap((file) => {
    const match = /^clusters\/([^/]+)\/(.+)$/.exec(file)
    return match?.[2] === path && match[1] !== undefined ? [match[1]] : []
  })
  return found.sort()
}

/** `spec.replicas` of a Deployment in namespace `shop` by cluster. */
export function replicasOf(rendered: Rendered, name: string, namespace = 'shop'): Record<string, Json | undefined> {
  const path = `${namespace}/Deployment.apps/${name}.yaml`
  return Object.fromEntries(
    clustersWith(rendered, path).map((cluster) => [
      cluster,
      valueIn(rendered, `clusters/${cluster}/${path}`, ['spec', 'replicas']),
    ]),
  )
}

/** The files of one cluster, for comparing. */
export function folderOf({ files }: Rendered, cluster: string): Record<string, string> {
  return Object.fromEntries([...(files ?? [])].filter(([path]) => path.startsWith(`clusters/${cluster}/`)).sort())
}
