import type { JsonObject, KubeObject } from '../../../repo-layout/json.ts'

/** An entry of managedFields as the API server writes it. */
export function entry(manager: string, fieldsV1: JsonObject, more: JsonObject = {}): JsonObject {
  return { manager, operation: 'Apply', apiVersion: 'apps/v1', fieldsType: 'FieldsV1', fieldsV1, ...more }
}

/** An object with such entries. */
export function live(object: JsonObject, ...managedFields: readonly JsonObject[]): KubeObject {
  const metadata = {
    name: 'web',
    namespace: 'shop',
    uid: 'u',
    resourceVersion: '5',
    ...(object.metadata as JsonObject),
  }
  return { apiVersion: 'apps/v1', kind: 'Deployment', ...object, metadata: { ...metadata, managedFields } }
}
