import type { PodUse, WorkloadUse } from '../../render/pod-uses.ts'

const words: Readonly<Record<PodUse, (workload: string) => string>> = {
  mount: (workload) => `mounted by ${workload}, whose running pods see it`,
  start: (workload) => `read by ${workload} when its pods start`,
  serviceAccount: (workload) => `${workload} runs as it`,
  imagePull: (workload) => `${workload} pulls images with it`,
  traffic: (workload) => `carries the traffic of ${workload}`,
  scaling: (workload) => `scales ${workload}`,
  selection: (workload) => `selects the pods of ${workload}`,
}

const mostWorkloads = 4

/** What the pods of workloads have to do with an object, in one sentence; empty where it is nothing. */
export function podWords(usedBy: readonly WorkloadUse[]): string {
  const parts = usedBy.slice(0, mostWorkloads).flatMap(({ workload, uses }) => {
    const isMounted = uses.includes('mount')
    return uses.map((use) => (use === 'start' && isMounted ? 'read when they start, too' : words[use](workload)))
  })
  const more = usedBy.length - mostWorkloads
  return [...parts, ...(more > 0 ? [`and so by ${more} more`] : [])].join('; ')
}
