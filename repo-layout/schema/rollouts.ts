import { z } from 'zod'
import { duration } from './common.ts'

const url = z.string().regex(/^https?:\/\/[^\s/@]+(\/\S*)?$/, 'expected an http or https address without credentials')

/** What a rollout that goes on by itself is measured by: an address that answers, or a query whose values hold. */
const rolloutCheck = z
  .strictObject({
    name: z.string().min(1),
    http: z
      .strictObject({ url, expect: z.int().min(100).max(599).default(200).describe('the status of the answer') })
      .optional(),
    prometheus: z
      .strictObject({
        url: url.describe('the address of Prometheus, without /api'),
        query: z.string().min(1),
        holds: z
          .string()
          .regex(/^(<|<=|>|>=|==|!=) ?-?\d+(\.\d+)?$/, 'expected a comparison such as "< 0.01"')
          .describe('what every value of the answer must be; an answer without values does not hold'),
      })
      .optional(),
    interval: duration.default('30s').describe('how often it is asked'),
    failureLimit: z.int().min(1).default(3).describe('after so many failures in a row the release is given up'),
  })
  .refine(
    ({ http, prometheus }) => (http === undefined) !== (prometheus === undefined),
    'expected one of http and prometheus',
  )

/** A check of the Fleet. */
export type RolloutCheck = z.infer<typeof rolloutCheck>

/** `spec.rollouts` of a Fleet. */
export const rollouts = z.strictObject({
  rules: z
    .enum(['Safe', 'Shipper'])
    .default('Safe')
    .describe('Safe: the running version keeps serving whatever happens; Shipper: to the letter of Shipper'),
  lostClusters: z
    .enum(['Skip', 'Wait'])
    .default('Skip')
    .describe(
      'Skip: a lost cluster does not hold the others up and walks the rest when it is back; Wait: all wait for it',
    ),
  checks: z
    .array(rolloutCheck)
    .default([])
    .refine((checks) => new Set(checks.map(({ name }) => name)).size === checks.length, 'two checks have one name')
    .describe('what Applications name in flotilla.dev/check'),
})
