import type { JsonObject } from '../../../repo-layout/json.ts'
import { aggregated, groupDocument, groupList, resourceList } from '../resources/discovery.ts'
import type { Registry } from '../resources/registry.ts'
import { errorReply, noSuchPath } from '../status.ts'
import { type AnyReply, type ApiRequest, json, plain } from './message.ts'
import { type Target, targetOf } from './target.ts'

/** What the router leads to. */
export interface Routes {
  readonly registry: Registry
  readonly version: JsonObject
  /** Answers a request for objects; may throw a `StatusError`. */
  serve(target: Target, request: ApiRequest): AnyReply
  /** Answers below `/openapi/v3`; undefined where there is nothing. */
  openApi(path: string): JsonObject | undefined
}

/** Finds what a path means and lets it be answered. Never throws. */
export function route(routes: Routes, request: ApiRequest): AnyReply {
  try {
    return answer(routes, request) ?? errorReply(noSuchPath())
  } catch (error) {
    return errorReply(error)
  }
}

function answer(routes: Routes, request: ApiRequest): AnyReply | undefined {
  const path = request.path.replace(/\/+$/, '') || '/'
  const [, first = '', second = '', third = ''] = path.split('/')
  const depth = path.split('/').length - 1
  const resources = () => routes.registry.all()
  switch (first) {
    case '':
      return json(
        200,
        JSON.stringify({ paths: ['/api', '/apis', '/healthz', '/livez', '/openapi/v3', '/readyz', '/version'] }),
      )
    case 'healthz':
    case 'livez':
    case 'readyz':
      return plain(200, 'ok')
    case 'version':
      return document(routes.version)
    case 'openapi':
      return second === 'v3' ? document(routes.openApi(path.slice('/openapi/v3'.length + 1))) : undefined
    case 'api':
      if (depth === 1)
        return wantsAggregated(request) ? aggregatedReply(aggregated(resources(), true)) : document(coreVersions)
      if (depth === 2) return document(resourceList(resources(), '', second))
      break
    case 'apis':
      if (depth === 1)
        return wantsAggregated(request)
          ? aggregatedReply(aggregated(resources(), false))
          : document(groupList(resources()))
      if (depth === 2) return document(groupDocument(resources(), second))
      if (depth === 3) return document(resourceList(resources(), second, third))
      break
    default:
      return undefined
  }
  const target = targetOf(routes.registry, path)
  return target && routes.serve(target, request)
}

const coreVersions: JsonObject = {
  kind: 'APIVersions',
  versions: ['v1'],
  serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: '127.0.0.1' }],
}

function document(body: JsonObject | undefined): AnyReply | undefined {
  return body && json(200, JSON.stringify(body))
}

const aggregatedType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

function aggregatedReply(body: JsonObject): AnyReply {
  return json(200, JSON.stringify(body), { 'content-type': aggregatedType })
}

function wantsAggregated({ headers }: ApiRequest): boolean {
  const types = (headers.accept ?? '').split(',')
  return types.some((type) => type.includes('g=apidiscovery.k8s.io') && type.includes('v=v2;'))
}
