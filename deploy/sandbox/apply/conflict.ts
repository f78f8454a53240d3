import { type Cause, StatusError } from '../status.ts'
import { type FieldSet, members } from './field-set.ts'
import { printPath } from './fields-v1.ts'
import type { Owner } from './managed.ts'

/** What an applier wants to change that somebody else owns. */
export interface Conflict {
  readonly owner: Owner
  readonly set: FieldSet
}

/** 409 with a cause for each field, in the words of Kubernetes. */
export function conflictError(conflicts: readonly Conflict[]): StatusError {
  const fields = conflicts.flatMap(({ owner, set }) =>
    [...members(set)].map((path) => ({ who: print(owner), path: printPath(path) })),
  )
  const causes: Cause[] = fields.map(({ who, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${who}`,
    field: path,
  }))
  return new StatusError(409, 'Conflict', messageOf(fields), {}, causes)
}

function messageOf(fields: readonly { readonly who: string; readonly path: string }[]): string {
  const [first] = fields
  if (fields.length === 1 && first) return `Apply failed with 1 conflict: conflict with ${first.who}: ${first.path}`
  const lines = [...new Set(fields.map(({ who }) => who))]
    .sort()
    .flatMap((who) => [
      `conflicts with ${who}:`,
      ...fields.filter((field) => field.who === who).map(({ path }) => `- ${path}`),
    ])
  return `Apply failed with ${fields.length} conflicts: ${lines.join('\n')}`
}

function print({ manager, operation, apiVersion, subresource }: Owner): string {
  const name = JSON.stringify(manager)
  const at = subresource === '' ? name : `${name} with subresource ${JSON.stringify(subresource)}`
  return operation === 'Update' ? `${at} using ${apiVersion}` : at
}
