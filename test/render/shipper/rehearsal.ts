import type { Charts } from '../../../render/charts.ts'
import type { PreviousTree, RenderOutput } from '../../../render/input.ts'
import { createMemo } from '../../../render/memo.ts'
import { render, sortMessages } from '../../../render/render.ts'
import { sourceOfGenerated } from '../../../repo-layout/generated/file.ts'
import { getIn, type Json, type JsonObject, type KubeObject } from '../../../repo-layout/json.ts'
import { formatMessage } from '../../../repo-layout/message.ts'
import type { ClusterObservation, Observations } from '../../../repo-layout/observations.ts'
import { createFleetReader } from '../../../repo-layout/read/reader.ts'
import { parseYaml } from '../../../repo-layout/yaml/parse.ts'
import { memoryTree, type Sources } from '../helper.ts'

/** Facts of one release in one cluster, as a test has them; what is left out is what a cluster that does all it is told says. */
export type Facts = NonNullable<ClusterObservation['releases']>[string]

/** What a cluster says of a release; undefined: it is as it should be. */
export type Tell = (release: string, cluster: string) => Facts | undefined

/** A fleet that is rendered turn by turn, each upon the tree before, with clusters that do what they are told. */
export interface Rehearsal {
  /** Begins with these files of a previous tree instead of none. */
  start(files: RenderOutput['files']): void
  /** Renders once more. */
  turn(): Promise<RenderOutput>
  /** Renders until nothing changes any more; gives what changed, a list of steps a turn. */
  settle(): Promise<readonly (readonly string[])[]>
  /** A file of the last tree, parsed; undefined where it is not there. */
  file(path: string): JsonObject | undefined
  paths(): readonly string[]
  /** The last tree: the text of each file. */
  texts(): ReadonlyMap<string, string>
  /** Takes files out of the last tree, as if they had been lost. */
  lose(is: (path: string) => boolean): void
  /** What the last render said, as it is printed. */
  said(): readonly string[]
  /** What time and checks say of releases, `namespace/name`. */
  promotions: NonNullable<Observations['rollouts']>
  sources: Sources
  tell: Tell
  lost: ReadonlySet<string>
  /** Clusters that answer, but of whose releases nothing is known. */
  mute: ReadonlySet<string>
  /** Nothing is observed at all. */
  silent: boolean
  /** What is observed, in place of clusters that do all that they are told. */
  facts: (() => Observations) | undefined
}

/** Charts that need no Helm: `render` gives the objects of a chart, by its version. */
export function testCharts(
  objects: (request: {
    readonly version: string
    readonly release: string
    readonly values: JsonObject
  }) => readonly KubeObject[],
  versions: readonly string[] = ['0.0.1', '0.0.2', '0.0.3'],
): Charts {
  return {
    resolve: ({ name, version }) =>
      versions.includes(version)
        ? { type: 'resolved', version, digest: `sha256:${name}-${version}` }
        : { type: 'failed', problem: `no chart version ${version} found`, isFinal: true },
    render: ({ chart: { version }, releaseName, values }) => ({
      type: 'rendered',
      engine: 'helm v4.2.1',
      objects: objects({ version, release: releaseName, values }),
    }),
  }
}

/** Begins a rehearsal. */
export function rehearse(sources: Sources, charts: Charts | undefined): Rehearsal {
  const memo = createMemo()
  const reader = createFleetReader()
  let previous: PreviousTree | undefined
  let texts = new Map<string, string>()
  let said: readonly string[] = []

  async function turn(): Promise<RenderOutput> {
    const { source, messages } = await reader.read(memoryTree(rehearsal.sources))
    if (!source) throw new Error(messages.map(formatMessage).join('\n'))
    const output = render({ source, previous, observations: observe(), charts }, memo)
    said = sortMessages([...messages, ...output.messages]).map(formatMessage)
    keep(output.files)
    return output
  }

  function keep(files: RenderOutput['files']): void {
    texts = new Map([...files].map(([path, { oid, text }]) => [path, text ?? textOf(path, oid)] as const))
    const now = texts
    previous = {
      files: new Map([...files].map(([path, { oid }]) => [path, oid] as const)),
      decisions: new Map([...texts].filter(([path]) => !path.startsWith('clusters/'))),
      sourceOf: (path) => sourceOfGenerated(now.get(path) ?? ''),
    }
  }

  function textOf(path: string, oid: string): string {
    const before = texts.get(path)
    if (before === undefined || previous?.files.get(path) !== oid) throw new Error(`${path} has no bytes`)
    return before
  }

  /** The facts of clusters that did all that the last tree told them. */
  function observe(): Observations {
    if (rehearsal.silent) return { clusters: {} }
    if (rehearsal.facts) return rehearsal.facts()
    const clusters: Record<string, ClusterObservation> = {}
    for (const [path, text] of texts) {
      const [, cluster = ''] = /^clusters\/([^/]+)\//.exec(path) ?? []
      if (cluster === '') continue
      clusters[cluster] ??= { reachable: !rehearsal.lost.has(cluster), releases: {} }
      const object = parse(text)
      const [app, name] = ['shipper-app', 'shipper-release'].map((label) =>
        getIn(object, ['metadata', 'labels', label]),
      )
      if (!['Deployment', 'StatefulSet'].includes(String(object.kind)) || app === undefined || typeof name !== 'string')
        continue
      const releases = clusters[cluster].releases ?? {}
      releases[`${getIn(object, ['metadata', 'namespace'])}/${name}`] = rehearsal.tell(name, cluster) ?? {
        installed: true,
        availableReplicas: Number(getIn(object, ['spec', 'replicas'])),
        trafficReady: true,
      }
    }
    for (const cluster of rehearsal.mute) clusters[cluster] = { reachable: true }
    for (const cluster of rehearsal.lost) clusters[cluster] = { reachable: false }
    return { clusters, rollouts: rehearsal.promotions }
  }

  const rehearsal: Rehearsal = {
    promotions: {},
    sources,
    tell: () => undefined,
    lost: new Set(),
    mute: new Set(),
    silent: false,
    facts: undefined,
    start: keep,
    turn,
    async settle() {
      const all: (readonly string[])[] = []
      for (let i = 0; i < 60; i++) {
        const before = JSON.stringify([...(previous?.files ?? [])].sort())
        const { steps } = await turn()
        if (JSON.stringify([...(previous?.files ?? [])].sort()) === before) return all
        all.push(steps)
      }
      throw new Error(`it never settles:\n${all.map((steps) => steps.join(', ')).join('\n')}`)
    },
    file: (path) => (texts.has(path) ? parse(texts.get(path) ?? '') : undefined),
    paths: () => [...texts.keys()].sort(),
    texts: () => texts,
    lose(is) {
      texts = new Map([...texts].filter(([path]) => !is(path)))
      if (!previous) return
      const keep = <T>(map: ReadonlyMap<string, T>) => new Map([...map].filter(([path]) => !is(path)))
      previous = { ...previous, files: keep(previous.files), decisions: keep(previous.decisions) }
    },
    said: () => said,
  }
  return rehearsal
}

const parsed = new Map<string, JsonObject>()

/** What a generated file says; most of them are read many times. */
export function parse(text: string): JsonObject {
  const known = parsed.get(text)
  if (known) return known
  const result = parseYaml(text)
  if (result.type !== 'documents') throw new Error(`no YAML:\n${text}`)
  const value = (result.documents[0]?.value ?? {}) as JsonObject & Json
  parsed.set(text, value)
  return value
}
