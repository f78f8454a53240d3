import { spawn } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { findBinary } from './binaries.ts'
import { type Component, componentFolder, moduleFolder } from './components.ts'

/** Takes one line of progress, without its line end. */
export type Progress = (line: string) => void

/**
 * Builds the components that are not there yet, one after the other: `go build` uses every core by itself. Each
 * appears in the cache whole or not at all. Throws with the end of Go's output where one cannot be built.
 */
export async function buildComponents(wanted: readonly Component[], progress: Progress): Promise<void> {
  const missing = wanted.filter((component) => findBinary(component.name) === undefined)
  for (const component of wanted) {
    const found = findBinary(component.name)
    if (found !== undefined) progress(`${component.name}: there already, ${found}`)
  }
  for (const [i, component] of missing.entries()) {
    const label = `[${i + 1}/${missing.length}] ${component.name} ${component.version}`
    progress(`${label}: building`)
    const started = Date.now()
    const ticker = setInterval(() => progress(`${label}: still building, ${seconds(started)}`), 30_000)
    try {
      await buildComponent(component)
    } finally {
      clearInterval(ticker)
    }
    progress(`${label}: built in ${seconds(started)}`)
  }
}

async function buildComponent(component: Component): Promise<void> {
  const target = componentFolder(component)
  mkdirSync(dirname(target), { recursive: true })
  const work = mkdtempSync(join(dirname(target), `.${basename(target)}-`))
  try {
    if (component.package !== undefined) await buildProgram(component, component.package, work)
    await copyData(component, work)
    moveInto(work, target, component.package === undefined ? '' : component.name)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

async function buildProgram(component: Component, of: string, target: string): Promise<void> {
  await go(component, [
    'build',
    '-mod=readonly',
    '-trimpath',
    '-buildvcs=false',
    ...(component.tags === undefined ? [] : ['-tags', component.tags.join(' ')]),
    '-ldflags',
    ['-s -w', ...Object.entries(component.stamps ?? {}).map(([name, value]) => `-X ${name}=${value}`)].join(' '),
    '-o',
    join(target, component.name),
    of,
  ])
}

async function copyData(component: Component, target: string): Promise<void> {
  for (const { module, folders } of component.data ?? []) {
    await go(component, ['mod', 'download', module])
    const source = (await go(component, ['list', '-m', '-f', '{{.Dir}}', module])).trim()
    for (const folder of folders) {
      cpSync(join(source, folder), join(target, folder), { recursive: true })
      makeRemovable(join(target, folder))
    }
  }
}

function makeRemovable(folder: string): void {
  // Go's module cache is read-only, and the copy took that over: nobody but root could remove it again.
  chmodSync(folder, 0o755)
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) makeRemovable(join(folder, entry.name))
  }
}

function moveInto(work: string, target: string, binary: string): void {
  // A folder without its binary is what an interrupted clean-up leaves; rename needs the place free.
  if (existsSync(target) && !existsSync(join(target, binary))) rmSync(target, { recursive: true, force: true })
  try {
    renameSync(work, target)
  } catch (error) {
    // Another process built the same component meanwhile: its result is as good as ours.
    if (!existsSync(join(target, binary))) throw error
  }
}

function go(component: Component, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('go', args, {
      cwd: moduleFolder(component),
      env: { ...process.env, CGO_ENABLED: component.cgo === true ? '1' : '0', GOFLAGS: '', GOWORK: 'off' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let out = ''
    let errors = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors = (errors + text).slice(-8_000)
    })
    child.once('error', (error: NodeJS.ErrnoException) => reject(error.code === 'ENOENT' ? goIsMissing() : error))
    child.once('close', (code) => {
      if (code === 0) resolve(out)
      else reject(new Error(`go ${args[0]} of ${component.name} ended with code ${code}:\n${errors}`))
    })
  })
}

function goIsMissing(): Error {
  return new Error(
    'Go is not on the PATH. Install Go 1.26 or newer, or set KUBEBUILDER_ASSETS to a folder that holds the binaries.',
  )
}

function seconds(since: number): string {
  return `${Math.round((Date.now() - since) / 1000)} s`
}
