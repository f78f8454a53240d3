import { getIn, type Json, type JsonObject } from '../../repo-layout/json.ts'
import { isRejected } from '../member/errors.ts'
import { metadataText } from '../member/manifest.ts'
import type { Transport } from '../member/transport.ts'

/** A Lease as it stands in the host cluster. */
export interface Lease {
  /** Who holds it; empty where it was given back. */
  readonly holder: string
  /** How long it holds after each renewal, in milliseconds, as its holder says. */
  readonly duration: number
  /** Changes with every renewal. */
  readonly version: string
  /** How often it went from one holder to another. */
  readonly transitions: number
}

/** One Lease object of `coordination.k8s.io/v1`. Both verbs reject with an `ApiError` where the API server does not do it. */
export interface LeaseStore {
  /** For people: the kind, the namespace and the name. */
  readonly place: string
  /** The Lease now; undefined where there is none. */
  read(): Promise<Lease | undefined>
  /**
   * Writes `holder` into the Lease, only where it still is `over` (undefined: where there is none); an empty one gives it
   * back. Gives what stands there then, or undefined where somebody else wrote first.
   */
  write(holder: string, over: Lease | undefined): Promise<Lease | undefined>
}

/** Where a Lease lies, and what it says of us. */
export interface LeaseStoreOptions {
  readonly transport: Pick<Transport, 'request'>
  readonly namespace: string
  readonly name: string
  /** What the Lease is about, for who looks at it: an annotation. */
  readonly repository: string
  /** In milliseconds. */
  readonly duration: number
  /** Longest time that the API server may take for an answer, in milliseconds. */
  readonly patience: number
  readonly now: () => number
}

/** The verbs on one Lease. Its times are for people: nothing is ever decided by another machine's clock. */
export function createLeaseStore(options: LeaseStoreOptions): LeaseStore {
  const { transport, namespace, name, repository, duration, patience, now } = options
  const collection = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`
  const path = `${collection}/${name}`
  const request = (method: 'GET' | 'POST' | 'PUT', at: string, body?: Json) =>
    transport.request(method, at, { signal: AbortSignal.timeout(patience), ...(body === undefined ? {} : { body }) })
  // Kubernetes takes six digits of a second, not one fewer.
  const time = () => `${new Date(now()).toISOString().slice(0, -1)}000Z`
  let acquired = time()

  function bodyOf(holder: string, over: Lease | undefined): Json {
    const isNew = over?.holder !== holder
    if (isNew) acquired = time()
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        name,
        namespace,
        annotations: { 'flotilla.dev/repository': repository },
        ...(over ? { resourceVersion: over.version } : {}),
      },
      spec: {
        holderIdentity: holder,
        leaseDurationSeconds: Math.max(1, Math.ceil(duration / 1000)),
        acquireTime: acquired,
        renewTime: time(),
        leaseTransitions: (over?.transitions ?? 0) + (isNew && over && holder !== '' ? 1 : 0),
      },
    }
  }

  return {
    place: `Lease ${namespace}/${name}`,
    async read() {
      try {
        return leaseOf((await request('GET', path)).json)
      } catch (error) {
        if (isRejected(error, 404)) return undefined
        throw error
      }
    },
    async write(holder, over) {
      const body = bodyOf(holder, over)
      try {
        return leaseOf((over ? await request('PUT', path, body) : await request('POST', collection, body)).json)
      } catch (error) {
        if (isRejected(error, 409) || (over && isRejected(error, 404))) return undefined
        throw error
      }
    },
  }
}

function leaseOf(json: JsonObject): Lease {
  const spec = (field: string) => getIn(json, ['spec', field])
  return {
    holder: String(spec('holderIdentity') ?? ''),
    duration: Number(spec('leaseDurationSeconds') ?? 0) * 1000,
    version: metadataText(json, 'resourceVersion'),
    transitions: Number(spec('leaseTransitions') ?? 0),
  }
}
