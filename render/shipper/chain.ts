import type { ReleaseState } from './state.ts'

/** A release in the order of an application: the higher generation is the newer. */
export interface Revision {
  readonly generation: number
}

/** The releases next to a generation, whether there is one of it or not (`shipper 0.10 release/generation.go`). */
export function siblings<T extends Revision>(
  releases: readonly T[],
  generation: number,
): { readonly predecessor: T | undefined; readonly successor: T | undefined } {
  const sorted = [...releases].sort((a, b) => a.generation - b.generation)
  return {
    predecessor: sorted.findLast((one) => one.generation < generation),
    successor: sorted.find((one) => one.generation > generation),
  }
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

/**
 * The condition RollingOut of an application by its releases, oldest first: what it moves from is the newest complete
 * release before the newest (`shipper 0.10 application/releases.go`). Undefined without releases.
 */
export function rollingOut(
  chain: readonly Pick<ReleaseState, 'name' | 'complete'>[],
): { readonly status: 'True' | 'False'; readonly message: string } | undefined {
  const contender = chain.at(-1)
  if (!contender) return undefined
  if (contender.complete) return { status: 'False', message: `Release "${contender.name}" is active` }
  const incumbent = chain.slice(0, -1).findLast(({ complete }) => complete)
  const message = incumbent
    ? `Transitioning from "${incumbent.name}" to "${contender.name}"`
    : `Rolling out initial release "${contender.name}"`
  return { status: 'True', message }
}
