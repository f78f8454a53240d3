import { isJsonArray, isJsonObject, type Json } from '../../json.ts'
import { stringifyYaml } from '../stringify.ts'

/** How values are written between braces. */
export interface FlowStyle {
  /** As JSON: every key and text in double quotes. */
  readonly json: boolean
  /** A blank inside of braces: `{ a: 1 }`. */
  readonly padded: boolean
}

/** A value on one line, as it stands inside of `{…}` and `[…]`. */
export function flowText(value: Json, style: FlowStyle): string {
  if (isJsonArray(value)) return `[${value.map((item) => flowText(item, style)).join(', ')}]`
  if (!isJsonObject(value)) return scalarText(value, style)
  const pairs = Object.entries(value).flatMap(([key, item]) =>
    item === undefined ? [] : [`${scalarText(key, style)}: ${flowText(item, style)}`],
  )
  const pad = style.padded && pairs.length > 0 ? ' ' : ''
  return `{${pad}${pairs.join(', ')}${pad}}`
}

/** Signs that mean nothing of their own between braces, at the beginning or later. */
const plain = /^[A-Za-z0-9/_.][A-Za-z0-9/_.~+-]*$/

function scalarText(value: Json, { json }: FlowStyle): string {
  if (typeof value !== 'string') return stringifyYaml(value).trimEnd()
  if (!json && plain.test(value) && stringifyYaml(value) === `${value}\n`) return value
  return quoted(value)
}

/** JSON, with those signs as escapes that readers of YAML 1.1 refuse. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
