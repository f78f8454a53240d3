import { type Document, parseAllDocuments, type YAMLError } from 'yaml'
import type { Json, JsonPath } from '../json.ts'
import { isJsonObject } from '../json.ts'
import { createLocate, createPositions, type Locate, type PositionOf } from './locate.ts'
import { isNumberProblem, kubernetesScalars } from './scalars.ts'
import { maxDepth, readValue, shorten, type YamlProblem } from './value.ts'

/** One document of a YAML text. */
export interface YamlDocument {
  readonly value: Json
  readonly locate: Locate
}

/** The documents of a text, or what is wrong with it; empty documents are left out. */
export type YamlText =
  | { readonly type: 'documents'; readonly documents: readonly YamlDocument[] }
  | { readonly type: 'broken'; readonly problems: readonly YamlProblem[] }

/** Problems of one text that are told; more are the echo of these, and are counted. */
const maxProblems = 100

/**
 * Reads a YAML (or JSON) text as Kubernetes reads it; see `kubernetesScalars` and `readValue`. Duplicate keys, aliases that
 * expand too far and numbers that cannot be kept are problems, all of them reported. Positions are worked out only when
 * asked.
 */
export function parseYaml(text: string): YamlText {
  const sign = controlProblem(text)
  if (sign) return { type: 'broken', problems: [sign] }
  const parsed = tryParse(text)
  if (!parsed) return { type: 'broken', problems: [tooDeep({ line: 1, column: 1 })] }
  const positionOf = createPositions(text)
  const problems: YamlProblem[] = []
  const documents: YamlDocument[] = []
  const places = lazyPlaces(text, positionOf)
  for (const [index, document] of parsed.entries()) {
    if (document.errors.length > 0) {
      for (const error of document.errors) problems.push(syntaxProblem(error, positionOf))
      continue
    }
    const { value, problems: found } = readValue(document, positionOf)
    for (const problem of found) problems.push(problem)
    if (found.length === 0 && value !== null) documents.push({ value, locate: places(index) })
  }
  return problems.length > 0 ? { type: 'broken', problems: told(problems) } : { type: 'documents', documents }
}

/** The first document of a text; undefined where there is none, or the text cannot be read. */
export function firstDocument(text: string): Json | undefined {
  const parsed = parseYaml(text)
  return parsed.type === 'documents' ? parsed.documents[0]?.value : undefined
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/

/** Kubernetes refuses a text with control characters; most often it is UTF-16 or no text at all. */
function controlProblem(text: string): YamlProblem | undefined {
  const found = control.exec(text)
  if (!found) return undefined
  const before = text.slice(0, found.index).split('\n')
  const name = `U+${text.charCodeAt(found.index).toString(16).padStart(4, '0').toUpperCase()}`
  const what = `the control character ${name} is not allowed in YAML; write it as an escape in double quotes`
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, code: 'yaml-syntax', text: what }
}

function told(all: readonly YamlProblem[]): readonly YamlProblem[] {
  const problems = [...new Map(all.map((one) => [`${one.line}:${one.column}:${one.text}`, one])).values()]
  if (problems.length <= maxProblems) return problems
  const [last] = problems.slice(maxProblems - 1)
  const rest = problems.length - maxProblems + 1
  return [
    ...problems.slice(0, maxProblems - 1),
    ...(last ? [{ ...last, text: `${rest} more problems from here on; mend those before first` }] : []),
  ]
}

/** The nodes of a text, read as `parseYaml` reads it; `tokens` keeps on each node where its signs stand. */
export function parseNodes(text: string, tokens = false): readonly Document.Parsed[] {
  return parseAllDocuments(text, {
    version: '1.1',
    schema: 'failsafe',
    customTags: kubernetesScalars,
    merge: false,
    resolveKnownTags: false,
    // Its own check compares each key with each other one; `readValue` has its own.
    uniqueKeys: false,
    prettyErrors: false,
    stringKeys: false,
    keepSourceTokens: tokens,
    logLevel: 'silent',
  }) as Document.Parsed[]
}

function syntaxProblem({ message, pos }: YAMLError, positionOf: PositionOf): YamlProblem {
  const at = positionOf(pos[0])
  if (/call stack/i.test(message)) return tooDeep(at)
  const text = message.replace(/\s+/g, ' ')
  return isNumberProblem(text)
    ? { ...at, text, code: 'yaml-number' }
    : { ...at, text: shorten(text), code: 'yaml-syntax' }
}

/** The library reads nested values by calling itself; where that ends the stack, nothing is known but this. */
function tryParse(text: string): ReturnType<typeof parseNodes> | undefined {
  try {
    return parseNodes(text)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function tooDeep(at: { readonly line: number; readonly column: number }): YamlProblem {
  return { ...at, text: `values are nested deeper than ${maxDepth} levels`, code: 'yaml-depth' }
}

/** Positions are for messages only, so trees are not kept but read again, once, where one is asked for. */
function lazyPlaces(text: string, positionOf: PositionOf): (index: number) => Locate {
  let again: ReturnType<typeof parseNodes> | undefined
  return (index) => {
    let locate: Locate | undefined
    return (path, at) => {
      again ??= parseNodes(text)
      const document = again[index]
      if (!document) return { line: 1, column: 1 }
      locate ??= createLocate(document, positionOf)
      return locate(path, at)
    }
  }
}

/** The items of a `v1` List (as `kubectl get -o yaml` writes them) with their paths; any other value by itself. */
export function listItems(value: Json): readonly { readonly value: Json; readonly path: JsonPath }[] {
  if (!isJsonObject(value) || value.kind !== 'List' || value.apiVersion !== 'v1' || !Array.isArray(value.items)) {
    return [{ value, path: [] }]
  }
  return (value.items as Json[]).map((item, i) => ({ value: item, path: ['items', i] }))
}
