import { isJsonObject, type Json, type JsonObject, type KubeObject } from '../../../repo-layout/json.ts'
import { parseYaml } from '../../../repo-layout/yaml/parse.ts'
import { finalError } from '../error.ts'
import { inInstallOrder } from './install-order.ts'

/** One document that Helm printed. */
export interface RenderedDocument {
  /** The template that it comes from, relative to the chart; `''` where Helm names none. */
  readonly template: string
  readonly text: string
}

/**
 * Cuts what Helm printed into documents. Those that hold nothing are left out; what stands in a template before the first
 * object belongs to it, as comments do.
 */
export function splitOutput(output: string): readonly RenderedDocument[] {
  return output
    .split(/^---[ \t]*\r?$/m)
    .map((part) => {
      const [, path = ''] = /^# Source: (.*)$/m.exec(part) ?? []
      const text = part.replace(/^\s*# Source: .*$/m, '')
      return { template: path.replace(/^[^/]*\//, '').trim(), text: text.trim() }
    })
    .filter(({ text }) => text.split('\n').some((line) => /^\s*[^#\s]/.test(line)))
}

/**
 * The objects that Helm printed, lists taken apart, in the order in which Helm installs them. Hooks are objects like others;
 * tests are left out. Throws a final `ChartError` that names the template where one cannot be read or is no object.
 */
export function objectsIn(output: string): readonly KubeObject[] {
  const objects = splitOutput(output).flatMap(({ template, text }) =>
    valuesIn(template, text).flatMap((value) => itemsOf(value).map((item) => checkObject(template, item))),
  )
  return inInstallOrder(objects.filter((object) => !isTest(object)))
}

function valuesIn(template: string, text: string): readonly Json[] {
  const read = parseYaml(text)
  if (read.type === 'documents') return read.documents.map(({ value }) => value)
  const [first] = read.problems
  const where = `line ${first?.line ?? 1} of what it renders to`
  throw finalError(`${template}: ${where}: ${first?.text ?? 'no YAML'}`)
}

/** `List`, and lists of a kind: `RoleList` holds Roles that need not say so themselves. */
function itemsOf(value: Json): readonly Json[] {
  if (!isJsonObject(value) || typeof value.kind !== 'string' || !value.kind.endsWith('List')) return [value]
  if (!Array.isArray(value.items)) return [value]
  const kind = value.kind.slice(0, -'List'.length)
  const own: JsonObject = kind === '' ? {} : { apiVersion: value.apiVersion, kind }
  return (value.items as readonly Json[]).flatMap((item) => itemsOf(isJsonObject(item) ? { ...own, ...item } : item))
}

function checkObject(template: string, value: Json): KubeObject {
  const missing = missingIn(value)
  if (missing === undefined) return value as KubeObject
  throw finalError(`${template}: it renders to something that is no Kubernetes object: ${missing}`)
}

function missingIn(value: Json): string | undefined {
  if (!isJsonObject(value)) return 'expected a map with apiVersion, kind and metadata.name'
  if (typeof value.apiVersion !== 'string' || value.apiVersion === '') return 'it has no apiVersion'
  if (typeof value.kind !== 'string' || value.kind === '') return 'it has no kind'
  const { metadata } = value
  if (!isJsonObject(metadata) || typeof metadata.name !== 'string' || metadata.name === '')
    return `the ${value.kind} has no metadata.name`
  for (const field of ['labels', 'annotations']) {
    const map = metadata[field]
    const isText = map === undefined || map === null || isJsonObject(map)
    const odd = isJsonObject(map) ? Object.entries(map).find(([, text]) => typeof text !== 'string') : undefined
    if (!isText) return `metadata.${field} of ${value.kind} ${metadata.name} is no map`
    if (odd) return `metadata.${field}.${odd[0]} of ${value.kind} ${metadata.name} is no text; quote it`
  }
  return undefined
}

/** What `helm test` runs is no part of what a release consists of. */
function isTest(object: KubeObject): boolean {
  const hooks = object.metadata.annotations?.['helm.sh/hook'] ?? ''
  const names = hooks.split(',').map((name) => name.trim())
  return names.length > 0 && names.every((name) => /^test(-success|-failure)?$/.test(name))
}
