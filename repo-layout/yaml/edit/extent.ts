import { isAlias, isCollection, isMap, isNode, isScalar, isSeq, type Pair, type YAMLMap, type YAMLSeq } from 'yaml'

/** A part of a text, as offsets; the end is the first sign behind it. */
export interface Extent {
  readonly start: number
  readonly end: number
}

/** Where a node's own signs are, without comments and blank lines behind it; undefined where it is written as nothing. */
export function extentOf(node: unknown, text: string): Extent | undefined {
  if (!isNode(node) || !node.range) return undefined
  const [start, end] = node.range
  if (isCollection(node) && !node.flow) {
    const last = isMap(node) ? pairEnd(node.items.at(-1), text) : isSeq(node) ? itemEnd(node, text) : undefined
    return last === undefined ? undefined : { start, end: last }
  }
  if (end <= start) return undefined
  const isBlock = isScalar(node) && (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED')
  return { start, end: isBlock ? blockEnd(text.slice(start, end)) + start : end }
}

/** Blank lines behind a block belong to it only where it says so (`|+`). */
function blockEnd(block: string): number {
  return /^[|>]\d?\+/.test(block) ? block.replace(/\r?\n$/, '').length : block.trimEnd().length
}

/** The end of a key with its value. */
export function pairEnd(pair: Pair | undefined, text: string): number | undefined {
  if (!pair) return undefined
  return extentOf(pair.value, text)?.end ?? colonEnd(pair) ?? extentOf(pair.key, text)?.end
}

/** Where the colon of a key ends; undefined where none is written, or the key is written with `?`. */
export function colonEnd({ srcToken }: Pair): number | undefined {
  if (!srcToken || srcToken.start.some(({ type }) => type === 'explicit-key-ind')) return undefined
  const colon = (srcToken.sep ?? []).find(({ type }) => type === 'map-value-ind')
  return colon && colon.offset + 1
}

/** Offsets of the dashes of a list in block style, as many as it has items; undefined where that cannot be told. */
export function dashes(list: YAMLSeq): readonly number[] | undefined {
  const { srcToken } = list
  if (srcToken?.type !== 'block-seq') return undefined
  const found = srcToken.items.flatMap(({ start }) =>
    start.filter(({ type }) => type === 'seq-item-ind').map(({ offset }) => offset),
  )
  return found.length === list.items.length ? found : undefined
}

function itemEnd(list: YAMLSeq, text: string): number | undefined {
  const dash = dashes(list)?.at(-1)
  return extentOf(list.items.at(-1), text)?.end ?? (dash === undefined ? undefined : dash + 1)
}

/** Where an entry of a map or list begins: its key, its dash, or between brackets the item itself. */
export function entryStart(container: YAMLMap | YAMLSeq, at: number, text: string): number | undefined {
  if (!isMap(container) && !container.flow) return dashes(container)?.[at]
  const item: unknown = container.items[at]
  const own = isMap(container) ? (item as Pair).key : item
  return start(own, text)
}

/** Where an entry ends. */
export function entryEnd(container: YAMLMap | YAMLSeq, at: number, text: string): number | undefined {
  const item: unknown = container.items[at]
  if (isMap(container)) return pairEnd(item as Pair, text)
  const dash = dashes(container)?.[at]
  return extentOf(item, text)?.end ?? (dash === undefined ? undefined : dash + 1)
}

/** Anchors and tags stand before a node; one that has them cannot be cut out by its own extent. */
function start(node: unknown, text: string): number | undefined {
  return isBare(node) ? extentOf(node, text)?.start : undefined
}

/** Whether a node has neither anchor nor tag of its own. */
export function isBare(node: unknown): boolean {
  return !isNode(node) || isAlias(node) || (node.anchor === undefined && node.tag === undefined)
}

/** The column of an offset, from 0. */
export function columnOf(text: string, offset: number): number {
  return offset - lineStart(text, offset)
}

/** Where the line of an offset begins. */
export function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1
}

/** Where the line of an offset ends, before its line break. */
export function lineEnd(text: string, offset: number): number {
  const at = text.indexOf('\n', offset)
  if (at < 0) return text.length
  return text[at - 1] === '\r' && at > offset ? at - 1 : at
}
