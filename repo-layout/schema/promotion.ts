import { z } from 'zod'
import { duration, milliseconds } from './common.ts'

/** Annotations of an Application that have its releases go on, and be given up, by themselves. */
export const promotionAnnotations = {
  promote: 'flotilla.dev/promote',
  soak: 'flotilla.dev/soak',
  stepDeadline: 'flotilla.dev/step-deadline',
  check: 'flotilla.dev/check',
} as const

const meanings: readonly (readonly [key: string, schema: z.ZodType<string>, what: string])[] = [
  [promotionAnnotations.promote, z.enum(['Automatic', 'Manual']), 'Automatic or Manual'],
  [promotionAnnotations.soak, duration, 'a duration such as 90s, 10m, 1h30m or 1d'],
  [promotionAnnotations.stepDeadline, duration, 'a duration such as 90s, 10m, 1h30m or 1d'],
  [promotionAnnotations.check, z.string().min(1), 'the name of a check of the Fleet (spec.rollouts.checks)'],
]

/** What an Application asks for; times are in milliseconds. */
export interface Promotion {
  /** Whether a step that has soaked is followed by the next one without a command. */
  readonly isAutomatic: boolean
  /** How long a step stays before the next one. */
  readonly soak: number
  /** How long a step may take; undefined without an end. */
  readonly deadline: number | undefined
  /** The check of the Fleet that must hold. */
  readonly check: string | undefined
}

/** Reads annotations that have passed `promotionProblem`. */
export function promotionOf(annotations: Readonly<Record<string, string>> | null | undefined): Promotion {
  const { promote, soak, stepDeadline, check } = promotionAnnotations
  const deadline = annotations?.[stepDeadline]
  return {
    isAutomatic: annotations?.[promote] === 'Automatic',
    soak: milliseconds(annotations?.[soak] ?? '0s'),
    deadline: deadline === undefined ? undefined : milliseconds(deadline),
    check: annotations?.[check],
  }
}

/** Why the value of an annotation means nothing, and what to write; undefined where it is right or not one of these. */
export function promotionProblem(key: string, value: string): string | undefined {
  const [, schema, what] = meanings.find(([one]) => one === key) ?? []
  if (!schema || schema.safeParse(value).success) return undefined
  return `${key}: ${JSON.stringify(value)} means nothing; write ${what}`
}
