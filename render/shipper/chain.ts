import type { ReleaseState } from './state.ts'

/** A release in the order of an application: the higher generation is the newer. */
export interface Revision {
  readonly generation: number
}

/** The generation of the next release of an application: 0, then one more than the newest there is. */
export function nextGeneration(releases: readonly Revision[]): number {
  return 1 + Math.max(-1, ...releases.map(({ generation }) => generation))
}

/** The iteration of the next release with a hash: 0, then one more than the last there is with it. */
export function nextIteration(
  releases: readonly { readonly hash: string; readonly iteration: number }[],
  hash: string,
): number {
  return 1 + Math.max(-1, ...releases.filter((one) => one.hash === hash).map(({ iteration }) => iteration))
}

/** Whether a release goes back to a step before the one that it achieved (`shipper 0.10 release/environment.go`). */
export function isSteppingBackwards(release: Pick<ReleaseState, 'achievedStep' | 'targetStep'>): boolean {
  return release.achievedStep !== undefined && release.targetStep < release.achievedStep
}
