import { join, resolve } from 'node:path'
import type { ChartNeed, ChartRef, ChartRendering, ChartRequest, ChartResolution, Charts } from '../../render/charts.ts'
import { eachOf } from '../each-of.ts'
import { ChartError, messageOf, withContext } from './error.ts'
import { createFinder } from './finder.ts'
import { contentKey, needKey, refKey, requestKey } from './keys.ts'
import { createMemory, forEver } from './memory.ts'
import { createRenderer } from './renderer.ts'
import { createScopes } from './scopes.ts'
import type { ChartEngine, ChartEngineOptions, ChartRevision, ChartView } from './types.ts'

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
  const scopes = createScopes(clock, random)
  const underWay = new Map<string, Promise<void>>()

  function viewOf(revision: ChartRevision): ChartView {
    const remote = scopes.ofSettings(revision.charts)
    const source = scopes.ofSource(revision.source)
    const scopeOf = ({ repoUrl }: ChartRef) => (finder.isInSource(repoUrl, revision) ? source : remote)

    async function fulfilOne(need: ChartNeed): Promise<void> {
      if (need.type === 'resolve') {
        const { ref } = need
        const answer = await finder.resolve(ref, revision).catch(failed)
        scopeOf(ref).resolutions.put(refKey(ref), answer)
      } else await fulfilRender(need.request)
    }

    async function fulfilRender(request: ChartRequest): Promise<void> {
      const { chart } = request
      const inWords = (error: unknown) => withContext(`chart ${chart.name} ${chart.version}`, error, ', ')
      const path = await finder.contentOf(chart, revision).catch((error: unknown) => failed(inWords(error)))
      if (typeof path !== 'string') return scopeOf(chart).contents.put(contentKey(chart), path)
      const answer = await renderer
        .render(path, request)
        .then((rendered) => ({ type: 'rendered' as const, ...rendered }))
        .catch((error: unknown) => failed(inWords(error)))
      renderings.put(requestKey(request), answer)
    }

    const known: Charts = {
      resolve: (ref) => scopeOf(ref).resolutions.get(refKey(ref)),
      // Equal content renders alike wherever it comes from; that it cannot be had is said of one place.
      render: (request) =>
        renderings.get(requestKey(request)) ?? scopeOf(request.chart).contents.get(contentKey(request.chart)),
    }
    const isKnown = (need: ChartNeed) =>
      (need.type === 'resolve' ? known.resolve(need.ref) : known.render(need.request)) !== undefined
    const keyOf = (need: ChartNeed) =>
      `${scopeOf(need.type === 'resolve' ? need.ref : need.request.chart).id} ${needKey(need)}`

    return {
      known,
      async fulfil(needs) {
        const missing = new Map(needs.filter((need) => !isKnown(need)).map((need) => [keyOf(need), need]))
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
        const memories = [renderings, remote.resolutions, remote.contents, source.resolutions, source.contents]
        const waits = memories.map((memory) => memory.due()).filter((wait) => wait !== undefined)
        return waits.length === 0 ? undefined : Math.min(...waits)
      },
    }
  }

  return {
    ...viewOf({ charts: { mirrors: [], timeout: '30s' } }),
    at: viewOf,
    close: () => finder.close(),
  }
}

function failed(error: unknown): Extract<ChartResolution, { type: 'failed' }> {
  return { type: 'failed', problem: messageOf(error), isFinal: error instanceof ChartError && error.isFinal }
}
