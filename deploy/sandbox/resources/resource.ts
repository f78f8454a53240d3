import type { OpenApiSchema } from '../schema/openapi.ts'
import type { Schema } from '../schema/schema.ts'

/** A part of an object with a path of its own. */
export interface Subresource {
  readonly name: string
  readonly apiVersion: string
  readonly kind: string
  readonly verbs: readonly string[]
}

/** A column of `kubectl get` that a CRD asks for. */
export interface PrinterColumn {
  readonly name: string
  readonly type: string
  readonly format?: string
  readonly description?: string
  readonly jsonPath: string
  readonly priority?: number
}

/** What a custom resource has beyond a built-in one. */
export interface CustomParts {
  /** Name of the CustomResourceDefinition. */
  readonly definition: string
  /** The version that objects are kept in. */
  readonly storageVersion: string
  readonly openApi: OpenApiSchema
  readonly preserveUnknown: boolean
  readonly scale?: { readonly spec: string; readonly status: string; readonly selector?: string }
  readonly columns: readonly PrinterColumn[]
}

/** One version of a kind that is served. */
export interface Resource {
  readonly group: string
  readonly version: string
  /** `group/version`, or `v1`. */
  readonly apiVersion: string
  readonly kind: string
  readonly listKind: string
  readonly plural: string
  readonly singular: string
  readonly namespaced: boolean
  readonly verbs: readonly string[]
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly subresources: readonly Subresource[]
  /** Where objects of all versions are kept: `plural` or `plural.group`, as errors name it too. */
  readonly storage: string
  readonly schema: Schema
  readonly custom: CustomParts | undefined
}

/** `group/version`, or the version alone for the core group. */
export function apiVersionOf(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`
}

/** Whether a resource has a subresource of this name. */
export function hasSubresource(resource: Resource, name: string): boolean {
  return resource.subresources.some((sub) => sub.name === name)
}
