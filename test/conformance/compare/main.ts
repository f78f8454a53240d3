import { Command, InvalidArgumentError } from 'commander'
import fc from 'fast-check'
import { startSandbox } from '../../../deploy/sandbox/start.ts'
import { apiClient } from '../../testbed/api-client.ts'
import { startControlPlane } from '../../testbed/control-plane.ts'
import { widgetDefinition } from '../objects.ts'
import { eventually, type Target } from '../target.ts'
import { conversationsOf } from './generate.ts'
import { kinds } from './operations.ts'
import { type Counter, converse, Difference, type Pair } from './run.ts'

const group = 'compare.flotilla.dev'

const program = new Command('npm run compare --')
  .description('Asks the sandbox and a real kube-apiserver the same random requests and compares their answers.')
  .option('--minutes <n>', 'how long', positive, 20)
  .option('--seed <n>', 'begin with the requests of an earlier run', positive)
  .option('--kind <kind>', 'ask about this kind alone', known)
  .option('--all', 'go on after a difference, and print each kind of difference once')
  .action(compare)

program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
})

function positive(text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new InvalidArgumentError('a number above 0')
  return value
}

function known(text: string): string {
  if (kinds.some(({ name }) => name === text)) return text
  throw new InvalidArgumentError(`one of ${kinds.map(({ name }) => name).join(', ')}`)
}

interface Options {
  readonly minutes: number
  readonly seed?: number
  readonly kind?: string
  readonly all?: true
}

async function compare({ minutes, seed = Date.now() % 2 ** 31, kind, all }: Options): Promise<void> {
  const sandbox = await startSandbox({ clusters: [{ name: 'sandbox', controllers: false, nodes: [] }] })
  const real = await startControlPlane({ name: 'real' })
  const conversations = conversationsOf(kind === undefined ? kinds : kinds.filter(({ name }) => name === kind))
  const counter: Counter = { requests: 0, watches: 0, namespaces: 0 }
  const until = Date.now() + minutes * 60_000
  let found = 0
  try {
    const [cluster] = sandbox.clusters
    if (!cluster) throw new Error('no cluster')
    const ca = Buffer.from(cluster.caData, 'base64').toString()
    const ours: Target = { ...cluster, request: apiClient({ server: cluster.server, ca, token: cluster.token }) }
    const pair: Pair = { sandbox: ours, real, group }
    await define(pair)
    for (let round = seed; Date.now() < until; round++) {
      const result = await fc.check(
        fc.asyncProperty(conversations, (conversation) => converse(pair, conversation, counter)),
        { seed: round, numRuns: 100, interruptAfterTimeLimit: Math.max(1, until - Date.now()), endOnFailure: false },
      )
      const error = result.errorInstance
      if (!result.failed || result.counterexample === null) continue
      found++
      const text = error instanceof Difference ? error.message : String(error instanceof Error ? error.stack : error)
      process.stdout.write(`difference (--seed ${round}):\n${text}\n\n`)
      if (!all) break
    }
  } finally {
    await Promise.all([sandbox.stop(), real.stop()])
  }
  const { requests, namespaces, watches } = counter
  process.stdout.write(
    `${requests} requests in ${namespaces} conversations, ${watches} of them watched, from seed ${seed}: ${found} differences\n`,
  )
  if (found > 0) process.exitCode = 1
}

async function define({ sandbox, real }: Pair): Promise<void> {
  for (const target of [sandbox, real]) {
    await target.request('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', widgetDefinition(group))
    await eventually(
      () => target.request('GET', `/apis/${group}/v1/namespaces/default/widgets`),
      ({ status }) => status === 200,
    )
  }
}
