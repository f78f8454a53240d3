import type { TrafficStatus } from './pod.ts'

/** What of a pod decides whether it gets traffic. */
export interface Candidate {
  readonly name: string
  readonly createdAt: string
  readonly status: TrafficStatus | undefined
  readonly isReady: boolean
}

/**
 * Chooses the pods of one release that get traffic, as many as are wanted and there: those that serve already, then others
 * that are ready, then those that had traffic before, then the rest; the oldest first. So a choice stays as long as its pods
 * are ready, and one that lost its turn does not get it back by getting ready again.
 */
export function choosePods<T extends Candidate>(pods: readonly T[], wanted: number): readonly T[] {
  const sorted = [...pods].sort((a, b) => rank(a) - rank(b) || (isBefore(a, b) ? -1 : 1))
  return sorted.slice(0, Math.max(0, wanted))
}

function rank({ status, isReady }: Candidate): number {
  return (isReady ? 0 : 2) + (status === 'enabled' ? 0 : 1)
}

function isBefore(a: Candidate, b: Candidate): boolean {
  return a.createdAt === b.createdAt ? a.name < b.name : a.createdAt < b.createdAt
}
