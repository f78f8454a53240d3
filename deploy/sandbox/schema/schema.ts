import type { Json, JsonObject } from '../../../repo-layout/json.ts'
import { definitions, type OpenApiSchema, referenceOf } from './openapi.ts'

/** What a scalar may be; `untyped` is any scalar. */
export type Scalar = 'string' | 'numeric' | 'boolean' | 'untyped'

/** How a list merges. Only `set` and `map` lists have items that can be owned one by one. */
export interface ListRule {
  readonly relation: 'atomic' | 'set' | 'map'
  readonly keys: readonly string[]
  readonly items: Schema
}

/** How a map or a struct merges. */
export interface MapRule {
  readonly atomic: boolean
  readonly fields: ReadonlyMap<string, Schema>
  /** The schema of keys that are no fields; undefined where there are none. */
  readonly others: Schema | undefined
}

/**
 * What a value may be and how two of them merge. A schema with several of `scalar`, `list` and `map` takes any of them.
 * References are followed when they are asked for, as types may contain themselves.
 */
export interface Schema {
  readonly scalar: Scalar | undefined
  readonly list: ListRule | undefined
  readonly map: MapRule | undefined
  readonly default: Json | undefined
  readonly source: OpenApiSchema
  readonly dropEmpty: ReadonlySet<string>
  readonly whenAbsent: JsonObject | undefined
}

const none: ReadonlySet<string> = new Set()
const noFields: ReadonlyMap<string, Schema> = new Map()

const plain = { default: undefined, source: {}, dropEmpty: none, whenAbsent: undefined } as const

/** Anything, owned as a whole. */
export const atomicValue: Schema = {
  ...plain,
  scalar: 'untyped',
  get list(): ListRule {
    return atomicList
  },
  get map(): MapRule {
    return atomicMap
  },
}

const atomicList: ListRule = { relation: 'atomic', keys: [], items: atomicValue }
const atomicMap: MapRule = { atomic: true, fields: noFields, others: atomicValue }

/** Anything, as server-side apply deduces it without a schema: maps key by key, lists as a whole. */
const deducedValue: Schema = {
  ...plain,
  scalar: 'untyped',
  list: atomicList,
  get map(): MapRule {
    return deducedMap
  },
}

const deducedMap: MapRule = { atomic: false, fields: noFields, others: deducedValue }

const quantity = 'io.k8s.apimachinery.pkg.api.resource.Quantity'
const rawExtension = 'io.k8s.apimachinery.pkg.runtime.RawExtension'
const named = new Map<string, Schema>()

/** The schema of a definition; read once. Throws where there is none of that name. */
export function definitionSchema(name: string): Schema {
  const known = named.get(name)
  if (known) return known
  const source = definitions().get(name)
  if (!source) throw new Error(`no definition ${name}`)
  const schema =
    name === quantity
      ? { ...plain, scalar: 'untyped' as const, list: undefined, map: undefined, source }
      : name === rawExtension
        ? { ...atomicValue, source }
        : schemaOf(source, false)
  named.set(name, schema)
  return schema
}

/** The schema of an OpenAPI schema. `preserve` says that an outer one keeps fields that are not declared. */
export function schemaOf(source: OpenApiSchema, preserve: boolean): Schema {
  const reference = referenceOf(source)
  if (reference !== undefined) return overridden(definitionSchema(reference), source)
  const keeps = preserve || source['x-kubernetes-preserve-unknown-fields'] === true
  const open = source.type === undefined
  return {
    scalar: open ? 'untyped' : scalarOf(source),
    list: open || source.type === 'array' ? lazyList(source, keeps) : undefined,
    map: open || source.type === 'object' ? lazyMap(source, keeps) : undefined,
    default: source.default,
    source,
    dropEmpty: source['x-drop-empty'] ? new Set(source['x-drop-empty']) : none,
    whenAbsent: source['x-when-absent'],
  }
}

/** A reference may carry a default and a map type of its own. */
function overridden(target: Schema, source: OpenApiSchema): Schema {
  const mapType = source['x-kubernetes-map-type']
  if (source.default === undefined && mapType === undefined) return target
  const { map } = target
  return {
    ...target,
    default: source.default,
    map: map && mapType !== undefined ? { ...map, others: map.others, atomic: mapType === 'atomic' } : map,
  }
}

function scalarOf({ type, format }: OpenApiSchema): Scalar | undefined {
  if (type === 'integer' || type === 'number') return 'numeric'
  if (type === 'boolean') return 'boolean'
  if (type !== 'string') return undefined
  return format === undefined || format === 'byte' ? 'string' : 'untyped'
}

function lazyList(source: OpenApiSchema, keeps: boolean): ListRule {
  const type = source['x-kubernetes-list-type']
  let items: Schema | undefined
  return {
    relation: type === 'map' || type === 'set' ? type : 'atomic',
    keys: source['x-kubernetes-list-map-keys'] ?? [],
    get items() {
      items ??= source.items ? schemaOf(source.items, keeps) : atomicValue
      return items
    },
  }
}

function lazyMap(source: OpenApiSchema, keeps: boolean): MapRule {
  let fields: ReadonlyMap<string, Schema> | undefined
  let others: { readonly schema: Schema | undefined } | undefined
  return {
    atomic: source['x-kubernetes-map-type'] === 'atomic',
    get fields() {
      fields ??= new Map(Object.entries(source.properties ?? {}).map(([name, inner]) => [name, schemaOf(inner, keeps)]))
      return fields
    },
    get others() {
      others ??= { schema: othersOf(source, keeps) }
      return others.schema
    },
  }
}

/** OpenAPI: an object without properties takes any; one with properties takes only those. */
function othersOf(source: OpenApiSchema, keeps: boolean): Schema | undefined {
  const { additionalProperties: more, properties = {} } = source
  if (more === true) return deducedValue
  if (more === false) return undefined
  if (more) return schemaOf(more, keeps)
  return keeps || Object.keys(properties).length === 0 ? deducedValue : undefined
}
