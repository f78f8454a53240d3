import { isJsonArray, type Json, type JsonObject } from '../../repo-layout/json.ts'
import { fnv1a } from '../fnv.ts'
import type { ClusterRequirements, ReleaseEnvironment, Step } from './environment.ts'

/**
 * The hash that Shipper names releases of this environment after: hexadecimal, without leading zeros. Everything in the
 * environment counts, the names of the steps too (`shipper 0.10 application_controller_utils.go hashReleaseEnvironment`), and so
 * do overrides, where there are any.
 */
export function environmentHash(environment: ReleaseEnvironment): string {
  return fnv1a(environmentJson(environment)).toString(16)
}

/** The name of the release that is the `iteration`th, from 0, of an application with an environment of this hash. */
export function releaseName(application: string, hash: string, iteration: number): string {
  return `${application}-${hash}-${iteration}`
}

/**
 * An environment as Go's encoding/json writes it: fields in the order of the struct, keys of `values` in that of bytes. What
 * Shipper does not have comes last, and not at all where it is absent.
 */
export function environmentJson(environment: ReleaseEnvironment): string {
  const { chart, values, clusterRequirements, strategy, overrides } = environment
  const steps = strategy && { steps: raw(strategy.steps ? list(strategy.steps.map(stepJson)) : 'null') }
  return fields({
    chart: raw(fields({ name: chart.name, version: chart.version, repoUrl: chart.repoUrl })),
    values: raw(values ? goJson(values) : 'null'),
    clusterRequirements: raw(requirementsJson(clusterRequirements)),
    strategy: steps && raw(fields(steps)),
    overrides: overrides?.length ? raw(goJson(overrides)) : undefined,
  })
}

/** A text that is JSON already. */
interface Raw {
  readonly json: string
}

function raw(json: string): Raw {
  return { json }
}

function requirementsJson({ regions, capabilities }: ClusterRequirements): string {
  return fields({
    regions: raw(regions ? list(regions.map(({ name, replicas }) => fields({ name, replicas }))) : 'null'),
    capabilities: capabilities?.length ? raw(goJson(capabilities)) : undefined,
  })
}

function stepJson({ name, capacity, traffic }: Step): string {
  const value = ({ incumbent, contender }: Step['capacity']) => raw(fields({ incumbent, contender }))
  return fields({ name, capacity: value(capacity), traffic: value(traffic) })
}

/** An object with its fields in the given order; undefined ones are left out. */
function fields(of: Readonly<Record<string, string | number | Raw | undefined>>): string {
  const parts = Object.entries(of).flatMap(([key, value]) => {
    if (value === undefined) return []
    return [`"${key}":${typeof value === 'object' ? value.json : goJson(value)}`]
  })
  return `{${parts.join(',')}}`
}

function list(items: readonly string[]): string {
  return `[${items.join(',')}]`
}

function goJson(value: Json): string {
  if (typeof value === 'string') return goString(value)
  // Go writes numbers as ECMAScript does, but for the sign of zero, which no number keeps on its way through an API server.
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (isJsonArray(value)) return list(value.map(goJson))
  return `{${keysInByteOrder(value)
    .map((key) => `${goString(key)}:${goJson(value[key] ?? null)}`)
    .join(',')}}`
}

function keysInByteOrder(value: JsonObject): string[] {
  return Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}

/** What Go escapes with more than a backslash: for HTML, and the line ends of JavaScript. */
const escaped: ReadonlySet<string> = new Set(['<', '>', '&', '\u2028', '\u2029'])
const short: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
])

function goString(text: string): string {
  const chars = Array.from(text, (char) => {
    if (char < ' ' || escaped.has(char)) {
      return short.get(char) ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
    }
    return short.get(char) ?? char
  })
  return `"${chars.join('')}"`
}
