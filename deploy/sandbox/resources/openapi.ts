import { createHash } from 'node:crypto'
import type { Json, JsonObject } from '../../../repo-layout/json.ts'
import { withMeta } from '../custom/resources.ts'
import { definitionOf, definitions, type OpenApiSchema, referenceOf } from '../schema/openapi.ts'
import type { Resource } from './resource.ts'

/**
 * Answers below `/openapi/v3`: the index for `''`, a document for the path of a group-version; undefined for any other.
 * A document holds what clients look up: the schemas, and for each path the kind and the parameters that it takes.
 */
export function openApiDocument(resources: readonly Resource[], path: string): JsonObject | undefined {
  const byPath = new Map<string, Resource[]>()
  for (const resource of resources) {
    const key = resource.group === '' ? `api/${resource.version}` : `apis/${resource.group}/${resource.version}`
    byPath.set(key, [...(byPath.get(key) ?? []), resource])
  }
  if (path === '') {
    const entries = [...byPath].map(([key, served]) => [
      key,
      { serverRelativeURL: `/openapi/v3/${key}?hash=${hashOf(served)}` },
    ])
    return { paths: Object.fromEntries(entries) }
  }
  const served = byPath.get(path)
  return served && document(served, path)
}

/** Clients keep a document for as long as its hash stays. */
function hashOf(resources: readonly Resource[]): string {
  const text = JSON.stringify(resources.map(({ kind, custom }) => [kind, custom?.openApi ?? '']))
  return createHash('sha256').update(text).digest('hex').toUpperCase()
}

function document(resources: readonly Resource[], path: string): JsonObject {
  const schemas: Record<string, Json> = {}
  const paths: Record<string, Json> = {}
  const add = (name: string) => {
    const schema = definitions().get(name)
    if (schemas[name] !== undefined || !schema) return
    schemas[name] = published(schema)
    for (const reference of referencesOf(schema)) add(reference)
  }
  add('io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions')
  for (const resource of resources) {
    const { custom, group, version, kind } = resource
    if (custom) {
      const schema = withMeta(custom.openApi)
      schemas[`${group.split('.').reverse().join('.')}.${version}.${kind}`] = {
        ...published(schema),
        'x-kubernetes-group-version-kind': [{ group, version, kind }],
      }
      for (const reference of referencesOf(schema)) add(reference)
    } else {
      const name = definitionOf(group, version, kind)
      if (name !== undefined) add(name)
    }
    Object.assign(paths, pathsOf(resource, path))
  }
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.35.4' },
    paths,
    components: { schemas },
  }
}

/** Without what only the sandbox needs. */
function published(schema: OpenApiSchema): JsonObject {
  const { 'x-drop-empty': _, 'x-when-absent': __, ...rest } = schema
  return rest as unknown as JsonObject
}

function referencesOf(schema: OpenApiSchema): readonly string[] {
  const more = schema.additionalProperties
  const inner = [
    ...Object.values(schema.properties ?? {}),
    ...(schema.items ? [schema.items] : []),
    ...(more && more !== true ? [more] : []),
  ]
  const own = referenceOf(schema)
  return [...(own === undefined ? [] : [own]), ...inner.flatMap(referencesOf)]
}

function parameter(name: string, type = 'string'): JsonObject {
  return { name, in: 'query', schema: { type, uniqueItems: true } }
}

const writeParameters = [parameter('dryRun'), parameter('fieldManager'), parameter('fieldValidation')]

function pathsOf(resource: Resource, path: string): JsonObject {
  const { group, version, kind, plural, namespaced } = resource
  const base = `/${path}${namespaced ? '/namespaces/{namespace}' : ''}/${plural}`
  const operation = (action: string, parameters: readonly Json[]): JsonObject => ({
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group, version, kind },
    parameters,
    responses: { 200: { description: 'OK' } },
  })
  return {
    [base]: {
      get: operation('list', [parameter('labelSelector'), parameter('fieldSelector')]),
      post: operation('post', writeParameters),
    },
    [`${base}/{name}`]: {
      get: operation('get', []),
      put: operation('put', writeParameters),
      patch: operation('patch', [...writeParameters, parameter('force', 'boolean')]),
      delete: operation('delete', [parameter('dryRun')]),
    },
  }
}
