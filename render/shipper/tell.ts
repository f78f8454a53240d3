import { waitedFor } from './conditions.ts'
import type { Rollout } from './rollout.ts'

/**
 * What happened to the releases of one application between two trees, a line each, most telling first: releases that
 * began or went, capacity and traffic that moves, steps that were achieved.
 */
export function stepsBetween(before: readonly Rollout[], after: readonly Rollout[]): readonly string[] {
  const old = new Map(before.map((rollout) => [rollout.name, rollout]))
  const kept = new Set(after.map(({ name }) => name))
  const begun = after.filter(({ name }) => !old.has(name))
  const moved = after.flatMap((rollout) => {
    const was = old.get(rollout.name)
    return was && was !== rollout ? changes(was, rollout) : []
  })
  const steps = [
    ...begun.map(({ name, clusters }) => `Begin ${name} in ${clusters.join(', ')}`),
    ...moved,
    ...before.filter(({ name }) => !kept.has(name)).map(({ name }) => `Remove ${name}`),
  ]
  // These follow from moves, and are told by themselves only where nothing moved.
  return steps.length > 0 ? steps : after.flatMap((rollout) => followUps(old.get(rollout.name), rollout))
}

function followUps(was: Rollout | undefined, now: Rollout): readonly string[] {
  if (!was || was === now) return []
  const { name, state } = now
  const newly = (one: Rollout, other: Rollout) =>
    [...one.selectedIn].filter((cluster) => !other.selectedIn.has(cluster))
  const [selected, shared] = [newly(now, was), newly(was, now)]
  const waited = state && waitedFor(state)
  const lines = [
    ...(was.failed && !now.failed ? [`Forget that ${was.failed.release} has failed`] : []),
    ...(selected.length > 0 ? [`Have the Service select ${name} itself in ${selected.join(', ')}`] : []),
    ...(shared.length > 0 ? [`Have the Service select pods with traffic in ${shared.join(', ')}`] : []),
    ...(waited && JSON.stringify(state) !== JSON.stringify(was.state)
      ? [`${name} waits for ${waited === 'command' ? 'a command' : `its ${waited}`}`]
      : []),
  ]
  return lines.length > 0 ? lines : [`Note what is seen of ${name}`]
}

function changes(was: Rollout, now: Rollout): readonly string[] {
  const { name, environment, achievedStep } = now
  const step = environment.strategy?.steps?.[achievedStep ?? -1]
  return [
    ...(now.failed && !was.failed ? [`${now.failed.release} has failed: ${now.failed.reason}`] : []),
    ...(now.retreating && !was.retreating ? [`Give ${name} up`] : []),
    ...(was.retreating && !now.retreating ? [`Go on with ${name}`] : []),
    ...moves(was.percent, now.percent).map((move) => `Move capacity of ${name} to ${move.to} % in ${move.clusters}`),
    ...moves(was.weight, now.weight).map((move) => `Move traffic of ${name} to weight ${move.to} in ${move.clusters}`),
    ...(step && achievedStep !== was.achievedStep ? [`${name} has achieved step ${achievedStep} (${step.name})`] : []),
    ...(was.targetStep === now.targetStep ? [] : [`${name} is to go to step ${now.targetStep}`]),
  ]
}

/** Values that changed, each once with the clusters where it did. */
function moves(
  was: ReadonlyMap<string, number>,
  now: ReadonlyMap<string, number>,
): readonly { readonly to: number; readonly clusters: string }[] {
  const clusters = new Map<number, string[]>()
  for (const [cluster, value] of now) {
    if ((was.get(cluster) ?? 0) !== value) clusters.set(value, [...(clusters.get(value) ?? []), cluster])
  }
  return [...clusters].map(([to, names]) => ({ to, clusters: names.join(', ') }))
}
