import type { Json } from '../../../repo-layout/json.ts'

const decimal = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E']
const binary = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']
const form = /^([+-]?)(\d*)(?:\.(\d*))?(?:([eE])([+-]?\d+)|([KMGTPE]i|[numkMGTPE])?)$/
const nano = 1_000_000_000n

/**
 * A quantity as Kubernetes writes it: without fractions, with the largest suffix that keeps it so (`1000m` is `1`, `0.5`
 * is `500m`, `1024Mi` is `1Gi`). What is no quantity stays as it is.
 */
export function canonicalQuantity(value: Json): Json {
  const text = typeof value === 'number' ? String(value) : value
  if (typeof text !== 'string') return value
  const found = text.match(form)
  if (!found || (found[2] === '' && (found[3] ?? '') === '')) return value
  const [, sign = '', whole = '', fraction = '', exponential, exponent = '0', suffix = ''] = found
  const isBinary = suffix.endsWith('i')
  const units =
    (BigInt(`${whole === '' ? '0' : whole}${fraction}`) * nano * scaleOf(suffix)) / 10n ** BigInt(fraction.length)
  const power = Number(exponent)
  const scaled = power >= 0 ? units * 10n ** BigInt(power) : units / 10n ** BigInt(-power)
  // Scales below one are counted in billionths, so that everything is a whole number here.
  const amount = isBinary ? scaled : scaled / nano
  const minus = sign === '-' && amount !== 0n ? '-' : ''
  if (exponential !== undefined) return `${minus}${inExponents(amount)}`
  return isBinary ? `${minus}${inBinary(amount)}` : `${minus}${inDecimal(amount)}`
}

/** How many billionths a unit of a decimal suffix is, or how many units a binary one. */
function scaleOf(suffix: string): bigint {
  if (suffix.endsWith('i')) return 1024n ** BigInt(binary.indexOf(suffix))
  return 1000n ** BigInt(decimal.indexOf(suffix))
}

function inDecimal(billionths: bigint): string {
  if (billionths === 0n) return '0'
  let [amount, at] = [billionths, 0]
  while (amount % 1000n === 0n && at < decimal.length - 1) {
    amount /= 1000n
    at++
  }
  return `${amount}${decimal[at]}`
}

function inBinary(nanos: bigint): string {
  // A fraction of a byte has no binary suffix.
  if (nanos % nano !== 0n) return inDecimal(nanos)
  let [amount, at] = [nanos / nano, 0]
  if (amount === 0n) return '0'
  while (amount % 1024n === 0n && at < binary.length - 1) {
    amount /= 1024n
    at++
  }
  return `${amount}${binary[at]}`
}

function inExponents(billionths: bigint): string {
  let [amount, exponent] = [billionths, -9]
  if (amount === 0n) return '0'
  while (amount % 1000n === 0n) {
    amount /= 1000n
    exponent += 3
  }
  return exponent === 0 ? String(amount) : `${amount}e${exponent}`
}
