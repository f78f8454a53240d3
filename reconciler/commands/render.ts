import { readFile } from 'node:fs/promises'
import { relative, resolve, sep } from 'node:path'
import type { PreviousTree } from '../../render/input.ts'
import { createMemo } from '../../render/memo.ts'
import { render, sortMessages } from '../../render/render.ts'
import { sourceOfGenerated } from '../../repo-layout/generated/file.ts'
import { type GeneratedFolder, readGeneratedFolder, writeGeneratedFolder } from '../../repo-layout/generated/folder.ts'
import { formatMessage, hasErrors, type Message } from '../../repo-layout/message.ts'
import { nothingObserved, type Observations, observationsSchema } from '../../repo-layout/observations.ts'
import { folderTree } from '../../repo-layout/read/folder.ts'
import { createFleetReader } from '../../repo-layout/read/reader.ts'
import type { SourceTree } from '../../repo-layout/read/tree.ts'
import { chartFolderTree } from '../charts/source-folder.ts'
import { systemClock } from '../clock.ts'
import { renderAnswered } from '../cycle/render-answered.ts'
import { openCharts } from '../run/charts.ts'
import type { Terminal } from './terminal.ts'

/** Exit codes of `validate` and `render`: fine, errors in the source (the rest is written), nothing written. */
export type RenderExit = 0 | 1 | 2

/** `flotilla validate --source DIR`: says everything that `render` would say about the source, and writes nothing. */
export async function validateCommand(options: { readonly source: string }, terminal: Terminal): Promise<RenderExit> {
  const reading = await createFleetReader().read(folderTree(resolve(options.source)))
  const output =
    reading.source && render({ source: reading.source, previous: undefined, observations: nothingObserved })
  const messages = [...reading.messages, ...(output?.messages ?? [])]
  const count = report(messages, terminal)
  const clusters = reading.source?.clusters.length ?? 0
  const workloads = reading.source?.federated.length ?? 0
  const applications = reading.source?.rollouts.applications.length ?? 0
  const parts = [
    `${clusters} ${plural(clusters, 'cluster')}`,
    ...(applications > 0 ? [`${applications} ${plural(applications, 'application')}`] : []),
    `${workloads} federated ${plural(workloads, 'object')}`,
  ]
  terminal.note(`${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}: ${count}`)
  return reading.source ? (hasErrors(messages) ? 1 : 0) : 2
}

/** Options of `flotilla render`; all are folders but the observations, a JSON file. */
export interface RenderOptions {
  readonly source: string
  readonly out: string
  readonly previous?: string
  readonly observations?: string
  /** A Helm repository on disk that stands for every other: nothing is read from the network then. */
  readonly charts?: string
}

/** `flotilla render`: writes the generated tree of a source folder; messages go to stderr, sorted. */
export async function renderCommand(
  options: RenderOptions,
  terminal: Terminal,
  env: NodeJS.ProcessEnv = process.env,
): Promise<RenderExit> {
  let previous: GeneratedFolder | undefined
  let observations: Observations
  try {
    previous = options.previous === undefined ? undefined : await readPrevious(resolve(options.previous))
    observations = options.observations === undefined ? nothingObserved : await readObservations(options.observations)
  } catch (error) {
    terminal.fail(reasonOf(error))
    return 2
  }
  const written = [options.out, options.previous].filter((folder) => folder !== undefined)
  const tree = leaveOut(folderTree(resolve(options.source)), options.source, written)
  const reading = await createFleetReader().read(tree)
  if (!reading.source) {
    terminal.note(`nothing was written: ${report(reading.messages, terminal)}`)
    return 2
  }
  const { source } = reading
  const charts = openCharts(env, systemClock, options.charts === undefined ? undefined : resolve(options.charts))
  const output = await renderAnswered(
    { source, previous: previous && previousTree(previous), observations },
    createMemo(),
    charts.at({ charts: source.fleet.spec.charts, source: chartFolderTree(resolve(options.source)) }),
  ).finally(() => charts.close())
  const messages = [...reading.messages, ...output.messages]
  const count = report(messages, terminal)
  try {
    await writeGeneratedFolder(resolve(options.out), output.files, previous)
  } catch (error) {
    terminal.fail(`nothing was written: ${reasonOf(error)}`)
    return 2
  }
  const objects = [...output.files.keys()].filter((path) => path.startsWith('clusters/')).length
  terminal.note(`${objects} ${plural(objects, 'object')} written to ${options.out}: ${count}`)
  return hasErrors(messages) ? 1 : 0
}

/** A generated folder as the previous tree of a render. */
function previousTree({ files, texts }: GeneratedFolder): PreviousTree {
  return {
    files,
    decisions: new Map([...texts].filter(([path]) => /^(decisions|rollouts)\//.test(path))),
    sourceOf: (path) => sourceOfGenerated(texts.get(path) ?? ''),
  }
}

/** A generated tree that lies in the source is no part of it: else the next render would read what this one writes. */
function leaveOut(tree: SourceTree, source: string, folders: readonly string[]): SourceTree {
  const inside = folders.map((folder) => relative(resolve(source), resolve(folder)).split(sep).join('/'))
  const left = inside.filter((path) => path !== '' && path !== '..' && !path.startsWith('../'))
  if (left.length === 0) return tree
  return {
    list: async () => (await tree.list()).filter(({ path }) => !left.some((folder) => path.startsWith(`${folder}/`))),
    read: (entry) => tree.read(entry),
  }
}

async function readPrevious(root: string): Promise<GeneratedFolder> {
  try {
    return await readGeneratedFolder(root)
  } catch (error) {
    throw new Error(`the previous tree cannot be read, and must not be taken for empty: ${reasonOf(error)}`)
  }
}

async function readObservations(path: string): Promise<Observations> {
  const text = await readFile(path, 'utf8').catch((error) => {
    throw new Error(`the observations cannot be read: ${reasonOf(error)}`)
  })
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new Error(`${path} is not JSON: ${reasonOf(error)}`)
  }
  const result = observationsSchema.safeParse(json)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new Error(`${path}: ${issue?.path.join('.')}: ${issue?.message}`)
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Prints the messages, sorted; returns them counted in words. */
function report(messages: readonly Message[], terminal: Terminal): string {
  const sorted = sortMessages(messages)
  for (const message of sorted) terminal.message(message, formatMessage(message))
  const errors = sorted.filter(({ severity }) => severity === 'error').length
  const warnings = sorted.length - errors
  return `${errors} ${plural(errors, 'error')}, ${warnings} ${plural(warnings, 'warning')}`
}

function plural(count: number, noun: string): string {
  return count === 1 ? noun : `${noun}s`
}
