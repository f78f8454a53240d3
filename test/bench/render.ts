import { performance } from 'node:perf_hooks'
import { createMemo } from '../../render/memo.ts'
import { render } from '../../render/render.ts'
import { blobOid } from '../../repo-layout/generated/oid.ts'
import { nothingObserved, type Observations } from '../../repo-layout/observations.ts'
import { createFleetReader } from '../../repo-layout/read/reader.ts'
import type { SourceTree } from '../../repo-layout/read/tree.ts'
import { clusters, federated, fleet, preference, type Sources } from '../render/helper.ts'

/**
 * Measures a cold render of 2,000 federated objects over 50 clusters, and renders after one file changed, with the
 * tree before as the previous one. Prints milliseconds. Arguments: how many objects, how many clusters.
 */
const workloads = Number(process.argv[2] ?? 2000)
const clusterCount = Number(process.argv[3] ?? 50)

const names = Array.from({ length: clusterCount }, (_, i) => `cluster-${String(i).padStart(2, '0')}`)
const sources: Record<string, Sources[string]> = { 'flotilla.yaml': fleet, 'clusters.yaml': clusters(names) }
for (let i = 0; i < workloads; i++) sources[`apps/${i}.yaml`] = app(i, 1)
const observations: Observations = {
  ...nothingObserved,
  clusters: Object.fromEntries(names.map((name) => [name, { reachable: true, workloads: {} }])),
}

function app(i: number, version: number): string {
  const container = {
    name: 'main',
    image: `registry.example.com/app-${i}:v${version}`,
    env: [{ name: 'A', value: 'b' }],
  }
  const labels = { app: `app-${i}` }
  const template = {
    metadata: { labels },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [container] } },
    },
  }
  const overrides = names
    .filter((_, at) => at % 10 === i % 10)
    .map((clusterName) => ({ clusterName, clusterOverrides: [{ path: '/spec/replicas', value: 3 + (i % 5) }] }))
  const workload = federated(
    'Deployment',
    `app-${i}`,
    { template, placement: { clusterSelector: {} }, overrides },
    { namespace: `team-${i % 40}` },
  )
  return i % 10 === 0 ? `${workload}---\n${preference(`app-${i}`, { totalReplicas: 90 }, `team-${i % 40}`)}` : workload
}

const reader = createFleetReader()
const memo = createMemo()

/** The sources as a Git tree has them: ids are known, and only what is asked for is read. */
const oids = new Map(Object.entries(sources).map(([path, text]) => [path, blobOid(String(text))]))
const tree: SourceTree = {
  list: async () => [...oids].map(([path, oid]) => ({ path, oid, type: 'file' })),
  read: async ({ path }) => Buffer.from(String(sources[path])),
}

function change(path: string, text: string): void {
  sources[path] = text
  oids.set(path, blobOid(text))
}

async function read() {
  const { source, messages } = await reader.read(tree)
  if (!source || messages.length > 0) throw new Error(JSON.stringify(messages.slice(0, 3)))
  return source
}

async function time<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly ms: number }> {
  const start = performance.now()
  const result = await work()
  return { result, ms: performance.now() - start }
}

function say(what: string, ms: number): void {
  process.stdout.write(`${what.padEnd(40)} ${ms.toFixed(1).padStart(8)} ms\n`)
}

const cold = await time(read)
const first = await time(async () => render({ source: cold.result, previous: undefined, observations }, memo))
process.stdout.write(`${workloads} objects × ${clusterCount} clusters: ${first.result.files.size} files\n`)
say('cold: read', cold.ms)
say('cold: render', first.ms)

let output = first.result
const texts = new Map<string, string>()
const rounds: { readonly read: number; readonly render: number }[] = []
for (let round = 1; round <= 30; round++) {
  for (const [path, { text }] of output.files) if (text !== undefined) texts.set(path, text)
  const files = new Map([...output.files].map(([path, { oid }]) => [path, oid]))
  const decisions = new Map([...texts].filter(([path]) => path.startsWith('decisions/')))
  change(`apps/${round * 3}.yaml`, app(round * 3, 1 + round))
  const source = await time(read)
  const previous = { files, decisions, sourceOf: () => undefined }
  const again = await time(async () => render({ source: source.result, previous, observations }, memo))
  output = again.result
  say(`round ${round}: one file changed, read`, source.ms)
  say(`round ${round}: one file changed, render`, again.ms)
  rounds.push({ read: source.ms, render: again.ms })
}
const median = (list: readonly number[]) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0
say('cold (goal 10,000)', cold.ms + first.ms)
say('one file changed (goal 50), median', median(rounds.map((one) => one.read + one.render)))
say('one file changed, the best', Math.min(...rounds.map((one) => one.read + one.render)))
