import type { Json } from './json.ts'

const powers: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
}

/** A resource quantity as a number: `500m` is 0.5, `1Gi` is 2^30. What is none counts as 0. */
export function quantity(value: Json | undefined): number {
  if (typeof value === 'number') return value
  if (typeof value !== 'string') return 0
  const found = value.match(/^([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)([a-zA-Z]*)$/)
  return found ? Number(found[1]) * (powers[found[2] ?? ''] ?? 0) : 0
}
