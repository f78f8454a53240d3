import { z } from 'zod'
import { median } from './stats.ts'

const units = ['s', 'ms', '/s', 'MB', 'GiB', 'requests'] as const

const measure = z.object({
  /** The median of `runs`, or what `runs` came to as the row's name says. */
  value: z.number(),
  runs: z.array(z.number()),
  /** What a reader must know to read the number right; empty where nothing. */
  note: z.string().default(''),
})

const row = z.object({
  name: z.string(),
  title: z.string(),
  unit: z.enum(units),
  flotilla: measure,
  /** What the machine and its servers could do at best, without any decision or book-keeping. */
  limit: measure.optional(),
  /** Flux's kustomize-controller with the same objects. */
  peer: measure.optional(),
  goal: z.object({ text: z.string(), met: z.boolean() }).optional(),
})

/** One run of the benchmark, as `--json` writes it. */
export const resultSchema = z.object({
  at: z.string(),
  machine: z.object({
    cpu: z.string(),
    cores: z.number(),
    memoryGiB: z.number(),
    system: z.string(),
    node: z.string(),
    /** One-minute load before the first row: what else the machine was doing. */
    load: z.number(),
  }),
  components: z.record(z.string(), z.string()),
  settings: z.record(z.string(), z.number()),
  rows: z.array(row),
})

/** What was measured of one contender in one row. */
export type Measure = z.infer<typeof measure>
/** One row: the same work done by each contender in the same run. */
export type Row = z.infer<typeof row>
/** All that a run found. */
export type Result = z.infer<typeof resultSchema>

/** The median of several runs. */
export function medianOf(runs: readonly number[], note = ''): Measure {
  return { value: median(runs), runs: [...runs], note }
}

/** A goal of a row, with whether it is met. */
export function goal(text: string, met: boolean): NonNullable<Row['goal']> {
  return { text, met }
}

/** A result as JSON; numbers are cut to what a measurement can say, those of the runs of one measure stand on one line. */
export function resultText(result: Result): string {
  const cut = (_: string, value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(5)) : value)
  const text = JSON.stringify(result, cut, 2)
  return `${text.replace(/\[[-\d.e,\s]*\]/g, (numbers) => numbers.replace(/\s+/g, ' '))}\n`
}
