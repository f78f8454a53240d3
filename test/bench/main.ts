import { writeFileSync } from 'node:fs'
import { Command, InvalidArgumentError } from 'commander'
import { findBinary } from '../testbed/binaries.ts'
import { buildComponents } from '../testbed/build.ts'
import { findComponent } from '../testbed/components.ts'
import { type ApplyRowName, applyRowNames, applyRows } from './apply/rows.ts'
import { writeDocs } from './docs.ts'
import { coldFleetRows } from './fleet/cold.ts'
import { idleFleetRows } from './fleet/idle.ts'
import { gitRows } from './git-row.ts'
import { thisMachine } from './machine.ts'
import { renderRows } from './render-row.ts'
import { textReport } from './report.ts'
import { type Result, type Row, resultText } from './result.ts'

const groups = ['apply', 'render', 'git', 'clusters', 'fleet'] as const
type Name = ApplyRowName | (typeof groups)[number]

interface Settings {
  readonly clusters: number
  readonly objects: number
  readonly runs: number
  readonly drifts: number
  readonly idle: number
  readonly renderObjects: number
  readonly renderClusters: number
  readonly gitFiles: number
  readonly sandboxClusters: number
  readonly fleetClusters: number
  readonly fleetObjects: number
}

interface Flags extends Partial<Settings> {
  readonly quick?: true
  readonly peer: boolean
  readonly json?: string
  readonly docs?: true
  readonly profile?: string
}

const whole: Settings = {
  clusters: 3,
  objects: 400,
  runs: 5,
  drifts: 200,
  idle: 30,
  renderObjects: 2000,
  renderClusters: 50,
  gitFiles: 20_000,
  sandboxClusters: 1000,
  fleetClusters: 200,
  fleetObjects: 100,
}
const quick: Settings = {
  clusters: 2,
  objects: 40,
  runs: 2,
  drifts: 20,
  idle: 3,
  renderObjects: 200,
  renderClusters: 10,
  gitFiles: 1000,
  sandboxClusters: 20,
  fleetClusters: 10,
  fleetObjects: 10,
}
const sizes = Object.keys(whole) as readonly (keyof Settings)[]
/** Slow rows that vary little are run so often at most. */
const fewRuns = 3

const program = new Command('npm run bench --')
  .description('Measures Flotilla beside what the machine could do at best and beside Flux, all in the same run.')
  .argument('[row...]', `which rows: ${[...groups, ...applyRowNames].join(', ')}; all where none is named`, oneMore)
  .option('--quick', 'a small fleet and few runs: whether it works, not how fast it is')
  .option('--clusters <n>', `real member clusters (${whole.clusters})`, count)
  .option('--objects <n>', `objects in each of them (${whole.objects})`, count)
  .option('--runs <n>', `runs that the median is taken of (${whole.runs})`, count)
  .option('--drifts <n>', `objects changed by hand (${whole.drifts})`, count)
  .option('--idle <seconds>', `how long nothing changes (${whole.idle})`, count)
  .option('--render-objects <n>', `federated objects that are rendered (${whole.renderObjects})`, count)
  .option('--render-clusters <n>', `clusters that they are rendered for (${whole.renderClusters})`, count)
  .option('--git-files <n>', `files of the Git rows (${whole.gitFiles})`, count)
  .option(
    '--sandbox-clusters <n>',
    `sandbox clusters that idle with a daemon on them (${whole.sandboxClusters})`,
    count,
  )
  .option('--fleet-clusters <n>', `sandbox clusters of the fleet from cold (${whole.fleetClusters})`, count)
  .option('--fleet-objects <n>', `objects in each of them (${whole.fleetObjects})`, count)
  .option('--no-peer', 'leave Flux out')
  .option('--json <file>', 'also write all that was measured, each run of it, as JSON')
  .option('--profile <dir>', 'write CPU profiles of the daemon there')
  .option('--docs', 'also write docs/performance.json and the tables of docs/performance.md')
  .addHelpText(
    'after',
    `
Data goes to stdout, progress to stderr. It starts real etcd, kube-apiserver and Flux's kustomize-controller and builds those
that are missing (npm run testbed -- where); that needs Go, some minutes and, once, the network.

Examples:
  npm run bench
  npm run bench -- --quick
  npm run bench -- bulk one --runs 3 --json result.json`,
  )
  .action(measure)

// What is measured runs in programs that do not keep this one alive while it waits for them.
const awake = setInterval(() => undefined, 60_000)
program
  .parseAsync()
  .finally(() => clearInterval(awake))
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exit(1)
  })

async function measure(names: readonly Name[] = [], flags: Flags): Promise<void> {
  const settings = settingsOf(flags)
  const wanted = new Set<Name>(names.length === 0 ? groups : names)
  const applied = applyRowNames.filter((name) => wanted.has('apply') || wanted.has(name))
  const machine = thisMachine()
  const rows: Row[] = []
  const components: Record<string, string> = {}
  if (applied.length > 0) {
    const needed = ['etcd', 'kube-apiserver', ...(flags.peer ? ['kustomize-controller'] : [])]
    await build(needed)
    for (const name of needed) components[name] = findComponent(name)?.version ?? ''
    const { clusters, objects, runs, drifts, idle } = settings
    const apply = {
      clusters,
      count: objects,
      runs,
      drifts,
      idleSeconds: idle,
      withPeer: flags.peer,
      profile: flags.profile,
    }
    rows.push(...(await applyRows(applied, apply, say)))
  }
  if (wanted.has('render')) {
    const { renderObjects: objects, renderClusters: clusters, runs } = settings
    rows.push(...(await renderRows({ objects, clusters, runs: Math.min(runs, fewRuns) }, say)))
  }
  if (wanted.has('git'))
    rows.push(...(await gitRows({ files: settings.gitFiles, runs: Math.min(settings.runs, fewRuns) }, say)))
  const { profile } = flags
  if (wanted.has('clusters')) {
    const { sandboxClusters: clusters, idle: idleSeconds } = settings
    rows.push(...(await idleFleetRows({ clusters, idleSeconds, profile }, say)))
  }
  if (wanted.has('fleet')) {
    const { fleetClusters: clusters, fleetObjects: objects, runs } = settings
    rows.push(...(await coldFleetRows({ clusters, objects, runs, profile }, say)))
  }

  const result: Result = {
    at: new Date().toISOString(),
    machine,
    components,
    settings: { ...settings },
    // What is reached with a small fleet says nothing about a goal.
    rows: isWhole(settings) ? rows : rows.map(({ goal: _, ...row }) => row),
  }
  process.stdout.write(textReport(result))
  if (flags.json !== undefined) writeFileSync(flags.json, resultText(result))
  if (flags.docs) writeDocs(result)
}

function settingsOf(flags: Flags): Settings {
  const base = flags.quick ? quick : whole
  const own = sizes.map((name) => [name, flags[name] ?? base[name]])
  return Object.fromEntries(own) as Settings
}

function isWhole(settings: Settings): boolean {
  return sizes.every((name) => name === 'runs' || name === 'idle' || settings[name] >= whole[name])
}

async function build(names: readonly string[]): Promise<void> {
  const missing = names.filter((name) => findBinary(name) === undefined).map(findComponent)
  await buildComponents(
    missing.filter((component) => component !== undefined),
    say,
  )
}

function oneMore(name: string, before: readonly Name[] | undefined): readonly Name[] {
  const known = [...groups, ...applyRowNames].find((one) => one === name)
  if (known === undefined) throw new InvalidArgumentError(`Choose from ${[...groups, ...applyRowNames].join(', ')}.`)
  return [...(before ?? []), known]
}

function count(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('Give a whole number from 1 on.')
  return value
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
