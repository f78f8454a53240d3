import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { findBinary } from './binaries.ts'
import { buildComponents } from './build.ts'
import { kubeconfigOf } from './cluster-files.ts'
import { type Component, cacheFolder, components, findComponent } from './components.ts'
import { startControlPlanes } from './control-plane.ts'
import { removeAtExit } from './processes.ts'

const program = new Command('npm run testbed --')
  .description('Builds and starts the real components that the tests run against.')
  .addHelpText(
    'after',
    `
Components: ${components.map((component) => `${component.name} ${component.version}`).join(', ')}

Environment:
  KUBEBUILDER_ASSETS       a folder with etcd, kube-apiserver and kubectl that is used before anything built here
  FLOTILLA_TESTBED_CACHE   where built components are kept (now ${cacheFolder()})
  FLOTILLA_REQUIRE_REAL=1  npm test fails where a component is missing, instead of leaving suites out
  FLOTILLA_TESTBED_KEEP=1  keeps the data and logs of control planes that were started`,
  )

program
  .command('build')
  .description('build the components that are missing (needs Go 1.26 or newer and, once, network access)')
  .argument('[component...]', 'which ones; where none is named, all that tests need')
  .action(async (names: readonly string[]) => {
    const wanted = names.length === 0 ? components.filter(({ onlyNamed }) => !onlyNamed) : names.map(namedComponent)
    await buildComponents(wanted, say)
  })

program
  .command('up')
  .description('start member clusters and keep them until Ctrl-C')
  .argument('[count]', 'how many', parseCount, 1)
  .option('--controllers', 'let workloads get ready: adds controllers, a scheduler and one simulated node to each')
  .option('--audit', 'record the requests in audit.log beside the data of each cluster')
  .action(up)

program
  .command('where')
  .description('print which binaries were found and where')
  .action(() => {
    const width = Math.max(...components.map((component) => component.name.length))
    for (const { name, version } of components) {
      const path = findBinary(name)
      process.stdout.write(`${name.padEnd(width)}  ${path ?? `missing (npm run testbed -- build ${name})`}`)
      process.stdout.write(path === undefined ? '\n' : `  ${path.startsWith(cacheFolder()) ? version : 'yours'}\n`)
    }
  })

program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
})

function namedComponent(name: string): Component {
  const component = findComponent(name)
  if (component !== undefined) return component
  throw new Error(`no component is named "${name}": choose from ${components.map((one) => one.name).join(', ')}`)
}

function parseCount(text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1 || count > 50) throw new InvalidArgumentError('Give a number from 1 to 50.')
  return count
}

async function up(count: number, options: { controllers?: true; audit?: true }): Promise<void> {
  say(`starting ${count} control plane${count === 1 ? '' : 's'}`)
  const started = Date.now()
  const planes = await startControlPlanes(count, {
    controllers: options.controllers === true,
    audit: options.audit === true,
  })
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-testbed-'))
  removeAtExit(folder)
  const path = join(folder, 'kubeconfig')
  const entries = planes.map((plane) => ({
    name: plane.name,
    server: plane.server,
    caData: plane.caData,
    user: { name: 'admin', token: plane.token, groups: [] },
  }))
  writeFileSync(path, JSON.stringify(kubeconfigOf(entries), null, 2), { mode: 0o600 })
  for (const plane of planes) say(`${plane.name}  ${plane.server}`)
  say(`ready in ${((Date.now() - started) / 1000).toFixed(1)} s; Ctrl-C ends and removes everything`)
  process.stdout.write(`export KUBECONFIG=${path}\n`)
  // Nothing else keeps Node running: what was started must not hold up a process that is done with it.
  setInterval(() => warnOfDead(planes), 2_000)
}

const reported = new Set<string>()

async function warnOfDead(planes: Awaited<ReturnType<typeof startControlPlanes>>): Promise<void> {
  for (const plane of planes) {
    const answers = await plane.request('GET', '/livez').catch(() => undefined)
    if (answers === undefined && !reported.has(plane.name)) {
      reported.add(plane.name)
      say(`${plane.name} does not answer any more`)
    }
  }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
