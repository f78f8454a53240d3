import type { Item } from '../items.ts'
import type { ReleaseTraffic } from './plan.ts'
import type { Pod } from './pod.ts'

/** What the message of a release is made of. */
export interface MessageFacts {
  /** Its objects. */
  readonly items: readonly Pick<Item, 'subject' | 'action' | 'message' | 'live'>[]
  /** Its pods that are not ending. */
  readonly pods: readonly Pod[]
  /** The Service that brings it traffic. */
  readonly service: string | undefined
  readonly traffic: ReleaseTraffic | undefined
  readonly isHeld: boolean
  /** A route that was not taken up yet by who serves it. */
  readonly awaited?: Pick<Item, 'subject' | 'live'> | undefined
  /** Ready pods that are no endpoints of the Service of this release alone, and its name. */
  readonly unserved?: readonly Pod[]
  readonly own?: string | undefined
}

/**
 * What a release still wants for, in one line; empty where nothing. Of each sort the first and how many: objects that are not
 * applied, pods that cannot be created, pods that are not ready, pods that wait for traffic or for others to take it over.
 */
export function releaseMessage(facts: MessageFacts): string {
  const { items, pods, service, traffic, isHeld, awaited, unserved = [], own } = facts
  const failed = items.find(({ action, message }) => (action === 'failed' || action === 'skipped') && message !== '')
  const failure = items.find(({ live }) => live?.workload && live.workload.failure !== '')?.live?.workload?.failure
  const unready = pods.filter(({ isReady }) => !isReady).sort((a, b) => (a.name < b.name ? -1 : 1))
  const [first] = unready
  const { waiting = [], kept = [] } = traffic ?? {}
  return [
    failed ? `${failed.subject}: ${failed.message}` : '',
    failure === undefined ? '' : `pods cannot be created: ${failure}`,
    first ? `${unready.length} of ${pods.length} pods not ready: ${first.name} ${first.reason}` : '',
    isHeld ? `Service ${service} goes over to labels when enough ready pods carry theirs` : '',
    waiting.length > 0
      ? `${podsText(waiting.length, 'waits', 'wait')} to become an endpoint of Service ${service}`
      : '',
    unserved.length > 0 ? `${podsText(unserved.length, 'waits', 'wait')} to become an endpoint of Service ${own}` : '',
    awaited ? `${awaited.subject}: ${awaited.live?.message}` : '',
    kept.length > 0 ? `${podsText(kept.length, 'keeps', 'keep')} traffic until others can take it over` : '',
  ]
    .filter((text) => text !== '')
    .join('; ')
}

function podsText(count: number, one: string, several: string): string {
  return count === 1 ? `1 pod ${one}` : `${count} pods ${several}`
}
