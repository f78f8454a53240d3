import type { JsonObject, KubeObject } from '../../repo-layout/json.ts'
import { type Backend, timeText } from './backend.ts'
import { decode } from './decode/decode.ts'
import type { NodeOptions } from './types.ts'
import { createObject } from './verbs/create.ts'

const by = { manager: 'kube-apiserver', subresource: '' }
const namespaces = ['default', 'kube-node-lease', 'kube-public', 'kube-system']

/** The objects that every cluster has from its beginning. */
export function seed(backend: Backend, nodes: readonly NodeOptions[]): void {
  for (const name of namespaces) make(backend, 'v1', 'Namespace', '', { metadata: { name } })
  make(backend, 'v1', 'Service', 'default', {
    metadata: { name: 'kubernetes', labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: { clusterIP: '10.96.0.1', ports: [{ name: 'https', port: 443, targetPort: 6443 }] },
  })
  for (const node of nodes) make(backend, 'v1', 'Node', '', nodeObject(node, timeText(backend.clock.now())))
}

function make(backend: Backend, apiVersion: string, kind: string, namespace: string, body: JsonObject): void {
  const resource = backend.registry.byKind(apiVersion, kind)
  if (!resource) throw new Error(`no kind ${kind} in ${apiVersion}`)
  const object = decode({ resource, validation: 'Strict', duplicates: [], warn: () => undefined }, {
    apiVersion,
    kind,
    ...body,
  } as unknown as KubeObject)
  createObject(backend, resource, namespace, object, { by: { ...by, apiVersion }, dryRun: false })
}

const roomy = { cpu: '32', memory: '256Gi', pods: '110' }

function nodeObject({ name, labels = {}, taints = [], allocatable = roomy }: NodeOptions, time: string): JsonObject {
  const condition = (type: string, status: string, reason: string, message: string) => ({
    type,
    status,
    reason,
    message,
    lastHeartbeatTime: time,
    lastTransitionTime: time,
  })
  return {
    metadata: {
      name,
      labels: {
        'kubernetes.io/arch': 'amd64',
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        ...labels,
      },
    },
    spec: taints.length > 0 ? { taints: taints.map((taint) => ({ ...taint })) } : {},
    status: {
      allocatable,
      capacity: allocatable,
      conditions: [
        condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
        condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
        condition('PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
        condition('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'),
      ],
      nodeInfo: {
        architecture: 'amd64',
        bootID: '',
        containerRuntimeVersion: 'sandbox://1',
        kernelVersion: 'sandbox',
        kubeProxyVersion: '',
        kubeletVersion: 'v1.35.4',
        machineID: '',
        operatingSystem: 'linux',
        osImage: 'sandbox',
        systemUUID: '',
      },
    },
  }
}
