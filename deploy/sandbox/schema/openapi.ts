import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Json, JsonObject } from '../../../repo-layout/json.ts'

/** A schema in the words of OpenAPI v3, with what the data of this folder adds to it. */
export interface OpenApiSchema {
  readonly description?: string
  readonly type?: string
  readonly format?: string
  readonly properties?: { readonly [name: string]: OpenApiSchema }
  readonly additionalProperties?: OpenApiSchema | boolean
  readonly items?: OpenApiSchema
  readonly required?: readonly string[]
  readonly enum?: readonly Json[]
  readonly default?: Json
  readonly nullable?: boolean
  readonly $ref?: string
  readonly allOf?: readonly OpenApiSchema[]
  readonly oneOf?: readonly OpenApiSchema[]
  readonly anyOf?: readonly OpenApiSchema[]
  readonly not?: OpenApiSchema
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: boolean
  readonly exclusiveMaximum?: boolean
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly minProperties?: number
  readonly maxProperties?: number
  readonly uniqueItems?: boolean
  readonly multipleOf?: number
  readonly pattern?: string
  readonly 'x-kubernetes-list-type'?: string
  readonly 'x-kubernetes-list-map-keys'?: readonly string[]
  readonly 'x-kubernetes-map-type'?: string
  readonly 'x-kubernetes-patch-strategy'?: string
  readonly 'x-kubernetes-patch-merge-key'?: string
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean
  readonly 'x-kubernetes-int-or-string'?: boolean
  readonly 'x-kubernetes-embedded-resource'?: boolean
  readonly 'x-kubernetes-group-version-kind'?: readonly {
    readonly group: string
    readonly version: string
    readonly kind: string
  }[]
  /** Fields whose empty value a server drops. */
  readonly 'x-drop-empty'?: readonly string[]
  /** Fields that a server always writes, with what stands there when nobody set them. */
  readonly 'x-when-absent'?: JsonObject
}

const prefix = '#/components/schemas/'
const data = join(import.meta.dirname, 'data')

let loaded: ReadonlyMap<string, OpenApiSchema> | undefined

/** All definitions of the built-in kinds by name; read at the first call and shared by the whole process. */
export function definitions(): ReadonlyMap<string, OpenApiSchema> {
  loaded ??= new Map(
    readdirSync(data).flatMap((file) => {
      const home = file.replace(/\.json$/, '')
      const types = JSON.parse(readFileSync(join(data, file), 'utf8')) as Record<string, OpenApiSchema>
      return Object.entries(types).map(([name, schema]): [string, OpenApiSchema] => [`${home}.${name}`, schema])
    }),
  )
  return loaded
}

/** The name of the definition that a schema refers to, directly or as the only part of `allOf`. */
export function referenceOf(schema: OpenApiSchema): string | undefined {
  const reference = schema.$ref ?? (schema.allOf?.length === 1 ? schema.allOf[0]?.$ref : undefined)
  return reference?.startsWith(prefix) ? reference.slice(prefix.length) : undefined
}

let kinds: ReadonlyMap<string, string> | undefined

/** The name of the definition of a built-in kind. */
export function definitionOf(group: string, version: string, kind: string): string | undefined {
  kinds ??= new Map(
    [...definitions()].flatMap(([name, schema]) =>
      (schema['x-kubernetes-group-version-kind'] ?? []).map((gvk): [string, string] => [
        `${gvk.group}/${gvk.version}/${gvk.kind}`,
        name,
      ]),
    ),
  )
  return kinds.get(`${group}/${version}/${kind}`)
}
