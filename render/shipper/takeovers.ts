import { groupBy } from '../../repo-layout/group.ts'
import { compare } from '../../repo-layout/message.ts'
import type { Subject } from '../../repo-layout/subject.ts'
import type { WorkloadUse } from '../pod-uses.ts'
import { contentIn, leadIn } from './copies.ts'
import type { Rollout } from './rollout.ts'
import { percentIn, weightIn } from './state.ts'
import { leftBehind, type Touch, touchesBetween } from './touches.ts'

/** An object that changes, or stays, in some clusters in the same way. */
export interface SharedChange {
  readonly subject: Subject
  readonly clusters: readonly string[]
  /** Paths of what differs; never a value. */
  readonly fields: readonly string[]
  readonly usedBy: readonly WorkloadUse[]
}

/** Shared objects that go over from the content of one release to that of another. */
export interface Takeover {
  readonly from: string
  readonly to: string
  /** What makes them: the first traffic of the other, that the one has none any more, or that the other has achieved its last step. */
  readonly when: 'traffic' | 'noTraffic' | 'complete'
  /** The index of the step on whose way it happens. */
  readonly step: number
  readonly changes: readonly SharedChange[]
  /** What pods of the one use and the other has no more. */
  readonly stays: readonly SharedChange[]
}

interface Found extends Omit<Takeover, 'changes' | 'stays'> {
  readonly cluster: string
  readonly changes: readonly Touch[]
  readonly stays: readonly Touch[]
}

/**
 * What goes over in a list of states of an application's releases, each the one after the other, on the way to a step. Equal
 * changes of several clusters are one. What changes nothing under anybody's pods is left out.
 */
export function takeoversIn(states: readonly (readonly Rollout[])[], step: number): readonly Takeover[] {
  const found = states.flatMap((now, i) => {
    const before = states[i - 1]
    return before ? takeoversBetween(before, now, step) : []
  })
  return [...groupBy(found, ({ from, to, when }) => `${from} ${to} ${when}`).values()]
    .flatMap((all) => {
      const [head] = all
      if (!head) return []
      const { from, to, when } = head
      const changes = all.flatMap((one) => one.changes.map((touch) => [one.cluster, touch] as const))
      const stays = all.flatMap((one) => one.stays.map((touch) => [one.cluster, touch] as const))
      return [{ ...{ from, to, when, step }, changes: joined(changes), stays: joined(stays) }]
    })
    .filter(({ changes, stays }) => changes.length + stays.length > 0)
}

function takeoversBetween(before: readonly Rollout[], now: readonly Rollout[], step: number): readonly Found[] {
  const clusters = [...new Set(before.flatMap((rollout) => rollout.clusters))]
  return clusters.flatMap((cluster): Found[] => {
    const [from, to] = [leadIn(cluster, before), leadIn(cluster, now)]
    if (!from || !to || from.name === to.name) return []
    const [was, is] = [contentIn(cluster, before), contentIn(cluster, now)]
    const there = before.filter(({ clusters: own }) => own.includes(cluster))
    const up = there.filter((one) => percentIn(one, cluster) > 0)
    const others = up.filter(({ name }) => name !== to.name)
    // On the way back it is those of the one that gets everything back that run on.
    const running = to.generation < from.generation || others.length === 0 ? up.filter(isOf(to)) : others
    return [
      {
        ...{ cluster, from: from.name, to: to.name, step, when: whenOf(cluster, from, to, before) },
        changes: touchesBetween(was, is, running),
        stays: leftBehind(is, to, running),
      },
    ]
  })
}

function isOf({ name }: Rollout): (rollout: Rollout) => boolean {
  return (rollout) => rollout.name === name
}

function whenOf(cluster: string, from: Rollout, to: Rollout, before: readonly Rollout[]): Takeover['when'] {
  if (to.generation < from.generation) return 'noTraffic'
  const was = before.find(isOf(to))
  return weightIn(to, cluster) > (was ? weightIn(was, cluster) : 0) ? 'traffic' : 'complete'
}

function joined(all: readonly (readonly [cluster: string, touch: Touch])[]): readonly SharedChange[] {
  return [...groupBy(all, ([, touch]) => JSON.stringify(touch)).values()]
    .flatMap((group) => {
      const [[, touch] = []] = group
      return touch ? [{ ...touch, clusters: group.map(([cluster]) => cluster) }] : []
    })
    .sort((a, b) => compare(a.subject, b.subject))
}
