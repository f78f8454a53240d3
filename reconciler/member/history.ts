import { z } from 'zod'
import type { Json } from '../../repo-layout/json.ts'
import type { Drift, FieldDrift } from './types.ts'

// JSON has no undefined: a field that is not there has no key.
const value = z
  .unknown()
  .optional()
  .transform((json) => json as Json | undefined)

const entrySchema = z.object({
  subject: z.string(),
  at: z.string(),
  times: z.int().min(1),
  reason: z.enum(['changed', 'deleted', 'label removed', 'recreated', 'ownership wiped', 'new commit']),
  fields: z.array(z.object({ path: z.string(), live: value, wanted: value, manager: z.string() })),
})

/** What was written over in one object of a member. */
export interface Overwritten {
  readonly subject: string
  /** ISO time of the last time. */
  readonly at: string
  /** How often the very same was written over, one after the other. */
  readonly times: number
  /** The drift that was healed, or `new commit` where a commit was applied to an object that somebody had changed. */
  readonly reason: Drift['reason'] | 'new commit'
  /** `live` is what stood there and is gone, `wanted` what Git says; values of Secrets are masked. */
  readonly fields: readonly FieldDrift[]
}

/** So many entries are kept at most, and so many bytes of them. */
const mostEntries = 100
const mostBytes = 200_000
/** Longest value that is kept whole, in signs of its JSON. */
const longestValue = 4000
/** So many bytes of one entry's fields are kept. */
const mostOfOne = 100_000

/** Reads a history, newest first, one JSON object a line. What cannot be read is left out and counted. */
export function parseHistory(text: string): {
  readonly entries: readonly Overwritten[]
  readonly unreadable: number
} {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const entries = lines.flatMap((line): readonly Overwritten[] => {
    const found = entrySchema.safeParse(jsonOf(line))
    return found.success ? [found.data] : []
  })
  return { entries, unreadable: lines.length - entries.length }
}

/** Writes a history as `parseHistory` reads it. */
export function formatHistory(entries: readonly Overwritten[]): string {
  return entries.map((entry) => JSON.stringify(entry)).join('\n')
}

/**
 * A history with one more entry, the newest first, within its bounds. What is written over again and again, as in a fight,
 * is one entry that counts.
 */
export function remember(entries: readonly Overwritten[], next: Overwritten): readonly Overwritten[] {
  const entry = { ...next, fields: upTo(mostOfOne, next.fields.map(shortened)) }
  const last = entries.find(({ subject }) => subject === entry.subject)
  const again = last !== undefined && sameFields(last, entry)
  // Written before, and only the answer was lost.
  if (again && last.at === entry.at) return entries
  const others = again ? entries.filter((one) => one !== last) : entries
  const all = [{ ...entry, times: entry.times + (again ? last.times : 0) }, ...others].slice(0, mostEntries)
  return upTo(mostBytes, all)
}

/** The first of some values that take so many bytes as lines of JSON. */
function upTo<T>(limit: number, values: readonly T[]): readonly T[] {
  let bytes = 0
  const over = values.findIndex((one) => {
    bytes += Buffer.byteLength(JSON.stringify(one)) + 1
    return bytes > limit
  })
  return over < 0 ? values : values.slice(0, over)
}

function sameFields(a: Overwritten, b: Overwritten): boolean {
  return a.reason === b.reason && JSON.stringify(a.fields) === JSON.stringify(b.fields)
}

function shortened(field: FieldDrift): FieldDrift {
  return { ...field, live: short(field.live), wanted: short(field.wanted) }
}

/** A value that is too long is kept as the beginning of its text. */
function short(kept: Json | undefined): Json | undefined {
  const text = typeof kept === 'string' ? kept : (JSON.stringify(kept) ?? '')
  return text.length <= longestValue ? kept : `${text.slice(0, longestValue)}… (cut, ${text.length} signs)`
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined // told apart by the schema
  }
}
