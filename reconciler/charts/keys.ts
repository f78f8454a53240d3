import { createHash } from 'node:crypto'
import type { ChartNeed, ChartRef, ChartRequest } from '../../render/charts.ts'
import { isJsonArray, isJsonObject, type Json } from '../../repo-layout/json.ts'

/** A question about a version: equal for equal questions. */
export function refKey({ name, version, repoUrl }: ChartRef): string {
  return JSON.stringify([name, version, repoUrl])
}

/** A question about the content of a chart at one place. */
export function contentKey(chart: ChartRequest['chart']): string {
  return `${refKey(chart)} ${chart.digest}`
}

/** A question about a rendering: the content of the chart and what it is rendered with, wherever the chart comes from. */
export function requestKey({ chart, releaseName, namespace, values }: ChartRequest): string {
  const text = JSON.stringify([chart.digest, releaseName, namespace, sorted(values)])
  return createHash('sha256').update(text).digest('base64')
}

/** Equal for equal needs. */
export function needKey(need: ChartNeed): string {
  return need.type === 'resolve' ? `resolve ${refKey(need.ref)}` : `render ${requestKey(need.request)}`
}

/** Helm sorts the keys of its maps: their order changes nothing. */
function sorted(value: Json | undefined): Json {
  if (isJsonArray(value)) return value.map(sorted)
  if (!isJsonObject(value)) return value ?? null
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, sorted(item)]))
}
