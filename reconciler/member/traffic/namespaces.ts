import { labels } from '../../../render/shipper/rollout.ts'
import type { Clock } from '../../clock.ts'
import type { Resource } from '../discovery.ts'
import type { Session } from '../session.ts'
import type { Application } from './application.ts'
import { type Endpoints, endpointsOf, serviceNameLabel } from './endpoints.ts'
import { podResource } from './label.ts'
import { type Pod, podOf } from './pod.ts'
import { type Selection, watchSelection } from './selection.ts'

/** Pods and endpoints of the namespaces where applications are. */
export interface Namespaces {
  /** Starts and ends watches so that what these applications need is watched. */
  use(applications: Iterable<Application>): void
  /** The pods that name an application; undefined while they are not known. */
  pods(namespace: string, application: string): readonly Pod[] | undefined
  /** The uids of the pods that are ready endpoints of a Service; undefined while they are not known. */
  serving(namespace: string, service: string): ReadonlySet<string> | undefined
  /** Lets pods of a namespace be written; false where they are not watched any more. */
  label(namespace: string, write: (pods: Selection<Pod>) => Promise<boolean>): Promise<boolean>
  /** Why something cannot be watched. */
  problems(): readonly string[]
  stop(): void
}

/** Whom namespaces tell. */
export interface NamespacesOptions {
  readonly clock: Clock
  readonly random: () => number
  /** A pod changed; told of both states where they differ in the application that they name. */
  onPod(pod: Pod): void
  onEndpoints(namespace: string, endpoints: Endpoints): void
  /** All pods or endpoints of a namespace are known now, or are not any more. */
  onKnown(): void
  onError(error: unknown): void
}

/** Where EndpointSlices live on an API server. */
export const sliceResource: Resource = {
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  namespaced: true,
  verbs: ['get', 'list', 'watch'],
}

interface Watched {
  readonly pods: Selection<Pod>
  /** What the endpoints are selected by, and they; undefined where no Service needs them. */
  endpoints: { readonly selector: string; readonly slices: Selection<Endpoints> } | undefined
}

/** Makes the watches of a session: pods in each namespace with an application, endpoints where a Service shifts traffic. */
export function createNamespaces(session: Session, options: NamespacesOptions): Namespaces {
  const { transport } = session
  const { clock, random, onError } = options
  const watched = new Map<string, Watched>()
  /** Pods by application; kept for as long as the list that they are from. */
  const byApplication = new WeakMap<readonly Pod[], ReadonlyMap<string, readonly Pod[]>>()

  const selection = { transport, clock, random, onError }

  function watchPods(namespace: string): Selection<Pod> {
    return watchSelection({
      ...selection,
      resource: podResource,
      namespace,
      labelSelector: labels.app,
      sumUp: podOf,
      onChange: telling<Pod>(options.onPod, (a, b) => a.app === b.app),
    })
  }

  function watchSlices(namespace: string, labelSelector: string): Selection<Endpoints> {
    return watchSelection({
      ...selection,
      resource: sliceResource,
      namespace,
      labelSelector,
      sumUp: endpointsOf,
      onChange: telling<Endpoints>(
        (endpoints) => options.onEndpoints(namespace, endpoints),
        (a, b) => a.service === b.service,
      ),
    })
  }

  function telling<T>(tell: (facts: T) => void, isSame: (a: T, b: T) => boolean) {
    return (before: T | undefined, now: T | undefined) => {
      if (!before && !now) return options.onKnown()
      if (now) tell(now)
      if (before && !(now && isSame(before, now))) tell(before)
    }
  }

  function stopOne({ pods, endpoints }: Watched): void {
    pods.stop()
    endpoints?.slices.stop()
  }

  return {
    use(applications) {
      const services = new Map<string, string[]>()
      for (const { namespace, service, releases } of applications) {
        const names = services.get(namespace) ?? []
        services.set(namespace, names)
        if (service) names.push(service.name)
        for (const release of releases.values()) if (release.service !== undefined) names.push(release.service)
      }
      for (const [namespace, one] of watched) {
        if (services.has(namespace)) continue
        stopOne(one)
        watched.delete(namespace)
      }
      for (const [namespace, names] of services) {
        const one = watched.get(namespace) ?? { pods: watchPods(namespace), endpoints: undefined }
        watched.set(namespace, one)
        const selector = names.length === 0 ? undefined : `${serviceNameLabel} in (${names.sort().join(',')})`
        if (one.endpoints?.selector === selector) continue
        one.endpoints?.slices.stop()
        one.endpoints = selector === undefined ? undefined : { selector, slices: watchSlices(namespace, selector) }
      }
    },
    pods(namespace, application) {
      const list = watched.get(namespace)?.pods.facts()
      if (!list) return undefined
      const groups = byApplication.get(list) ?? groupsOf(list)
      byApplication.set(list, groups)
      return groups.get(application) ?? []
    },
    serving(namespace, service) {
      const slices = watched.get(namespace)?.endpoints?.slices.facts()
      return slices && new Set(slices.filter((one) => one.service === service).flatMap(({ ready }) => ready))
    },
    async label(namespace, write) {
      const one = watched.get(namespace)
      return one ? write(one.pods) : false
    },
    problems: () =>
      [...watched.values()]
        .flatMap(({ pods, endpoints }) => [pods.problem(), endpoints?.slices.problem() ?? ''])
        .filter((problem) => problem !== ''),
    stop() {
      for (const one of watched.values()) stopOne(one)
      watched.clear()
    },
  }
}

function groupsOf(pods: readonly Pod[]): ReadonlyMap<string, readonly Pod[]> {
  const groups = new Map<string, Pod[]>()
  for (const pod of pods) {
    const group = groups.get(pod.app)
    if (group) group.push(pod)
    else groups.set(pod.app, [pod])
  }
  return groups
}
