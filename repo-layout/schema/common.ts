import { z } from 'zod'

/** API group and version of Flotilla's own kinds. */
export const ownApiVersion = 'flotilla.dev/v1alpha1'

/** The label that every object of a fleet carries; its value is the Fleet's name. */
export const fleetLabel = 'flotilla.dev/fleet'

/** Annotations that Flotilla reads on any object, also inside a kubefed template. */
export const annotations = {
  suspend: 'flotilla.dev/suspend',
  drift: 'flotilla.dev/drift',
  prune: 'flotilla.dev/prune',
  recreate: 'flotilla.dev/recreate',
  adopt: 'flotilla.dev/adopt',
  ignoreDifferences: 'flotilla.dev/ignore-differences',
  id: 'flotilla.dev/id',
  fleetUid: 'flotilla.dev/fleet-uid',
} as const

/** Labels or annotations: text values only, as every API server demands. */
const textMap = z.record(z.string(), z.string())

/** Metadata of an own kind: only what has a meaning, so that a slip of the pen is found. */
export const ownMetadata = z.strictObject({
  name: z.string().min(1),
  labels: textMap.optional(),
  annotations: textMap.optional(),
})

/** Metadata of a foreign kind: whatever a cluster may have written there passes. */
export const foreignMetadata = z.looseObject({
  name: z.string().min(1),
  namespace: z.string().min(1).nullish(),
  labels: textMap.nullish(),
  annotations: textMap.nullish(),
})

/** A span of time: `90s`, `10m`, `1h30m`, `1d`. */
export const duration = z
  .string()
  .regex(/^(?=\d)(\d+d)?(\d+h)?(\d+m)?(\d+s)?$/, 'expected a duration such as 90s, 10m, 1h30m or 1d')

/** Reads a duration as milliseconds; the text must have passed `duration`. */
export function milliseconds(text: string): number {
  const unit = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 } as const
  let total = 0
  for (const [, count, name] of text.matchAll(/(\d+)([dhms])/g))
    total += Number(count) * unit[name as keyof typeof unit]
  return total
}

/** A JSON pointer of RFC 6901 that points below the root. */
export const jsonPointer = z.string().regex(/^(\/([^~/]|~0|~1)*)+$/, 'expected a JSON pointer such as /spec/replicas')

/** A kubefed label selector as it is written; operators and values are checked where it is evaluated. */
export const labelSelector = z.looseObject({
  matchLabels: textMap.nullish(),
  matchExpressions: z
    .array(z.looseObject({ key: z.string(), operator: z.string(), values: z.array(z.string()).nullish() }))
    .nullish(),
})

/** The same where only operators that there are may stand. */
export const exactLabelSelector = labelSelector.extend({
  matchExpressions: z
    .array(
      z.looseObject({
        key: z.string(),
        operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
        values: z.array(z.string()).nullish(),
      }),
    )
    .nullish(),
})

/** A label selector of the Kubernetes API (`metav1.LabelSelector`). */
export type LabelSelector = z.infer<typeof labelSelector>
