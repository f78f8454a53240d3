/** Signs that could move a cursor, hide what stands beside them or begin a line of their own. */
const wild = /[\p{Cc}\p{Cf}\u2028\u2029]/gu
/** The same, but lines stay lines. */
const wildInside = /[^\P{Cc}\n]|[\p{Cf}\u2028\u2029]/gu

/**
 * A copy of plain data in which no text can steer a terminal, whatever a cluster, a file or a person called things: each
 * control character is a space. Live and wanted values of fields keep their lines. For views alone; data stays as it is.
 */
export function tame<T>(value: T): T {
  return tamed(value, wild) as T
}

function tamed(value: unknown, signs: RegExp): unknown {
  if (typeof value === 'string') return value.replace(signs, ' ')
  if (Array.isArray(value)) return value.map((item) => tamed(item, signs))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => {
      const inside = name === 'live' || name === 'wanted' ? wildInside : signs
      return [name.replace(wild, ' '), tamed(part, inside)]
    }),
  )
}
