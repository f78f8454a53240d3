/**
 * Milliseconds to wait before the next try: doubling from `base` up to `most`, the last half of it at random so that
 * many who failed together do not come back together. `failures` counts from 1.
 */
export function backoff(failures: number, base: number, most: number, random: () => number): number {
  const full = Math.min(most, base * 2 ** Math.min(Math.max(failures, 1) - 1, 30))
  return full / 2 + (full / 2) * random()
}
