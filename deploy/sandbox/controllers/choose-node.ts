import type { JsonObject, KubeObject } from '../../../repo-layout/json.ts'
import { quantity } from '../../../repo-layout/quantity.ts'
import { listOf, objectOf, textOf } from '../defaults/fill.ts'
import { selects } from '../kinds/selector.ts'
import { isDone } from './pods.ts'

/** Where a pod goes, or why it goes nowhere. */
export type Fit = { readonly node: string } | { readonly problem: string }

/**
 * The node with the most room left that takes the pod: it is not cordoned, the pod tolerates its taints and selects its
 * labels, and requests for cpu, memory and pods fit beside those of `pods`.
 */
export function chooseNode(pod: KubeObject, nodes: readonly KubeObject[], pods: readonly KubeObject[]): Fit {
  const reasons = new Map<string, number>()
  const fitting = nodes.flatMap((node) => {
    const problem = problemOf(pod, node, pods)
    if (problem === undefined) return [{ name: node.metadata.name, left: roomLeft(node, pods) }]
    reasons.set(problem, (reasons.get(problem) ?? 0) + 1)
    return []
  })
  const [best] = fitting.sort((a, b) => b.left - a.left || (a.name < b.name ? -1 : 1))
  if (best) return { node: best.name }
  const list = [...reasons].map(([reason, count]) => `${count} ${reason}`).join(', ')
  return {
    problem:
      nodes.length === 0 ? 'no nodes available to schedule pods' : `0/${nodes.length} nodes are available: ${list}.`,
  }
}

const resources = ['cpu', 'memory', 'pods'] as const

/** What a pod asks for; itself counts as one of `pods`. */
export function requestsOf(pod: KubeObject): Readonly<Record<(typeof resources)[number], number>> {
  const spec = objectOf(pod.spec)
  const of = (containers: JsonObject['x'], name: string) =>
    listOf(containers).map((one) => quantity(objectOf(objectOf(objectOf(one).resources).requests)[name]))
  const amount = (name: string) =>
    Math.max(
      of(spec.containers, name).reduce((sum, value) => sum + value, 0),
      ...of(spec.initContainers, name),
    )
  return { cpu: amount('cpu'), memory: amount('memory'), pods: 1 }
}

function used(node: KubeObject, pods: readonly KubeObject[], name: (typeof resources)[number]): number {
  return pods
    .filter((pod) => objectOf(pod.spec).nodeName === node.metadata.name && !isDone(pod))
    .reduce((sum, pod) => sum + requestsOf(pod)[name], 0)
}

function problemOf(pod: KubeObject, node: KubeObject, pods: readonly KubeObject[]): string | undefined {
  const [spec, nodeSpec] = [objectOf(pod.spec), objectOf(node.spec)]
  if (nodeSpec.unschedulable === true) return 'node(s) were unschedulable'
  if (!matchesNode(spec, node)) return "node(s) didn't match Pod's node affinity/selector"
  const taint = listOf(nodeSpec.taints)
    .map(objectOf)
    .find((one) => one.effect !== 'PreferNoSchedule' && !tolerates(spec, one))
  if (taint) return `node(s) had untolerated taint {${textOf(taint.key)}: ${textOf(taint.value)}}`
  const allocatable = objectOf(objectOf(node.status).allocatable)
  const asked = requestsOf(pod)
  const short = resources.find(
    (name) => asked[name] > 0 && used(node, pods, name) + asked[name] > quantity(allocatable[name]),
  )
  if (short === undefined) return undefined
  return short === 'pods' ? 'Too many pods' : `Insufficient ${short}`
}

function matchesNode(spec: JsonObject, node: KubeObject): boolean {
  const labels = objectOf(node.metadata.labels)
  const selected = Object.entries(objectOf(spec.nodeSelector)).every(([key, value]) => labels[key] === value)
  const affinity = objectOf(
    objectOf(objectOf(spec.affinity).nodeAffinity).requiredDuringSchedulingIgnoredDuringExecution,
  )
  const terms = listOf(affinity.nodeSelectorTerms).map(objectOf)
  const near =
    terms.length === 0 || terms.some((term) => selects({ matchExpressions: term.matchExpressions ?? [] }, labels))
  return selected && near
}

function tolerates(spec: JsonObject, taint: JsonObject): boolean {
  return listOf(spec.tolerations)
    .map(objectOf)
    .some((toleration) => {
      const effect = textOf(toleration.effect)
      if (effect !== '' && effect !== taint.effect) return false
      const key = textOf(toleration.key)
      if (toleration.operator === 'Exists') return key === '' || key === taint.key
      return key === taint.key && textOf(toleration.value) === textOf(taint.value)
    })
}

/** The share of a node's scarcest resource that is free. */
function roomLeft(node: KubeObject, pods: readonly KubeObject[]): number {
  const allocatable = objectOf(objectOf(node.status).allocatable)
  return Math.min(
    ...resources.map((name) => {
      const all = quantity(allocatable[name])
      return all === 0 ? 0 : (all - used(node, pods, name)) / all
    }),
  )
}
