import type { JsonObject, KubeObject } from '../../../repo-layout/json.ts'
import type { Resource } from '../resources/resource.ts'
import { columnsOf } from './columns.ts'

/** What a table is made for. */
export interface TableOptions {
  readonly include: 'Metadata' | 'Object' | 'None'
  readonly now: number
  readonly tableVersion: string
}

/** Objects as `kubectl get` prints them: a row each. */
export function tableOf(
  resource: Resource,
  objects: readonly KubeObject[],
  metadata: JsonObject,
  { include, now, tableVersion }: TableOptions,
): JsonObject {
  const columns = columnsOf(resource)
  return {
    kind: 'Table',
    apiVersion: tableVersion,
    metadata,
    columnDefinitions: columns.map(({ name, type, format = '', description = '', priority = 0 }) => ({
      name,
      type,
      format,
      description,
      priority,
    })),
    rows: objects.map((object) => ({
      cells: columns.map((column) => column.cell(object, now)),
      ...(include === 'Object' && { object }),
      ...(include === 'Metadata' && {
        object: { kind: 'PartialObjectMetadata', apiVersion: tableVersion, metadata: object.metadata },
      }),
    })),
  }
}
