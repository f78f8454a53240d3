import { type Document, isAlias, isMap, isNode, isSeq, type Node, type Pair, visit } from 'yaml'
import type { JsonPath } from '../json.ts'
import type { Position } from '../message.ts'

/**
 * Finds the place of the value at a path, or of its nearest parent that is there. With `key`, the place of the last step's
 * key instead of its value.
 */
export type Locate = (path: JsonPath, at?: 'key' | 'value') => Position

/** Gives the place of an offset in a text; of none, the beginning. */
export type PositionOf = (offset: number | undefined) => Position

/**
 * Counts the lines of a text, when first asked. The library's own counter misses those inside of tokens that it does not
 * understand.
 */
export function createPositions(text: string): PositionOf {
  let starts: number[] | undefined
  return (offset = 0) => {
    starts ??= lineStarts(text)
    let low = 0
    let high = starts.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 }
  }
}

function lineStarts(text: string): number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

/** Makes a finder for one document; what it learns of the document's maps and anchors it keeps. */
export function createLocate(document: Document.Parsed, positionOf: PositionOf): Locate {
  const pairsOf = new WeakMap<object, ReadonlyMap<string, Pair>>()
  let targets: ReadonlyMap<unknown, Node> | undefined

  function pairIn(map: { readonly items: readonly Pair[] }, step: string | number): Pair | undefined {
    let pairs = pairsOf.get(map)
    if (!pairs) {
      pairs = new Map(map.items.map((pair) => [String(isAlias(pair.key) ? follow(pair.key) : pair.key), pair]))
      pairsOf.set(map, pairs)
    }
    return pairs.get(String(step))
  }

  function follow(node: unknown): unknown {
    if (!isAlias(node)) return node
    targets ??= aliasTargets(document)
    return targets.get(node)
  }

  return (path, at = 'value') => {
    let node: unknown = document.contents
    let offset = offsetOf(node)
    for (const [depth, step] of path.entries()) {
      node = follow(node)
      if (isMap(node)) {
        const pair = pairIn(node, step)
        if (!pair) break
        node = pair.value
        const isLast = depth === path.length - 1
        offset = offsetOf(isLast && at === 'key' ? pair.key : (pair.value ?? pair.key)) ?? offset
      } else if (isSeq(node) && typeof step === 'number') {
        if (node.items[step] === undefined) break
        node = node.items[step]
        offset = offsetOf(node) ?? offset
      } else break
    }
    return positionOf(offset)
  }
}

/** What each alias stands for: the last anchor of that name before it. */
function aliasTargets(document: Document.Parsed): ReadonlyMap<unknown, Node> {
  const anchors = new Map<string, Node>()
  const targets = new Map<unknown, Node>()
  visit(document, {
    Node(_, node) {
      if (isAlias(node)) {
        const target = anchors.get(node.source)
        if (target) targets.set(node, target)
      } else if (node.anchor !== undefined) anchors.set(node.anchor, node)
    },
  })
  return targets
}

function offsetOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined
}
