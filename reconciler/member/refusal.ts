import { ApiError, type Cause } from './errors.ts'
import { rightsRemedy } from './remedy.ts'

/** What API servers say of a field that cannot be changed on an existing object. */
const immutability =
  /immutable|may not change once set|may not be changed|may not change fields other than|cannot change roleRef|updates to .+ are forbidden|is forbidden to change|self == oldSelf/i

/**
 * The fields that an apply was refused for because they are immutable; empty where the refusal is (also) about something
 * else, or names no field, as a policy of the cluster does: then deleting and creating would only lose the object.
 */
export function immutableFields(error: unknown): string[] {
  if (!(error instanceof ApiError) || error.failure.type !== 'rejected' || error.failure.status !== 422) return []
  const { causes } = error.failure
  const are = causes.every(({ field, message }) => field !== '' && immutability.test(message))
  return are ? [...new Set(causes.map(({ field }) => field))] : []
}

/**
 * The name of the list whose items clash (`ports` for `spec.ports[1].name: Duplicate value`); undefined where the
 * refusal is about something else.
 */
export function clashingList(error: unknown): string | undefined {
  if (!(error instanceof ApiError)) return undefined
  // The allocator of a Service answers 500 and names no field.
  if (/duplicate nodePort/.test(error.message)) return 'ports'
  if (error.failure.type !== 'rejected' || error.failure.status !== 422) return undefined
  const clash = error.failure.causes.find((cause) => cause.reason === 'FieldValueDuplicate')
  return /([A-Za-z0-9]+)\[\d+\](\.[A-Za-z0-9]+)?$/.exec(clash?.field ?? '')?.[1]
}

/** What RBAC says of a request that nobody allows; quotas and policies that forbid too say it otherwise. */
const missingRight = / is forbidden: User "[^"]*" cannot \S+ resource /

/**
 * One line that says why an object could not be applied and, where that is known, what to do. `cluster` is the one whose
 * account asked: without it, a right that is missing may be that of somebody else, and no command is named.
 */
export function explain(error: unknown, cluster?: string): string {
  const text = error instanceof Error ? error.message : String(error)
  const fields = immutableFields(error)
  if (fields.length > 0)
    return `${fields.join(', ')} cannot be changed on the existing object; annotate it flotilla.dev/recreate: "true" to delete and create it (${text})`
  if (!(error instanceof ApiError) || error.failure.type !== 'rejected') return text
  const missing = /namespaces "([^"]+)" not found/.exec(text)?.[1]
  if (error.failure.status === 404 && missing !== undefined)
    return `namespace ${missing} does not exist in the cluster; put it into the fleet or create it`
  if (cluster !== undefined && error.failure.status === 403 && missingRight.test(text))
    return `${text}; ${rightsRemedy(cluster)}`
  const { causes } = error.failure
  return causes.length > 0 && causes.every(({ field }) => field === '') ? causes.map(describeCause).join('; ') : text
}

function describeCause(cause: Cause): string {
  return cause.message || cause.reason
}
