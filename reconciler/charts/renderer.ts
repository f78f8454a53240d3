import { stat } from 'node:fs/promises'
import type { ChartRendering, ChartRequest } from '../../render/charts.ts'
import type { Clock } from '../clock.ts'
import { findHelm } from './helm/find.ts'
import { helmRunner, type RunHelm } from './helm/run.ts'
import { templateChart } from './helm/template.ts'
import { helmVersion } from './helm/version.ts'

/** What a renderer needs to find its Helm. */
export interface RendererOptions {
  readonly clock: Clock
  /** Where Helm is unpacked to, and runs. */
  readonly work: string
  readonly configured: string | undefined
  readonly path: string
  /** Called before the first render by another Helm than before. */
  readonly onNewEngine: () => void
}

/** Renders charts by whichever Helm there is. */
export interface Renderer {
  /** Renders the chart at a path. Rejects with a `ChartError`, as `findHelm` and `templateChart` do. */
  render(path: string, request: ChartRequest): Promise<Omit<Extract<ChartRendering, { type: 'rendered' }>, 'type'>>
}

interface Engine {
  readonly name: string
  readonly helm: string
  /** What its file was when it was asked for its version. */
  readonly identity: string
  readonly run: RunHelm
}

/** Makes a renderer. Helm is looked for with the first chart, and asked for its version again when its file has changed. */
export function createRenderer(options: RendererOptions): Renderer {
  let engine: Engine | undefined
  let opening: Promise<Engine> | undefined

  async function open(): Promise<Engine> {
    const { configured, path, work, clock } = options
    const helm = await findHelm({ configured, path, cacheFolder: work })
    const identity = await identityOf(helm)
    const run = helmRunner(helm, work, clock)
    return { name: await helmVersion(helm, run), helm, identity, run }
  }

  async function current(): Promise<Engine> {
    if (engine && (await identityOf(engine.helm)) === engine.identity) return engine
    opening ??= open().finally(() => {
      opening = undefined
    })
    const found = await opening
    if (engine && found.name !== engine.name) options.onNewEngine()
    engine = found
    return found
  }

  return {
    async render(path, request) {
      const { name, run } = await current()
      return { engine: name, objects: await templateChart(path, request, run) }
    },
  }
}

/** Says whether a program is still the same; a program that is gone is another one. */
async function identityOf(path: string): Promise<string> {
  return stat(path).then(
    ({ mtimeMs, size, ino }) => [mtimeMs, size, ino].join(' '),
    () => '',
  )
}
