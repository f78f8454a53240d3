import type { z } from 'zod'
import { ForgeError } from './error.ts'

/** Reads an answer by its schema. What does not fit is not of a forge that we know, and rejects as `unreachable`. */
export function readAs<T>(schema: z.ZodType<T>, json: unknown, what: string): T {
  const result = schema.safeParse(json)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const where = issue ? ` (${issue.path.join('.')}: ${issue.message})` : ''
  throw new ForgeError(`the forge sent no ${what} that can be read${where}`, { type: 'unreachable' })
}
