import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { getIn, isJsonArray, isJsonObject, type JsonObject, type KubeObject } from '../../../repo-layout/json.ts'
import { requireBinary } from '../../testbed/binaries.ts'
import { type KubeconfigEntry, kubeconfigOf } from '../../testbed/cluster-files.ts'
import type { ControlPlane } from '../../testbed/control-plane.ts'
import { type OwnedProcess, startProcess } from '../../testbed/processes.ts'
import { usageOf } from '../usage.ts'
import type { Contender } from './contender.ts'
import { definitions, startArtifactServer } from './flux-hub.ts'
import { namespacesOf, objectOf } from './objects.ts'

/** What the controller is started for. */
export interface FluxOptions {
  /** The cluster that holds Flux's own objects; it may be a member too. */
  readonly hub: ControlPlane
  /** The hub with the user that Flux is in it, and the members likewise. */
  readonly hubEntry: KubeconfigEntry
  readonly entries: readonly KubeconfigEntry[]
  /** Objects in each cluster. */
  readonly count: number
  readonly folder: string
}

const namespace = 'flux-bench'
const kustomizations = `/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/${namespace}/kustomizations`
const repository = `/apis/source.toolkit.fluxcd.io/v1/namespaces/${namespace}/gitrepositories/fleet`
const patience = 180_000

/**
 * Starts Flux's kustomize-controller: one Kustomization a cluster, told apart by `kubeConfig`. Its source-controller is
 * not there; what that would do (fetch from Git and pack) is done before the clock starts.
 */
export async function startFlux({ hub, hubEntry, entries, count, folder }: FluxOptions): Promise<Contender> {
  await prepareHub(hub, entries)
  const artifacts = await startArtifactServer(folder)
  const kubeconfig = join(folder, 'flux.kubeconfig')
  writeFileSync(kubeconfig, JSON.stringify(kubeconfigOf([hubEntry])), { mode: 0o600 })

  const start = () =>
    startProcess(
      requireBinary('kustomize-controller'),
      [
        '--metrics-addr=0',
        '--health-addr=127.0.0.1:0',
        '--concurrent=8',
        '--concurrent-ssa=8',
        '--kube-api-qps=2000',
        '--kube-api-burst=4000',
        '--insecure-kubeconfig-tls',
        '--log-level=info',
      ],
      join(folder, 'flux.log'),
      {
        KUBECONFIG: kubeconfig,
        SOURCE_CONTROLLER_LOCALHOST: artifacts.host,
        RUNTIME_NAMESPACE: namespace,
      },
    )
  let controller = start()
  let revision = ''

  async function all(): Promise<readonly JsonObject[]> {
    const { body } = await hub.request('GET', kustomizations)
    const items = getIn(body, ['items'])
    return (isJsonArray(items) ? items : []).filter(isJsonObject)
  }

  async function until(done: (one: JsonObject) => boolean): Promise<void> {
    for (const end = Date.now() + patience; ; await sleep(100)) {
      const found = await all()
      if (found.length === entries.length && found.every(done)) return
      if (Date.now() > end || !controller.running()) throw new Error(`flux does not settle: ${said(found, controller)}`)
    }
  }

  return {
    name: 'flux',
    user: 'flux',
    async publish(versions) {
      revision = `main@sha1:${(versions.all * 100_000 + versions.one).toString(16).padStart(40, '0')}`
      const files = new Map<string, KubeObject>()
      for (const { name: cluster } of entries) {
        for (const name of namespacesOf('flux', count))
          files.set(`${cluster}/${name}.yaml`, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
        for (let index = 0; index < count; index++)
          files.set(`${cluster}/app-${index}.yaml`, objectOf('flux', index, cluster, versions))
      }
      const artifact = await artifacts.pack(files, revision)
      const condition = { type: 'Ready', status: 'True', reason: 'Succeeded', message: 'stored', observedGeneration: 1 }
      const conditions = [{ ...condition, lastTransitionTime: artifact.lastUpdateTime ?? '' }]
      const at = Date.now()
      await taken(hub, 'PATCH', `${repository}/status`, { status: { artifact, conditions, observedGeneration: 1 } })
      return at
    },
    async lookAgain() {
      const at = Date.now()
      const annotations = { 'reconcile.fluxcd.io/requestedAt': new Date(at).toISOString() }
      for (const { name } of entries)
        await taken(hub, 'PATCH', `${kustomizations}/${name}`, { metadata: { annotations } })
      return at
    },
    settled: () =>
      until((one) => {
        const conditions = getIn(one, ['status', 'conditions'])
        const ready = (isJsonArray(conditions) ? conditions : []).some(
          (condition) => isJsonObject(condition) && condition.type === 'Ready' && condition.status === 'True',
        )
        return ready && getIn(one, ['status', 'lastAppliedRevision']) === revision
      }),
    async restart() {
      controller.signal('SIGTERM')
      await controller.ended
      const at = Date.now()
      controller = start()
      return at
    },
    usage: () => (controller.pid === undefined ? undefined : usageOf(controller.pid)),
    async stop() {
      await controller.kill()
      await artifacts.stop()
    },
  }
}

async function prepareHub(hub: ControlPlane, entries: readonly KubeconfigEntry[]): Promise<void> {
  for (const definition of definitions())
    await taken(hub, 'POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition)
  await taken(hub, 'POST', '/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace },
  })
  // A definition is served a moment after it was taken.
  for (let tries = 0; ; tries++) {
    const answers = await Promise.all([kustomizations, repository].map((path) => hub.request('GET', path)))
    if (answers.every(({ status, body }) => status === 200 || getIn(body, ['details', 'name']) === 'fleet')) break
    if (tries === 100) throw new Error('the definitions of Flux are not served')
    await sleep(100)
  }
  await taken(hub, 'POST', repository.slice(0, repository.lastIndexOf('/')), {
    apiVersion: 'source.toolkit.fluxcd.io/v1',
    kind: 'GitRepository',
    metadata: { name: 'fleet', namespace },
    spec: { interval: '24h', url: 'https://git.example.com/fleet.git', ref: { branch: 'main' } },
  })
  for (const entry of entries) {
    const { name } = entry
    const value = JSON.stringify(kubeconfigOf([entry]))
    await taken(hub, 'POST', `/api/v1/namespaces/${namespace}/secrets`, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace },
      stringData: { value },
    })
    await taken(hub, 'POST', kustomizations, {
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
      kind: 'Kustomization',
      metadata: { name, namespace },
      spec: {
        interval: '24h',
        retryInterval: '10s',
        timeout: '5m',
        path: `./${name}`,
        prune: true,
        wait: false,
        sourceRef: { kind: 'GitRepository', name: 'fleet' },
        kubeConfig: { secretRef: { name } },
      },
    })
  }
}

async function taken(hub: ControlPlane, method: string, path: string, body: JsonObject): Promise<void> {
  const answer = await hub.request(method, path, body)
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
}

function said(found: readonly JsonObject[], controller: OwnedProcess): string {
  const statuses = found.map((one) => getIn(one, ['status', 'conditions']))
  return `${JSON.stringify(statuses)}\n${controller.logTail()}`
}
