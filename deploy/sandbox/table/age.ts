import type { Json } from '../../../repo-layout/json.ts'

/** How long ago a time was, as `kubectl get` writes it. */
export function ageText(time: Json | undefined, now: number): string {
  return typeof time === 'string' ? durationText(now - Date.parse(time)) : '<unknown>'
}

/** A duration in milliseconds with one or two units: `4m11s`, `3h`, `12d`. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 10) return `${minutes}m${seconds % 60 === 0 ? '' : `${seconds % 60}s`}`
  if (minutes < 180) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  if (hours < 8) return `${hours}h${minutes % 60 === 0 ? '' : `${minutes % 60}m`}`
  if (hours < 48) return `${hours}h`
  const days = Math.floor(hours / 24)
  if (days < 8) return `${days}d${hours % 24 === 0 ? '' : `${hours % 24}h`}`
  return days < 730 ? `${days}d` : `${Math.floor(days / 365)}y`
}
