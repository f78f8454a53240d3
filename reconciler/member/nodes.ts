import { getIn, isJsonArray, isJsonObject, type Json, type JsonObject } from '../../repo-layout/json.ts'
import { quantity } from '../../repo-layout/quantity.ts'
import type { NodeFacts } from './book.ts'
import { condition } from './health.ts'

/** Nodes as observations name them, with the sum of what the pods on each ask for. */
export function nodesOf(nodes: readonly JsonObject[], pods: readonly JsonObject[]): NodeFacts[] {
  const requested = new Map<string, { cpu: number; memory: number; pods: number }>()
  for (const pod of pods) {
    const node = getIn(pod, ['spec', 'nodeName'])
    if (typeof node !== 'string') continue
    const sum = requested.get(node) ?? { cpu: 0, memory: 0, pods: 0 }
    const asks = podRequests(pod)
    requested.set(node, { cpu: sum.cpu + asks.cpu, memory: sum.memory + asks.memory, pods: sum.pods + 1 })
  }
  return nodes.map((node) => {
    const name = String(getIn(node, ['metadata', 'name']) ?? '')
    const status = isJsonObject(node.status) ? node.status : {}
    const sum = requested.get(name) ?? { cpu: 0, memory: 0, pods: 0 }
    return {
      name,
      labels: texts(getIn(node, ['metadata', 'labels'])),
      taints: taintsOf(getIn(node, ['spec', 'taints']), getIn(node, ['spec', 'unschedulable']) === true),
      ready: condition(status, 'Ready')?.status === 'True',
      allocatable: texts(status.allocatable),
      requested: { cpu: `${Math.ceil(sum.cpu * 1000)}m`, memory: String(sum.memory), pods: String(sum.pods) },
    }
  })
}

/** What the scheduler counts for a pod: the sum of its containers, at least the greatest init container. */
function podRequests(pod: JsonObject): { cpu: number; memory: number } {
  const of = (list: string, name: string) => {
    const containers = getIn(pod, ['spec', list])
    return isJsonArray(containers) ? containers.map((one) => quantity(getIn(one, ['resources', 'requests', name]))) : []
  }
  const total = (name: string) =>
    Math.max(
      of('containers', name).reduce((sum, value) => sum + value, 0),
      ...of('initContainers', name),
    ) + quantity(getIn(pod, ['spec', 'overhead', name]))
  return { cpu: total('cpu'), memory: total('memory') }
}

function taintsOf(value: Json | undefined, cordoned: boolean): NodeFacts['taints'] {
  const taints = (isJsonArray(value) ? value : []).flatMap((taint) => {
    if (!isJsonObject(taint) || typeof taint.key !== 'string' || typeof taint.effect !== 'string') return []
    const { key, effect } = taint
    return [typeof taint.value === 'string' ? { key, value: taint.value, effect } : { key, effect }]
  })
  // Older clusters mark a cordoned node only by `spec.unschedulable`.
  if (!cordoned || taints.some(({ key }) => key === 'node.kubernetes.io/unschedulable')) return taints
  return [...taints, { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }]
}

function texts(value: Json | undefined): { readonly [key: string]: string } {
  if (!isJsonObject(value)) return {}
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, text]) => (text === undefined || text === null ? [] : [[key, String(text)]])),
  )
}
