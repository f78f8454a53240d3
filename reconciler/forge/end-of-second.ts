/** A time that a forge gives in whole seconds, as the last millisecond in which it may have been; since the epoch. */
export function endOfSecond(iso: string): number {
  return Math.floor(Date.parse(iso) / 1000) * 1000 + 999
}
