import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type Pair, type YAMLMap } from 'yaml'
import { isJsonArray, isJsonObject, type Json } from '../json.ts'
import type { Code, Position } from '../message.ts'
import type { PositionOf } from './locate.ts'

/** Something that keeps a YAML text, or one document of it, from having a value. */
export interface YamlProblem extends Position {
  readonly text: string
  readonly code: Code
}

/** Levels of nesting: far more than any Kubernetes object has, far less than a call stack. */
export const maxDepth = 200

/** What aliases may add to one document, in signs: as much as an API server takes in one object, too little for a bomb. */
const maxAliased = 1024 * 1024

/** A value that was read, with what an alias of it costs. */
interface Part {
  readonly value: Json
  /** Signs, roughly, that writing it out takes. */
  readonly size: number
  /** Levels of containers in it. */
  readonly levels: number
}

/** Tags of values that are no text. */
const typedTags: ReadonlySet<string> = new Set(['bool', 'int', 'float'].map((type) => `tag:yaml.org,2002:${type}`))

const nothing: Part = { value: null, size: 0, levels: 0 }

/**
 * The value of a document that has no syntax error, as sigs.k8s.io/yaml (go-yaml v2) makes it: keys are text, `<<` merges
 * at its place, an alias is what the anchor before it holds, unknown tags have no effect. Duplicate keys are problems
 * here, where Kubernetes keeps the last one in silence. Takes time in proportion to the text, whatever is in it.
 */
export function readValue(
  document: Document.Parsed,
  positionOf: PositionOf,
): { readonly value: Json; readonly problems: readonly YamlProblem[] } {
  const problems: YamlProblem[] = []
  /** Values by anchor; undefined while the value is being read. */
  const anchors = new Map<string, Part | undefined>()
  let aliased = 0
  let stopped = false

  function refuse(node: unknown, code: Code, text: string): Part {
    problems.push({ ...positionOf(offsetOf(node)), code, text })
    return nothing
  }

  function read(node: unknown, depth: number): Part {
    if (stopped || !isNode(node)) return nothing
    if (isAlias(node)) return readAlias(node, node.source, depth)
    if (depth >= maxDepth && (isMap(node) || isSeq(node))) return tooDeep(node)
    if (node.anchor !== undefined) anchors.set(node.anchor, undefined)
    const part = isMap(node) ? readMap(node, depth) : isSeq(node) ? readList(node.items, depth) : readScalar(node)
    if (node.anchor !== undefined) anchors.set(node.anchor, part)
    return part
  }

  /** Whatever follows is as deep, or can no longer be counted: one message is enough. */
  function stop(node: unknown, code: Code, text: string): Part {
    stopped = true
    return refuse(node, code, text)
  }

  function tooDeep(node: unknown): Part {
    return stop(node, 'yaml-depth', `values are nested deeper than ${maxDepth} levels`)
  }

  function readAlias(node: unknown, name: string, depth: number): Part {
    const part = anchors.get(name)
    if (!part) {
      const why = anchors.has(name) ? 'stands inside of its own anchor' : 'has no anchor before it in this document'
      return refuse(node, 'yaml-syntax', `the alias *${name} ${why}`)
    }
    if (depth + part.levels > maxDepth) return tooDeep(node)
    aliased += part.size
    if (aliased <= maxAliased) return part
    return stop(node, 'yaml-alias', `aliases expand to more than ${maxAliased / 1024 / 1024} MiB; write the values out`)
  }

  function readScalar(node: unknown): Part {
    if (!isScalar(node)) return nothing
    const { value, tag = '', source = '' } = node
    if (tag === 'tag:yaml.org,2002:binary' && !isBase64(source)) {
      return refuse(node, 'yaml-syntax', 'a value tagged !!binary must be base64')
    }
    if (typeof value !== 'string') return { value: value as Json, size: 1, levels: 0 }
    if (typedTags.has(tag)) return refuse(node, 'yaml-syntax', `${quote(value)} is no ${tag.replace(/.*:/, '')}`)
    if (/\p{Surrogate}/u.test(value)) return refuse(node, 'yaml-syntax', 'a \\u escape names half of a sign')
    return { value, size: value.length + 1, levels: 0 }
  }

  function readList(items: readonly unknown[], depth: number): Part {
    const value: Json[] = []
    let size = 1
    let levels = 0
    for (const item of items) {
      const part = read(item, depth + 1)
      value.push(part.value)
      size += part.size
      levels = Math.max(levels, part.levels)
    }
    return { value, size, levels: levels + 1 }
  }

  function readMap({ items }: YAMLMap, depth: number): Part {
    const value: { [key: string]: Json } = {}
    const places = new Map<string, unknown>()
    let size = 1
    let levels = 0
    const put = (key: string, part: Part) => {
      size += key.length + part.size
      levels = Math.max(levels, part.levels)
      setKey(value, key, part.value)
    }
    for (const pair of items) {
      if (isMerge(pair)) {
        const part = readMerged(pair, depth)
        size += part.size
        levels = Math.max(levels, part.levels - 1)
        copyKeys(part.value, value)
        continue
      }
      const key = readKey(pair.key)
      if (key === undefined) continue
      if (places.has(key)) {
        const { line } = positionOf(offsetOf(places.get(key)))
        refuse(pair.key, 'yaml-syntax', `the key ${quote(key)} is there twice, first in line ${line}`)
      } else places.set(key, pair.key)
      put(key, read(pair.value, depth + 1))
    }
    return { value, size, levels: levels + 1 }
  }

  /** Go maps have no null key, and containers are none in JSON. */
  function readKey(node: unknown): string | undefined {
    const before = problems.length
    const { value } = read(node, 0)
    if (stopped || problems.length > before) return undefined
    if (value !== null && typeof value !== 'object') return String(value)
    refuse(node, 'yaml-syntax', 'a key must be text; quote it')
    return undefined
  }

  /** All that a `<<` adds; of a list, earlier maps win. */
  function readMerged({ key, value: node }: Pair, depth: number): Part {
    const before = problems.length
    const one = read(node, depth)
    const maps = isJsonArray(one.value) ? [...one.value].reverse() : [one.value]
    const merged: { [key: string]: Json } = {}
    for (const map of maps) {
      if (isJsonObject(map)) copyKeys(map, merged)
      else if (problems.length === before) refuse(node ?? key, 'yaml-syntax', 'a << takes a map or a list of maps')
    }
    return { ...one, value: merged }
  }

  return { value: read(document.contents, 0).value, problems }
}

function offsetOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined
}

/** A plain `<<`, or one that is tagged so; quoted, it is a key like any other. */
function isMerge({ key }: Pair): boolean {
  if (!isScalar(key) || key.source !== '<<') return false
  return key.tag === undefined ? key.type === 'PLAIN' : key.tag === 'tag:yaml.org,2002:merge'
}

/** Sets a key as a key, also where JavaScript would take it for the prototype. */
function setKey(value: { [key: string]: Json }, key: string, item: Json): void {
  if (key === '__proto__') {
    Object.defineProperty(value, key, { value: item, enumerable: true, configurable: true, writable: true })
  } else value[key] = item
}

function copyKeys(from: Json, to: { [key: string]: Json }): void {
  if (isJsonObject(from)) for (const [key, item] of Object.entries(from)) setKey(to, key, item as Json)
}

function quote(text: string): string {
  return JSON.stringify(shorten(text))
}

/** A text of a source file as messages quote it: enough to find it by. */
export function shorten(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text
}

function isBase64(text: string): boolean {
  const signs = text.replace(/\s/g, '')
  return signs.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(signs)
}
