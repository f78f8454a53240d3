import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../../../repo-layout/json.ts'
import { condition } from '../health.ts'

/**
 * Why a pod is not ready, in one line: what stands in its way first. It says the same while the cause is the same: neither
 * counts nor pauses are in it, and the two words for an image that cannot be pulled are one.
 */
export function whyNotReady(pod: JsonObject): string {
  const status = isJsonObject(pod.status) ? pod.status : {}
  const scheduled = condition(status, 'PodScheduled')
  if (scheduled?.status === 'False')
    return joined(text(scheduled.reason) || 'not scheduled', text(scheduled.message).replace(afterwards, ''))
  for (const container of containersOf(status)) {
    const why = containerReason(container)
    if (why !== '') return why
  }
  const phase = text(status.phase)
  if (phase === 'Failed') return joined(text(status.reason) || 'Failed', text(status.message))
  if (phase !== 'Running') return phase === '' || phase === 'Pending' ? 'not started yet' : phase
  const ready = condition(status, 'Ready')
  return joined('not ready', text(ready?.message) || text(ready?.reason))
}

/** What the scheduler says after why no node fits: that nothing else would help, in as many words. */
const afterwards = /\.(\s+(no new claims to deallocate|preemption:).*)?$/s

/** What keeps one container from being ready; empty where it says nothing of that. */
function containerReason(container: JsonObject): string {
  const name = text(container.name)
  const [waiting, ended] = [stateOf(container.state, 'waiting'), stateOf(container.state, 'terminated')]
  const reason = text(waiting.reason)
  if (reason === 'ErrImagePull' || reason === 'ImagePullBackOff')
    return `ImagePullBackOff: ${text(container.image) || name}`
  const crash = isCrash(ended) ? ended : stateOf(container.lastState, 'terminated')
  // Between two crashes it runs for a while; that it is going to crash again is what there is to say.
  if (container.ready !== true && isCrash(crash)) {
    const why = text(crash.reason)
    const told = why === '' || why === 'Error' ? '' : ` (${why})`
    return `CrashLoopBackOff: ${name} ends with exit code ${crash.exitCode}${told}`
  }
  if (reason === '' || reason === 'PodInitializing' || reason === 'ContainerCreating') return ''
  return joined(reason, text(waiting.message))
}

function isCrash(terminated: JsonObject): boolean {
  return typeof terminated.exitCode === 'number' && terminated.exitCode !== 0
}

function stateOf(state: Json | undefined, name: string): JsonObject {
  const found = isJsonObject(state) ? state[name] : undefined
  return isJsonObject(found) ? found : {}
}

function containersOf(status: JsonObject): readonly JsonObject[] {
  return ['initContainerStatuses', 'containerStatuses'].flatMap((key) => {
    const list = status[key]
    return isJsonArray(list) ? list.filter(isJsonObject) : []
  })
}

function joined(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(': ')
}

function text(value: Json | undefined): string {
  return typeof value === 'string' ? value.trim() : ''
}
