import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createChartEngine } from '../../../reconciler/charts/engine.ts'
import type { ChartEngine, ChartEngineOptions, ChartView } from '../../../reconciler/charts/types.ts'
import { systemClock } from '../../../reconciler/clock.ts'
import type { ChartRef, ChartRendering, ChartRequest, ChartResolution } from '../../../render/charts.ts'
import { findBinary } from '../../testbed/binaries.ts'
import { startServer, type TestServer } from './server.ts'

/** Folders and engines of a suite, all gone after it. */
export interface ChartWorld {
  /** A folder of the suite. */
  readonly folder: string
  engine(options?: Partial<ChartEngineOptions>): ChartEngine
  /** A web server of the suite. */
  serve(answer: TestServer['answer']): Promise<TestServer>
  clean(): Promise<void>
}

/** Makes a place for engines, each of which has its own cache unless it is told another. */
export function chartWorld(): ChartWorld {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-charts-'))
  const engines: ChartEngine[] = []
  const servers: TestServer[] = []
  return {
    folder,
    engine(options = {}) {
      const cacheFolder = join(folder, `cache-${engines.length}`)
      const helm = { configured: findBinary('helm') }
      const engine = createChartEngine({ cacheFolder, clock: systemClock, random: () => 0.5, helm, ...options })
      engines.push(engine)
      return engine
    },
    async serve(answer) {
      const server = await startServer(answer)
      servers.push(server)
      return server
    },
    async clean() {
      await Promise.all(engines.map((engine) => engine.close()))
      for (const server of servers) await server.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Asks a view for a chart until it knows, as a render does. */
export async function resolve(view: ChartView, ref: ChartRef): Promise<ChartResolution | undefined> {
  if (!view.known.resolve(ref)) await view.fulfil([{ type: 'resolve', ref }])
  return view.known.resolve(ref)
}

/** Why a chart was not found, to be compared with what should be said. */
export function problemOf(answer: ChartResolution | undefined): string {
  return answer?.type === 'failed' ? answer.problem : `none, but ${JSON.stringify(answer)}`
}

/** Asks a view for a rendering until it knows. */
export async function render(view: ChartView, request: ChartRequest): Promise<ChartRendering | undefined> {
  if (!view.known.render(request)) await view.fulfil([{ type: 'render', request }])
  return view.known.render(request)
}

/** Resolves a chart and renders it with some defaults. */
export async function resolveAndRender(
  view: ChartView,
  ref: ChartRef,
  request: Partial<ChartRequest> = {},
): Promise<ChartRendering | undefined> {
  const found = await resolve(view, ref)
  if (found?.type !== 'resolved') throw new Error(found?.problem ?? 'nothing is known')
  const chart = { ...ref, version: found.version, digest: found.digest }
  return render(view, { chart, releaseName: 'web-1', namespace: 'shop', values: {}, ...request })
}
