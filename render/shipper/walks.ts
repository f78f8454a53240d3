import { holds, type ReleaseState } from './state.ts'

/** Clusters that walk together, and the releases they walk with: `execute` brings them to the target step of the newest. */
export interface Walk {
  readonly clusters: readonly string[]
  /** Oldest first; the newest has the next step of these clusters as its target, and theirs as what it achieved. */
  readonly chain: readonly ReleaseState[]
  /** Whether these are the clusters whose step is the release's own. */
  readonly isMain: boolean
}

/**
 * The releases that walk: not those that are given up, nor those that were overtaken before they got anything, for these
 * are nobody's incumbent.
 */
export function walking(chain: readonly ReleaseState[]): readonly ReleaseState[] {
  const live = chain.filter(({ isGivenUp }) => !isGivenUp)
  return live.filter((one, i) => i === live.length - 1 || one.complete || one.clusters.some((at) => holds(one, at)))
}

/**
 * How the clusters that are not given up on go on, by the releases that walk: those that are where the newest
 * release is walk in lock-step to its target; one that was away walks for itself, first what it has begun of an older
 * release and then the newest, step by step up to the one that the others have achieved, never past it, and joins them
 * there. A cluster that is ahead of a step of the newest that was taken back goes back to it at once. Without a cluster of the newest
 * release among the first, they wait.
 */
export function walks(chain: readonly ReleaseState[], alive: readonly string[]): readonly Walk[] {
  const head = chain.at(-1)
  if (!head) return []
  const clusters = alive.filter((cluster) => chain.some((one) => one.clusters.includes(cluster))).sort()
  const behind = new Map<string, Walk | undefined>()
  /** Those where the newest follows another release than elsewhere: they are led, unless there is nobody to lead. */
  const apart: string[] = []
  for (const cluster of clusters) {
    const own = walkOf(chain, head, cluster)
    if (own === 'apart') apart.push(cluster)
    if (own !== 'main') behind.set(cluster, own === 'apart' ? standing(chain, head, cluster) : own)
  }
  const isLed = clusters.some((cluster) => !behind.has(cluster) && head.clusters.includes(cluster))
  if (!isLed) for (const cluster of apart) behind.delete(cluster)
  const main = clusters.filter((cluster) => !behind.has(cluster))
  const leads = main.some((cluster) => head.clusters.includes(cluster))
  return [
    ...(leads ? [{ clusters: main, chain, isMain: true }] : []),
    ...[...behind.values()].filter((walk) => walk !== undefined),
  ]
}

/** The way of one cluster: with the others, by itself, or led by the others because its incumbent is another. */
function walkOf(chain: readonly ReleaseState[], head: ReleaseState, cluster: string): Walk | 'main' | 'apart' {
  const inPlay = inPlayIn(chain, head, cluster)
  // An older release that was not left at its last step is where it was told to be: it has nothing to finish.
  const isUnfinished = (one: ReleaseState) => one.achievedIn.has(cluster) && one.achievedStep === one.steps.length - 1
  const begun = inPlay.find((one) => (one === head ? one.achievedIn.has(cluster) : isUnfinished(one)))
  if (begun) {
    const upTo = inPlay.slice(0, inPlay.indexOf(begun))
    return { clusters: [cluster], chain: [...upTo, towards(begun, cluster)], isMain: false }
  }
  const incumbent = chain.at(-2)
  return incumbent?.achievedIn.has(cluster) && !holds(incumbent, cluster) ? 'apart' : 'main'
}

/** Stays at the step that the others achieved, with the releases it has. */
function standing(chain: readonly ReleaseState[], head: ReleaseState, cluster: string): Walk | undefined {
  if (head.achievedStep === undefined) return undefined
  const older = inPlayIn(chain, head, cluster).slice(0, -1)
  return { clusters: [cluster], chain: [...older, { ...head, targetStep: head.achievedStep }], isMain: false }
}

/** The releases that have something in a cluster, and the newest. */
function inPlayIn(chain: readonly ReleaseState[], head: ReleaseState, cluster: string): readonly ReleaseState[] {
  return chain.filter((one) => one === head || holds(one, cluster))
}

/** A release with the next step of a cluster on its way to the step that the others have achieved. */
function towards(release: ReleaseState, cluster: string): ReleaseState {
  const [at, goal] = [release.achievedIn.get(cluster), release.achievedStep ?? 0]
  return { ...release, achievedStep: at, targetStep: Math.min((at ?? -1) + 1, goal) }
}

/**
 * A release after the clusters of a walk have achieved a step of it. Where it was the main walk, that is the release's
 * step from now on, and `others` keep the one they have.
 */
export function withAchieved(
  release: ReleaseState,
  { clusters, isMain }: Pick<Walk, 'clusters' | 'isMain'>,
  step: number,
  others: readonly string[],
): ReleaseState {
  const own = new Map(release.achievedIn)
  if (isMain) for (const cluster of others) if (!own.has(cluster)) own.set(cluster, release.achievedStep)
  for (const cluster of clusters) own.set(cluster, step)
  const achievedStep = isMain ? step : release.achievedStep
  const achievedIn = new Map([...own].filter(([, at]) => at !== achievedStep))
  const isLast = step === release.steps.length - 1
  return { ...release, achievedStep, achievedIn, complete: release.complete || (isMain && isLast) }
}
