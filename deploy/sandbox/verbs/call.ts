import type { KubeObject } from '../../../repo-layout/json.ts'
import type { FieldScope, Requester } from '../apply/field-manager.ts'
import { emptySet, type FieldSet, setOf } from '../apply/field-set.ts'
import { type Backend, timeText } from '../backend.ts'
import type { ApiRequest } from '../http/message.ts'
import type { Target } from '../http/target.ts'
import { hasSubresource, type Resource } from '../resources/resource.ts'
import { normalize } from '../schema/normalize.ts'
import { badRequest } from '../status.ts'

/** One request for objects, with where its warnings go. */
export interface Call {
  readonly backend: Backend
  readonly target: Target
  readonly request: ApiRequest
  /** Texts for the `Warning` header. */
  readonly warnings: string[]
}

/** Who writes and how. */
export interface WriteOptions {
  readonly by: Requester
  readonly dryRun: boolean
}

/** Reads the manager and `dryRun` of a request; throws 400 where they cannot be. */
export function writeOptionsOf({ target, request }: Call): WriteOptions {
  return {
    by: {
      manager: request.query.get('fieldManager') || managerOf(request.headers['user-agent'] ?? ''),
      apiVersion: target.resource.apiVersion,
      subresource: target.subresource,
    },
    dryRun: dryRunOf(request.query.getAll('dryRun')),
  }
}

/** Without a `fieldManager`, the first word of the user agent. */
function managerOf(userAgent: string): string {
  return (userAgent.split('/')[0] ?? '').slice(0, 128)
}

/** Reads `dryRun`: `All` or nothing. */
export function dryRunOf(values: readonly string[]): boolean {
  const wrong = values.find((value) => value !== 'All' && value !== '')
  if (wrong !== undefined)
    throw badRequest(`dryRun: Unsupported value: ${JSON.stringify(wrong)}: supported values: "All"`)
  return values.includes('All')
}

const status = setOf(['f:status'])
const spec = setOf(['f:spec'])
const specAndLabels = setOf(['f:spec'], ['f:metadata', 'f:labels'])

/** Fields that a path cannot write. */
function resetFields(resource: Resource, subresource: string): FieldSet {
  if (subresource === 'binding') return spec
  if (subresource === 'status') return resource.storage === 'deployments.apps' ? specAndLabels : spec
  return hasSubresource(resource, 'status') ? status : emptySet
}

/** What the field manager needs to know of a resource. */
export function fieldScope(backend: Backend, resource: Resource, subresource: string): FieldScope {
  return {
    schemaOf: (apiVersion) =>
      apiVersion === resource.apiVersion
        ? resource.schema
        : backend.registry.byStorage(resource.storage).find((one) => one.apiVersion === apiVersion)?.schema,
    convert: (object, apiVersion) => (object.apiVersion === apiVersion ? object : { ...object, apiVersion }),
    get blank() {
      return blankOf(resource)
    },
    reset: resetFields(resource, subresource),
    time: timeText(backend.clock.now()),
  }
}

/** A typed object has its structs from the start; of a custom resource nothing is there. */
function blankOf({ custom, schema, apiVersion, kind }: Resource): KubeObject {
  const bare = { apiVersion, kind, metadata: {} }
  return (custom ? bare : normalize(schema, bare)) as unknown as KubeObject
}
