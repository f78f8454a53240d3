import { join, resolve } from 'node:path'
import type { ChartNeed, ChartRendering, ChartRequest, ChartResolution } from '../../render/charts.ts'
import { eachOf } from '../each-of.ts'
import { ChartError, messageOf } from './error.ts'
import { createFinder, type Revision } from './finder.ts'
import { needKey, refKey, requestKey } from './keys.ts'
import { createMemory, type Memory } from './memory.ts'
import { createRenderer } from './renderer.ts'
import type { ChartEngine, ChartEngineOptions, ChartRevision, ChartView } from './types.ts'

/** How long answers about versions count, in milliseconds. */
const resolutionAges = { success: 60_000, final: 600_000 }
/** A chart that is known by its digest renders to the same, or fails alike, for ever. */
const forEver = { success: Number.POSITIVE_INFINITY, final: Number.POSITIVE_INFINITY }

/** Makes an engine; as a view it is that of a Fleet without mirrors. Reads and starts nothing before it is asked to. */
export function createChartEngine(options: ChartEngineOptions): ChartEngine {
  const { clock, random = Math.random, width = 4 } = options
  // Helm runs in another folder.
  const cacheFolder = resolve(options.cacheFolder)
  const finder = createFinder({ ...options, cacheFolder })
  const renderings = createMemory<ChartRendering>(forEver, clock, random)
  const renderer = createRenderer({
    clock,
    work: join(cacheFolder, 'helm'),
    configured: options.helm?.configured,
    path: options.helm?.path ?? '',
    onNewEngine: () => renderings.clear(),
  })
  const resolutions = new Map<string, Memory<ChartResolution>>()
  const underWay = new Map<string, Promise<void>>()

  /** Views of equal settings know the same. */
  function resolutionsOf({ charts }: ChartRevision): Memory<ChartResolution> {
    const key = JSON.stringify([charts.mirrors, charts.timeout])
    const memory = resolutions.get(key) ?? newResolutions()
    resolutions.set(key, memory)
    return memory
  }

  function newResolutions(): Memory<ChartResolution> {
    return createMemory<ChartResolution>(resolutionAges, clock, random)
  }

  function viewOf(given: ChartRevision): ChartView {
    const remote = resolutionsOf(given)
    // A tree does not change: what is in it, or is not, stays so as long as this view is used.
    const inSource = createMemory<ChartResolution>(forEver, clock, random)
    const revision: Revision = { ...given, id: nextId() }
    const memoryFor = (repoUrl: string) => (finder.isInSource(repoUrl, revision) ? inSource : remote)

    async function fulfilOne(need: ChartNeed): Promise<void> {
      if (need.type === 'resolve') {
        const { ref } = need
        memoryFor(ref.repoUrl).put(refKey(ref), await resolutionOf(() => finder.resolve(ref, revision)))
      } else renderings.put(requestKey(need.request), await renderingOf(need.request))
    }

    async function renderingOf(request: ChartRequest): Promise<ChartRendering> {
      const { name, version } = request.chart
      try {
        const path = await finder.contentOf(request.chart, revision)
        return { type: 'rendered', ...(await renderer.render(path, request)) }
      } catch (error) {
        const failure = failed(error)
        return { ...failure, problem: `chart ${name} ${version}, ${failure.problem}` }
      }
    }

    const isKnown = (need: ChartNeed) =>
      (need.type === 'resolve' ? view.known.resolve(need.ref) : view.known.render(need.request)) !== undefined

    const view: ChartView = {
      known: {
        resolve: (ref) => memoryFor(ref.repoUrl).get(refKey(ref)),
        render: (request) => renderings.get(requestKey(request)),
      },
      async fulfil(needs) {
        const missing = new Map(needs.filter((need) => !isKnown(need)).map((need) => [keyIn(need, revision), need]))
        await eachOf([...missing], width, ([key, need]) => {
          const running =
            underWay.get(key) ??
            fulfilOne(need).finally(() => {
              underWay.delete(key)
            })
          underWay.set(key, running)
          return running
        })
      },
      due() {
        const waits = [remote.due(), inSource.due(), renderings.due()].filter((wait) => wait !== undefined)
        return waits.length === 0 ? undefined : Math.min(...waits)
      },
    }
    return view
  }

  function keyIn(need: ChartNeed, revision: Revision): string {
    if (need.type === 'render') return needKey(need)
    const scope = finder.isInSource(need.ref.repoUrl, revision) ? revision.id : JSON.stringify(revision.charts)
    return `${scope} ${needKey(need)}`
  }

  let views = 0
  const nextId = () => `view ${++views}`
  return {
    ...viewOf({ charts: { mirrors: [], timeout: '30s' } }),
    at: viewOf,
    close: () => finder.close(),
  }
}

async function resolutionOf(find: () => Promise<ChartResolution>): Promise<ChartResolution> {
  try {
    return await find()
  } catch (error) {
    return failed(error)
  }
}

function failed(error: unknown): Extract<ChartResolution, { type: 'failed' }> {
  return { type: 'failed', problem: messageOf(error), isFinal: error instanceof ChartError && error.isFinal }
}
