import { performance } from 'node:perf_hooks'
import { createMemo } from '../../render/memo.ts'
import { render } from '../../render/render.ts'
import { nothingObserved, type Observations } from '../../repo-layout/observations.ts'
import { createFleetReader } from '../../repo-layout/read/reader.ts'
import { clusters, documents, federated, fleet, memoryTree, preference, type Sources } from '../render/helper.ts'

/**
 * Measures a cold render of 2,000 federated objects over 50 clusters, and renders after one file changed, with the
 * tree before as the previous one. Prints milliseconds.
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
const time = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
  const start = performance.now()
  const result = await work()
  process.stdout.write(`${what.padEnd(46)} ${(performance.now() - start).toFixed(1)} ms\n`)
  return result
}

async function read() {
  const { source, messages } = await reader.read(memoryTree(sources))
  if (!source || messages.length > 0) throw new Error(JSON.stringify(messages.slice(0, 3)))
  return source
}

const cold = await time(`cold: ${workloads} objects × ${clusterCount} clusters, read`, read)
let output = await time('cold: render', async () => render({ source: cold, previous: undefined, observations }, memo))
process.stdout.write(`${output.files.size} files, ${documents([]).length + output.messages.length} messages\n`)
const texts = new Map<string, string>()
for (let round = 1; round <= 30; round++) {
  for (const [path, { text }] of output.files) if (text !== undefined) texts.set(path, text)
  const files = new Map([...output.files].map(([path, { oid }]) => [path, oid]))
  const decisions = new Map([...texts].filter(([path]) => path.startsWith('decisions/')))
  sources[`apps/${round * 3}.yaml`] = app(round * 3, 1 + round)
  const source = await time(`round ${round}: one file changed, read`, read)
  const previous = { files, decisions, sourceOf: () => undefined }
  output = await time(`round ${round}: one file changed, render`, async () =>
    render({ source, previous, observations }, memo),
  )
}
