import { isJsonObject, type JsonObject } from '../../repo-layout/json.ts'
import { condition } from './health.ts'

/** What the pods of one workload say. */
export interface PodAnalysis {
  readonly total: number
  /** Pods in phase Running that have a Ready condition, whatever it says. */
  readonly runningPods: number
  /** Pods that no node takes, for over a minute. */
  readonly unschedulablePods: number
  /** Some pods are unschedulable for less than a minute: look again soon. */
  readonly lookAgain: boolean
}

/** A pod counts as unschedulable only after so many milliseconds: schedulers need some tries. */
const unschedulableAfter = 60_000

/**
 * Counts pods as kubefed's replica scheduling does (podanalyzer): running is phase Running with a Ready condition, whose
 * status is not looked at; unschedulable is not Running with PodScheduled=False and reason Unschedulable for over 60 s.
 * `now` is in milliseconds since the epoch.
 */
export function analyzePods(pods: readonly JsonObject[], now: number): PodAnalysis {
  let [runningPods, unschedulablePods, lookAgain] = [0, 0, false]
  for (const pod of pods) {
    const status = isJsonObject(pod.status) ? pod.status : {}
    if (status.phase === 'Running') {
      if (condition(status, 'Ready')) runningPods++
      continue
    }
    const scheduled = condition(status, 'PodScheduled')
    if (scheduled?.status !== 'False' || scheduled.reason !== 'Unschedulable') continue
    const since = scheduled.lastTransitionTime
    // A time that cannot be read counts as just now: too few unschedulable pods move nothing.
    const age = typeof since === 'string' ? now - Date.parse(since) : 0
    if (age > unschedulableAfter) unschedulablePods++
    else lookAgain = true
  }
  return { total: pods.length, runningPods, unschedulablePods, lookAgain }
}
