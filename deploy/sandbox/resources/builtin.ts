import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { definitionOf } from '../schema/openapi.ts'
import { atomicValue, definitionSchema, type Schema } from '../schema/schema.ts'
import { apiVersionOf, type Resource } from './resource.ts'

/** A resource as aggregated discovery describes it, and as the generator wrote it down. */
interface Described {
  readonly resource: string
  readonly responseKind: { readonly group: string; readonly version: string; readonly kind: string }
  readonly scope: 'Cluster' | 'Namespaced'
  readonly singularResource: string
  readonly verbs: readonly string[]
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
  readonly subresources?: readonly {
    readonly subresource: string
    readonly responseKind?: { readonly group: string; readonly version: string; readonly kind: string }
    readonly verbs: readonly string[]
  }[]
}

/** Served by a real server, but with nothing behind them here. */
const leftOut = new Set([
  'bindings',
  'componentstatuses',
  'podtemplates/',
  'pods/attach',
  'pods/binding',
  'pods/ephemeralcontainers',
  'pods/exec',
  'pods/log',
  'pods/portforward',
  'pods/proxy',
  'nodes/proxy',
  'services/proxy',
  'localsubjectaccessreviews',
  'subjectaccessreviews',
])

let loaded: readonly Resource[] | undefined

/** The resources that every cluster serves; read at the first call and shared by the whole process. */
export function builtinResources(): readonly Resource[] {
  loaded ??= Object.entries(
    JSON.parse(readFileSync(join(import.meta.dirname, 'data', 'builtin.json'), 'utf8')) as Record<string, Described[]>,
  ).flatMap(([apiVersion, described]) =>
    described.filter(({ resource }) => !leftOut.has(resource)).map((one) => resourceOf(apiVersion, one)),
  )
  return loaded
}

function resourceOf(served: string, described: Described): Resource {
  const [group = '', version = ''] = served.includes('/') ? served.split('/') : ['', served]
  const { kind } = described.responseKind
  let schema: Schema | undefined
  return {
    group,
    version,
    apiVersion: served,
    kind,
    listKind: `${kind}List`,
    plural: described.resource,
    singular: described.singularResource,
    namespaced: described.scope === 'Namespaced',
    verbs: described.verbs,
    shortNames: described.shortNames ?? [],
    categories: described.categories ?? [],
    subresources: (described.subresources ?? [])
      .filter((sub) => !leftOut.has(`${described.resource}/${sub.subresource}`))
      .map((sub) => ({
        name: sub.subresource,
        apiVersion: apiVersionOf(sub.responseKind?.group || group, sub.responseKind?.version || version),
        kind: sub.responseKind?.kind ?? kind,
        verbs: sub.verbs,
      })),
    storage: group === '' ? described.resource : `${described.resource}.${group}`,
    get schema() {
      const name = definitionOf(group, version, kind)
      schema ??= name === undefined ? atomicValue : definitionSchema(name)
      return schema
    },
    custom: undefined,
  }
}
