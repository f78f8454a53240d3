import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { ApiRequest } from './api-client.ts'
import { requireBinary } from './binaries.ts'
import type { ClusterFiles } from './cluster-files.ts'
import { type OwnedProcess, startProcess } from './processes.ts'

/** The components that a control plane with the option `controllers` needs. */
export const controllerBinaries = ['kube-controller-manager', 'kube-scheduler', 'kwok'] as const

// Only what moves workloads: the others cost start-up time and would need cloud or node parts that are not there.
const controllerNames = [
  'deployment-controller',
  'replicaset-controller',
  'statefulset-controller',
  'daemonset-controller',
  'job-controller',
  'cronjob-controller',
  'endpoints-controller',
  'endpointslice-controller',
  'namespace-controller',
  'garbage-collector-controller',
  'disruption-controller',
]

/** What kwok makes of pods, those too that are to fail. */
const podStages = fileURLToPath(new URL('./kwok-stages.yaml', import.meta.url))

/** The one node on which a control plane with controllers runs its pods. */
export const fakeNodeName = 'node1'

/** Starts the controllers, the scheduler and the simulated kubelet against the server that `kubeconfigPath` names. */
export function startControllers(files: ClusterFiles, kubeconfigPath: string): readonly OwnedProcess[] {
  const start = (name: string, args: readonly string[]) =>
    startProcess(requireBinary(name), [`--kubeconfig=${kubeconfigPath}`, ...args], files.log(name))
  return [
    start('kube-controller-manager', [
      `--service-account-private-key-file=${files.serviceAccountKey}`,
      '--leader-elect=false',
      '--secure-port=0',
      `--controllers=${controllerNames.join(',')}`,
    ]),
    start('kube-scheduler', ['--leader-elect=false', '--secure-port=0']),
    start('kwok', [`--config=${podStages}`, '--manage-all-nodes=true', '--node-ip=127.0.0.1', '--node-port=0']),
  ]
}

/** Adds the fake node with room for 110 pods; one that is there already, after a restart, is left as it is. */
export async function createFakeNode(request: ApiRequest): Promise<void> {
  const capacity = { cpu: '32', memory: '256Gi', pods: '110' }
  const node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: fakeNodeName,
      annotations: { 'kwok.x-k8s.io/node': 'fake' },
      labels: { 'kubernetes.io/hostname': fakeNodeName, 'kubernetes.io/os': 'linux', type: 'kwok' },
    },
    status: { allocatable: capacity, capacity },
  }
  // A server that has just got ready may still refuse a write for a moment.
  for (let tries = 0; ; tries++) {
    const answer = await request('POST', '/api/v1/nodes', node)
    if (answer.status === 201 || answer.status === 409) return
    if (tries === 20) throw new Error(`the fake node was refused: ${JSON.stringify(answer.body)}`)
    await sleep(250)
  }
}
