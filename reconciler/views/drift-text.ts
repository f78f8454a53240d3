import type { Json } from '../../repo-layout/json.ts'
import { isJsonArray, isJsonObject } from '../../repo-layout/json.ts'
import { stringifyYaml } from '../../repo-layout/yaml/stringify.ts'
import type { Drift } from '../member/types.ts'
import { age } from './age.ts'
import { count, oneLine } from './text.ts'

/** What stands where a field is not there. */
export const notThere = '(not there)'

/** A value in YAML, where a text is quoted only if it could be taken for something else; may have several lines. */
export function showValue(value: Json | undefined): string {
  if (value === undefined) return notThere
  if (typeof value === 'string' && value.includes('\n')) return value.replace(/\n$/, '')
  const container = isJsonArray(value) || isJsonObject(value)
  const compact = container ? JSON.stringify(value) : ''
  return container && compact.length <= 60 ? compact : stringifyYaml(value).trimEnd()
}

/** A drift in one line: what, from what to what, by whom, and what was done about it. */
export function driftSentence(drift: Drift, now: number): string {
  const { reason, fields } = drift
  const [field] = fields
  const parts =
    reason === 'changed' && field
      ? [
          `${field.path} ${oneLine(showValue(field.wanted))} → ${oneLine(showValue(field.live))} by ${oneLine(field.manager)}`,
          fields.length > 1 ? `and ${count(fields.length - 1, 'more field')}` : '',
        ]
      : [reason]
  return [parts.filter((part) => part !== '').join(' '), ...driftHistory(drift, now)].join(', ')
}

/** What was done about a drift: `healed 3×`, `fought over`, `healed 3× before` where it is there again; nothing where it was only seen. */
export function driftHistory({ healed, fight, healedAt }: Drift, now: number): readonly string[] {
  if (healed === 0) return []
  if (healedAt === undefined && !fight) return [healed === 1 ? 'healed once before' : `healed ${healed}× before`]
  const last = healedAt === undefined || fight ? '' : ` ${age(healedAt, now)} ago`
  return [
    healed === 1 ? `healed${last}` : `healed ${healed}×${last && `, last${last}`}`,
    ...(fight ? ['fought over'] : []),
  ]
}
