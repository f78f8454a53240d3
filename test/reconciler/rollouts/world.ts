import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createChartEngine } from '../../../reconciler/charts/engine.ts'
import type { ChartEngine } from '../../../reconciler/charts/types.ts'
import { systemClock } from '../../../reconciler/clock.ts'
import type { Forge } from '../../../reconciler/forge/types.ts'
import type { RolloutStatus } from '../../../reconciler/server/types.ts'
import type { Charts } from '../../../render/charts.ts'
import { getIn, isJsonArray, type JsonObject, type KubeObject } from '../../../repo-layout/json.ts'
import { stringifyYaml } from '../../../repo-layout/yaml/stringify.ts'
import { nginxFolder } from '../../charts/pack.ts'
import { writeNginxRepository } from '../../charts/repository.ts'
import { nginxCharts, withServices } from '../../render/shipper/fixtures.ts'
import { findBinary } from '../../testbed/binaries.ts'
import { controllerBinaries } from '../../testbed/controllers.ts'
import { makeFleet, type RunningDaemon, type TestFleet } from '../daemon/harness.ts'
import type { TestMember } from '../daemon/members.ts'

/** What these suites need of real components: clusters whose workloads get ready, and a Helm. */
export const needs = ['etcd', 'kube-apiserver', 'helm', ...controllerBinaries] as const

/** A fleet with applications: clusters in region `local`, and the charts of Shipper's demo for every repository. */
export interface RolloutWorld {
  readonly fleet: TestFleet
  readonly daemon: () => RunningDaemon
  /** Ends the daemon and starts another, on the same clone unless it is to be `fresh`. */
  restart(fresh?: boolean): Promise<void>
  /** Writes files, commits, pushes, and has the daemon pull. */
  push(message: string, files: Readonly<Record<string, string | undefined>>): Promise<string>
  /** Waits until the only application is so. */
  until(is: (status: RolloutStatus) => boolean, what: string, limit?: number): Promise<RolloutStatus>
  stop(): Promise<void>
}

/** Makes such a fleet and starts its daemon. */
export async function rolloutWorld(options: {
  readonly clusters: readonly string[]
  readonly spec?: JsonObject
  /** Where pull requests are and commits are reported on, over the fleet's repository; nowhere where left out. */
  readonly forge?: (fleet: TestFleet) => Forge
  /** Objects that a version of the chart has beside its own. */
  readonly more?: (version: string) => readonly KubeObject[]
  /** Another chart under the name of the demo's: files in place of its own, and what it renders where there is no Helm. */
  readonly chart?: { readonly files: Readonly<Record<string, string>>; readonly known: Charts }
  /** The name that a version has for its Service, `nginx` where left out; undefined for a version without one. */
  readonly service?: (version: string) => string | undefined
}): Promise<RolloutWorld> {
  const fleet = await makeFleet({ ...options, controllers: true })
  for (const { name } of fleet.members) fleet.writeCluster(name, { region: 'local' })
  const folder = join(fleet.folder, 'charts')
  const { more = () => [], service = () => 'nginx', chart } = options
  await writeNginxRepository(folder, (version) => {
    const template = more(version).map((one) => stringifyYaml(one))
    const name = service(version)
    return {
      ...chart?.files,
      ...(template.length === 0 ? {} : { 'templates/more.yaml': template.join('---\n') }),
      ...(name === 'nginx' ? {} : { 'templates/service.yaml': serviceTemplate(name) }),
    }
  })
  const helm = findBinary('helm')
  const engines: ChartEngine[] = []
  let daemon: RunningDaemon

  /** Where there is no Helm, what it would render is at hand. */
  function charts(): Pick<ChartEngine, 'at'> {
    if (helm === undefined) {
      const view = {
        known:
          chart?.known ??
          withServices(
            nginxCharts((_release, version) => more(version)),
            service,
          ),
        fulfil: async () => {},
        due: () => undefined,
      }
      return { at: () => view }
    }
    const cacheFolder = join(fleet.folder, 'cache')
    const engine = createChartEngine({ clock: systemClock, folder, cacheFolder, helm: { configured: helm, path: '' } })
    engines.push(engine)
    return engine
  }

  async function start(fresh = false): Promise<void> {
    const forge = options.forge && Promise.resolve(options.forge(fleet))
    const settings = forge && { pulls: { found: forge }, report: { forge, notes: false } }
    daemon = await fleet.start({ charts: charts(), fresh, ...settings })
  }

  return {
    fleet,
    daemon: () => daemon,
    async restart(fresh) {
      await daemon?.stop()
      await start(fresh)
    },
    async push(message, files) {
      for (const [path, text] of Object.entries(files)) {
        if (text === undefined) fleet.people.remove(path)
        else fleet.people.write(path, text)
      }
      const commit = await fleet.push(message)
      if (!daemon) await start()
      await daemon.sync()
      return commit
    },
    until: (is, what, limit = 60_000) =>
      daemon.until(
        (status) => {
          const [rollout] = status.rollouts ?? []
          return rollout && is(rollout) && rollout
        },
        what,
        limit,
      ),
    async stop() {
      await fleet.stop()
      for (const engine of engines) await engine.close()
    },
  }
}

/** The template of the Service under another name; empty where there is to be none. */
function serviceTemplate(name: string | undefined): string {
  const text = readFileSync(join(nginxFolder, 'templates/service.yaml'), 'utf8')
  return name === undefined ? '' : text.replace('  name: {{ .Chart.Name }}', `  name: ${name}`)
}

/** Counts the ready endpoints of a Service in each cluster ten times a second. */
export interface Probe {
  /** The fewest that were ready in any cluster since the last call, by cluster. */
  lowest(): Readonly<Record<string, number>>
  stop(): Promise<number>
}

/** Starts counting in these clusters. */
export function probeEndpoints(members: readonly TestMember[], namespace: string, service: string): Probe {
  let lowest: Record<string, number> = {}
  let counted = 0
  let stopped = false
  const loops = members.map(async ({ name, live }) => {
    while (!stopped) {
      const ready = await readyEndpoints(live, namespace, service)
      lowest[name] = Math.min(lowest[name] ?? Number.POSITIVE_INFINITY, ready)
      counted++
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  })
  return {
    lowest() {
      const seen = lowest
      lowest = {}
      return seen
    },
    async stop() {
      stopped = true
      await Promise.all(loops)
      return counted
    },
  }
}

/** How many endpoints of a Service are ready now. */
export async function readyEndpoints(live: TestMember['live'], namespace: string, service: string): Promise<number> {
  const selector = encodeURIComponent(`kubernetes.io/service-name=${service}`)
  const list = await live(`/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?labelSelector=${selector}`)
  const slices = getIn(list, ['items'])
  const endpoints = (isJsonArray(slices) ? slices : []).flatMap((slice) => {
    const all = getIn(slice, ['endpoints'])
    return isJsonArray(all) ? all : []
  })
  const ready = endpoints.filter((one) => getIn(one, ['conditions', 'ready']) === true)
  return new Set(ready.map((one) => getIn(one, ['targetRef', 'uid']))).size
}
