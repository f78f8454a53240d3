import { getIn, isJsonArray, type KubeObject } from '../../../repo-layout/json.ts'

/** What is kept of an EndpointSlice. */
export interface Endpoints {
  readonly service: string
  /** The uids of the pods in it that get traffic. */
  readonly ready: readonly string[]
}

/** The label that names the Service of an EndpointSlice. */
export const serviceNameLabel = 'kubernetes.io/service-name'

/** Sums up an EndpointSlice. An endpoint that does not say whether it is ready is, as Kubernetes has it. */
export function endpointsOf(slice: KubeObject): Endpoints {
  const { endpoints } = slice
  const ready = (isJsonArray(endpoints) ? endpoints : []).flatMap((endpoint) => {
    const uid = getIn(endpoint, ['targetRef', 'uid'])
    const isPod = getIn(endpoint, ['targetRef', 'kind']) === 'Pod'
    return isPod && typeof uid === 'string' && getIn(endpoint, ['conditions', 'ready']) !== false ? [uid] : []
  })
  return { service: slice.metadata.labels?.[serviceNameLabel] ?? '', ready }
}
