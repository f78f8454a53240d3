/** How long ago an ISO time was, in the largest unit that says enough: `12s`, `6m`, `9h`, `3d`; never negative. */
export function age(iso: string, now: number): string {
  const seconds = Math.max(0, Math.floor((now - Date.parse(iso)) / 1000))
  if (seconds < 60) return `${seconds}s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)}h`
  return `${Math.floor(seconds / 86_400)}d`
}

/** The time of day of an ISO time in UTC, `13:58:40Z`; with the date where that is more than a day away. */
export function clockTime(iso: string, now: number): string {
  const text = new Date(iso).toISOString()
  const time = `${text.slice(11, 19)}Z`
  return Math.abs(now - Date.parse(iso)) < 86_400_000 ? time : `${text.slice(0, 10)} ${time}`
}
