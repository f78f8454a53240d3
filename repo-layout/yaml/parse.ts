import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  visit,
  type YAMLError,
} from 'yaml'
import type { Json, JsonPath } from '../json.ts'
import { isJsonObject } from '../json.ts'
import type { Code, Position } from '../message.ts'
import { kubernetesScalars } from './scalars.ts'

/** Something that keeps a text from being read as YAML. */
export interface YamlProblem extends Position {
  readonly text: string
  readonly code: Code
}

/** One document of a YAML text. */
export interface YamlDocument {
  readonly value: Json
  /**
   * The place of the value at `path`, or of the nearest parent that is there. With `key`, the place of the last
   * step's key instead of its value.
   */
  locate(path: JsonPath, at?: 'key' | 'value'): Position
}

/** The documents of a text, or everything that is wrong with it; empty documents are left out. */
export type YamlText =
  | { readonly type: 'documents'; readonly documents: readonly YamlDocument[] }
  | { readonly type: 'broken'; readonly problems: readonly YamlProblem[] }

/** Levels of nesting: far more than any Kubernetes object has, far less than a call stack. */
const maxDepth = 200

/** Aliases that one document may expand to: enough for people, too few for a bomb. */
const maxAliasCount = 100

/**
 * Reads a YAML (or JSON) text as Kubernetes reads it; see `kubernetesScalars`. Duplicate keys, aliases that expand too
 * far and numbers that cannot be kept are problems, all of them reported. Positions are worked out only when asked.
 */
export function parseYaml(text: string): YamlText {
  const read = tryParse(text)
  if (!read) return { type: 'broken', problems: [tooDeep({ line: 1, column: 1 })] }
  const { parsed, lines } = read
  const problems: YamlProblem[] = []
  const documents: YamlDocument[] = []
  for (const [index, document] of parsed.entries()) {
    for (const error of document.errors) problems.push(syntaxProblem(error))
    if (document.errors.length > 0) continue
    const structure = structureProblem(document, lines)
    if (structure) {
      problems.push(structure)
      continue
    }
    try {
      const value = document.toJS({ maxAliasCount }) as Json
      if (isDeeper(value, maxDepth)) problems.push(tooDeep({ line: 1, column: 1 }))
      else if (value !== null) documents.push({ value, locate: lazyLocate(text, index) })
    } catch (error) {
      problems.push(valueProblem(error, document, lines))
    }
  }
  return problems.length > 0 ? { type: 'broken', problems } : { type: 'documents', documents }
}

function parse(text: string) {
  const lines = new LineCounter()
  const parsed = parseAllDocuments(text, {
    version: '1.1',
    schema: 'failsafe',
    customTags: kubernetesScalars,
    merge: true,
    resolveKnownTags: false,
    lineCounter: lines,
    stringKeys: false,
    logLevel: 'silent',
  })
  return { parsed: parsed as Document.Parsed[], lines }
}

function syntaxProblem(error: YAMLError): YamlProblem {
  const [start] = error.linePos ?? []
  const text = (error.message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '')
  const at = { line: start?.line ?? 1, column: start?.col ?? 1 }
  if (/call stack/i.test(text)) return tooDeep(at)
  return { ...at, text, code: error.code === 'TAG_RESOLVE_FAILED' ? 'yaml-number' : 'yaml-syntax' }
}

/** Why a document that parses has no value: an alias bomb, an alias of nothing, or a merge of something that is no map. */
function valueProblem(error: unknown, document: Document.Parsed, lines: LineCounter): YamlProblem {
  const text = error instanceof Error ? error.message : String(error)
  if (/excessive alias/i.test(text)) {
    const what = `aliases expand to more than ${maxAliasCount} nodes; write the values out`
    return { line: 1, column: 1, code: 'yaml-alias', text: what }
  }
  const isCause = /unresolved alias/i.test(text)
    ? (node: unknown) => isAlias(node) && node.resolve(document) === undefined
    : (node: unknown) => isScalar(node) && node.source === '<<'
  let offset: number | undefined
  visit(document, {
    Node(_, node) {
      if (!isCause(node)) return undefined
      offset = node.range?.[0]
      return visit.BREAK
    },
  })
  return { ...position(lines, offset), code: 'yaml-syntax', text: `cannot be read: ${text}` }
}

/** The library reads nested values by calling itself; where that ends the stack, nothing is known but this. */
function tryParse(text: string): ReturnType<typeof parse> | undefined {
  try {
    return parse(text)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function tooDeep(at: Position): YamlProblem {
  return { ...at, text: `values are nested deeper than ${maxDepth} levels`, code: 'yaml-depth' }
}

/**
 * Keys that are no text (Go maps have no null key, and the library would make it `''`: better said than sent), and
 * nesting that is too deep.
 */
function structureProblem(document: Document.Parsed, lines: LineCounter): YamlProblem | undefined {
  const stack: { node: unknown; depth: number }[] = [{ node: document.contents, depth: 0 }]
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { node, depth } = top
    if (depth > maxDepth && isNode(node)) return tooDeep(position(lines, node.range?.[0]))
    if (isSeq(node)) for (const item of node.items) stack.push({ node: item, depth: depth + 1 })
    if (!isMap(node)) continue
    for (const { key, value } of node.items) {
      const range = isNode(key) ? key.range : undefined
      if (isMap(key) || isSeq(key) || (isNode(key) && 'value' in key && key.value === null)) {
        return { ...position(lines, range?.[0]), text: 'a key must be text; quote it', code: 'yaml-syntax' }
      }
      if (value) stack.push({ node: value, depth: depth + 1 })
    }
  }
  return undefined
}

/** Aliases nest without a trace in the text, and one that names its own parent nests for ever. */
function isDeeper(value: Json, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return true
  for (const item of Object.values(value)) if (isDeeper(item as Json, levels - 1)) return true
  return false
}

/** Positions are for messages only, so the tree is not kept but read again where one is asked for. */
function lazyLocate(text: string, index: number): YamlDocument['locate'] {
  let again: ReturnType<typeof parse> | undefined
  return (path, at = 'value') => {
    again ??= parse(text)
    const document = again.parsed[index]
    return document ? locateIn(document, again.lines, path, at) : { line: 1, column: 1 }
  }
}

function locateIn(document: Document.Parsed, lines: LineCounter, path: JsonPath, at: 'key' | 'value'): Position {
  let node: unknown = document.contents
  let offset = isNode(node) ? node.range?.[0] : undefined
  for (const [depth, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document)
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isNode(key) && String(key) === String(step))
      if (!pair) break
      node = pair.value
      const last = depth === path.length - 1
      const target = last && at === 'key' ? pair.key : (pair.value ?? pair.key)
      offset = (isNode(target) ? target.range?.[0] : undefined) ?? offset
    } else if (isSeq(node) && typeof step === 'number') {
      const item: unknown = node.items[step]
      if (item === undefined) break
      node = item
      offset = (isNode(item) ? item.range?.[0] : undefined) ?? offset
    } else break
  }
  return position(lines, offset)
}

function position(lines: LineCounter, offset: number | undefined): Position {
  const { line, col } = lines.linePos(offset ?? 0)
  return { line: Math.max(line, 1), column: Math.max(col, 1) }
}

/** The items of a `v1` List (as `kubectl get -o yaml` writes them) with their paths; any other value by itself. */
export function listItems(value: Json): readonly { readonly value: Json; readonly path: JsonPath }[] {
  if (!isJsonObject(value) || value.kind !== 'List' || value.apiVersion !== 'v1' || !Array.isArray(value.items)) {
    return [{ value, path: [] }]
  }
  return (value.items as Json[]).map((item, i) => ({ value: item, path: ['items', i] }))
}
