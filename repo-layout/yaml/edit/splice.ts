import { isCollection, isMap, isScalar, isSeq, type Pair, type YAMLMap, type YAMLSeq } from 'yaml'
import { isJsonArray, isJsonObject, type Json } from '../../json.ts'
import { stringifyYaml } from '../stringify.ts'
import {
  colonEnd,
  columnOf,
  dashes,
  type Extent,
  entryEnd,
  entryStart,
  extentOf,
  isBare,
  lineEnd,
  lineStart,
} from './extent.ts'
import { type FlowStyle, flowText } from './flow.ts'

/** Signs of a text that are put in the place of others. */
export interface Splice extends Extent {
  readonly text: string
}

/** The text of a change, and the document that it is in. */
export interface Ground {
  readonly text: string
  readonly root: unknown
  /** Whether the list that the change is in stands indented below its key; undefined where it is in none. */
  readonly indentsLists?: boolean | undefined
}

type Splices = readonly Splice[] | undefined

/** Writes another value behind a key. */
export function setPair(map: YAMLMap, pair: Pair, value: Json, ground: Ground): Splices {
  const { text } = ground
  const colon = colonEnd(pair)
  const key = extentOf(pair.key, text)
  if (colon === undefined || !key || !isBare(pair.value)) return undefined
  const old = extentOf(pair.value, text)
  if (map.flow || (old && isInline(value) && isOneToken(pair.value)))
    return replace(old, colon, inlineText(value, map, ground))
  const indent = columnOf(text, key.start)
  const style = { indentSeq: indentsLists(map, ground) }
  const written = stringifyYaml({ k: value }, style).slice(2)
  return blockAt({ start: colon, end: old?.end ?? colon }, written, indent, text)
}

/** Writes another item in the place of one. */
export function setItem(list: YAMLSeq, at: number, value: Json, ground: Ground): Splices {
  const { text } = ground
  const item: unknown = list.items[at]
  const old = extentOf(item, text)
  if (!isBare(item)) return undefined
  const isFlowItem = isCollection(item) && item.flow === true
  if (list.flow || (old && isOneToken(item) && (isInline(value) || isFlowItem)))
    return old && [{ ...old, text: inlineText(value, list, ground) }]
  const dash = dashes(list)?.[at]
  if (dash === undefined) return undefined
  const written = stringifyYaml([value], { indentSeq: indentsLists(list, ground) }).slice(1)
  return blockAt({ start: dash + 1, end: old?.end ?? dash + 1 }, written, columnOf(text, dash), text)
}

/** Adds a key with its value to the end of a map. */
export function addPair(map: YAMLMap, key: string, value: Json, ground: Ground): Splices {
  const { text } = ground
  if (map.flow) {
    const style = flowStyle(map, ground)
    return addInFlow(map, flowText({ [key]: value }, { ...style, padded: false }).slice(1, -1), style, text)
  }
  const first = entryStart(map, 0, text)
  const end = entryEnd(map, map.items.length - 1, text)
  if (first === undefined || end === undefined) return undefined
  const style = { indentSeq: indentsLists(map, ground) }
  return addLines(end, stringifyYaml({ [key]: value }, style), columnOf(text, first), text)
}

/** Adds an item to the end of a list that has some. */
export function appendItem(list: YAMLSeq, value: Json, ground: Ground): Splices {
  const { text } = ground
  const style = flowStyle(list, ground)
  if (list.flow) return addInFlow(list, flowText(value, style), style, text)
  const last = list.items.at(-1)
  const dash = dashes(list)?.at(-1)
  const end = entryEnd(list, list.items.length - 1, text)
  if (dash === undefined || end === undefined) return undefined
  const inBraces = isCollection(last) && last.flow === true && !last.items.some(isCollection)
  const written = inBraces
    ? `- ${flowText(value, flowStyle(last, ground))}\n`
    : stringifyYaml([value], { indentSeq: indentsLists(list, ground) })
  return addLines(end, written, columnOf(text, dash), text)
}

/** Takes one of several entries out of a map or list, with the comment on its last line. */
export function removeEntry(container: YAMLMap | YAMLSeq, at: number, ground: Ground): Splices {
  const { text } = ground
  const { items } = container
  if (items.length < 2 || items[at] === undefined) return undefined
  const [start, end] = [entryStart(container, at, text), entryEnd(container, at, text)]
  const next = at + 1 < items.length ? entryStart(container, at + 1, text) : undefined
  if (start === undefined || end === undefined) return undefined
  const opens = text.slice(lineStart(text, start), start).trim() !== ''
  if (container.flow || opens) {
    if (next !== undefined) return [{ start, end: next, text: '' }]
    const before = container.flow && at > 0 ? entryEnd(container, at - 1, text) : undefined
    return before === undefined ? undefined : [{ start: before, end, text: '' }]
  }
  const line = lineStart(text, start)
  const [after, isLastLine] = [lineEnd(text, end), text.indexOf('\n', end) < 0]
  if (!isLastLine) return [{ start: line, end: text.indexOf('\n', after) + 1, text: '' }]
  return [{ start: line, end: after, text: '' }]
}

function replace(old: Extent | undefined, colon: number, written: string): Splices {
  return [old ? { ...old, text: written } : { start: colon, end: colon, text: ` ${written}` }]
}

/**
 * Puts YAML of several lines behind a colon or dash: its first line in the place of the old value, the others below the
 * line, so that a comment there stays where it is.
 */
function blockAt(old: Extent, written: string, indent: number, text: string): Splices {
  const [head = '', ...rest] = written.trimEnd() === '' ? [''] : written.replace(/\n$/, '').split('\n')
  const body = rest.map((line) => `\n${indented(line, indent)}`).join('')
  if (body === '') return [{ ...old, text: head }]
  const end = lineEnd(text, old.end)
  const between = text.slice(old.end, end)
  if (between.trim() !== '' && !/^\s*#/.test(between)) return undefined
  return [
    { ...old, text: head },
    { start: end, end, text: body },
  ].filter((one) => one.text !== '' || one.end > one.start)
}

function addLines(end: number, written: string, indent: number, text: string): Splices {
  const at = lineEnd(text, end)
  const lines = written.replace(/\n$/, '').split('\n')
  return [{ start: at, end: at, text: lines.map((line) => `\n${indented(line, indent)}`).join('') }]
}

function indented(line: string, indent: number): string {
  return line === '' ? '' : `${' '.repeat(indent)}${line}`
}

function addInFlow(container: YAMLMap | YAMLSeq, written: string, style: FlowStyle, text: string): Splices {
  const { items, range } = container
  if (!range) return undefined
  if (items.length === 0) {
    const [open, close] = [text[range[0]], text[range[1] - 1]]
    const pad = style.padded && isMap(container) ? ' ' : ''
    return [{ start: range[0], end: range[1], text: `${open}${pad}${written}${pad}${close}` }]
  }
  const [start, end] = [entryStart(container, items.length - 1, text), entryEnd(container, items.length - 1, text)]
  if (start === undefined || end === undefined) return undefined
  const line = lineStart(text, start)
  const ownLine = line > range[0] && text.slice(line, start).trim() === ''
  const blank = ownLine ? `\n${text.slice(line, start)}` : ' '
  const comma = /^\s*,/.exec(text.slice(end, range[1]))
  const at = end + (comma?.[0].length ?? 0)
  return [{ start: at, end: at, text: `${comma ? '' : ','}${blank}${written}` }]
}

function inlineText(value: Json, near: YAMLMap | YAMLSeq, ground: Ground): string {
  return near.flow || isJsonArray(value) || isJsonObject(value)
    ? flowText(value, flowStyle(near, ground))
    : stringifyYaml(value).trimEnd()
}

/** Whether a value takes one line in block style too. */
function isInline(value: Json): boolean {
  if (isJsonArray(value)) return value.length === 0
  if (isJsonObject(value)) return Object.keys(value).length === 0
  return typeof value !== 'string' || !stringifyYaml(value).trimEnd().includes('\n')
}

/** Whether a node is cut out by its own extent: neither a block nor nothing at all. */
function isOneToken(node: unknown): boolean {
  if (isCollection(node)) return node.flow === true
  return !isScalar(node) || (node.type !== 'BLOCK_LITERAL' && node.type !== 'BLOCK_FOLDED')
}

/** How braces are written near a place. */
function flowStyle(near: YAMLMap | YAMLSeq, { text, root }: Ground): FlowStyle {
  const [first] = near.items
  const map = isMap(near) ? near : isMap(first) ? first : undefined
  const key = map?.items[0]?.key
  const start = map?.flow ? map.range?.[0] : undefined
  return {
    json:
      near.flow === true &&
      ((isScalar(key) && key.type === 'QUOTE_DOUBLE') || (isCollection(root) && root.flow === true)),
    padded: start !== undefined && /^\{[ \t]+\S/.test(text.slice(start)),
  }
}

/** Whether lists stand indented below their keys, as the nearest that are there do. */
function indentsLists(near: unknown, { text, root, indentsLists: around }: Ground): boolean {
  return listsIndented(near, text) ?? around ?? listsIndented(root, text) ?? true
}

function listsIndented(node: unknown, text: string): boolean | undefined {
  if (isSeq(node)) {
    for (const item of node.items) {
      const found = listsIndented(item, text)
      if (found !== undefined) return found
    }
    return undefined
  }
  if (!isMap(node) || node.flow) return undefined
  for (const pair of node.items) {
    const found = listIndented(pair, text) ?? listsIndented(pair.value, text)
    if (found !== undefined) return found
  }
  return undefined
}

/** Whether the list behind a key stands indented below it; undefined where no list in block style does. */
export function listIndented({ key, value }: Pair, text: string): boolean | undefined {
  const [own, list] = [extentOf(key, text), isSeq(value) && !value.flow ? extentOf(value, text) : undefined]
  return own && list && columnOf(text, list.start) > columnOf(text, own.start)
}
