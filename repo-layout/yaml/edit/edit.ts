import { type Document, isAlias, isMap, isSeq, type Pair } from 'yaml'
import { getIn, isJsonObject, type Json, type JsonPath, jsonEqual } from '../../json.ts'
import type { Position } from '../../message.ts'
import { createLocate, createPositions } from '../locate.ts'
import { listItems, parseNodes, parseYaml } from '../parse.ts'
import { changeJson, type YamlEdit } from './change-json.ts'
import { addPair, appendItem, type Ground, listIndented, removeEntry, type Splice, setItem, setPair } from './splice.ts'

/**
 * Makes one change in the document of a YAML or JSON text that begins at `at`, and leaves every sign beside it as it is:
 * comments, anchors, quotes, the order and the style of what stands there. An alias on the way is written out, so that what
 * it stands for stays as it is elsewhere. Undefined where the change cannot be made so, which is also told where the text
 * then says anything else than it should. Pure.
 */
export function editYaml(text: string, at: Position, edit: YamlEdit): string | undefined {
  const found = findDocument(text, at)
  if (!found) return undefined
  const whole: YamlEdit = { ...edit, path: [...found.base, ...edit.path] }
  const wanted = changeJson(found.value, whole)
  if (wanted === undefined) return undefined
  const splices = place({ text, root: found.document.contents, value: found.value, wanted }, whole)
  if (!splices) return undefined
  const made = applySplices(text, splices)
  return says(text, made, found.index, wanted) ? made : undefined
}

interface Found {
  readonly document: Document.Parsed
  /** Among the documents that are not empty. */
  readonly index: number
  readonly value: Json
  /** Where the object stands in it: the items of a List stand deeper. */
  readonly base: JsonPath
}

function findDocument(text: string, at: Position): Found | undefined {
  const parsed = parseYaml(text)
  if (parsed.type === 'broken') return undefined
  const positionOf = createPositions(text)
  const places = new Map<string, Document.Parsed>()
  for (const document of parseNodes(text, true)) {
    const { line, column } = createLocate(document, positionOf)([])
    places.set(`${line}:${column}`, document)
  }
  for (const [index, { value, locate }] of parsed.documents.entries()) {
    for (const { path } of listItems(value)) {
      const here = locate(path)
      if (here.line !== at.line || here.column !== at.column) continue
      const start = locate([])
      const document = places.get(`${start.line}:${start.column}`)
      return document && { document, index, value, base: path }
    }
  }
  return undefined
}

interface Changing extends Ground {
  /** What the document says now, and is to say. */
  readonly value: Json
  readonly wanted: Json
}

/** Finds where the change is to be made, and what is to be written there. */
function place(changing: Changing, edit: YamlEdit): readonly Splice[] | undefined {
  const { root, value, wanted, text } = changing
  let ground = changing
  const { path } = edit
  let node = root
  for (const [depth, step] of path.entries()) {
    const here = path.slice(0, depth)
    if (isAlias(node)) return place(ground, { type: 'set', path: here, value: part(wanted, here) })
    const isLast = depth === path.length - 1
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => String(key) === String(step))
      if (isLast && edit.type === 'remove') return pair && removeEntry(node, node.items.indexOf(pair), ground)
      if (isLast && edit.type === 'set')
        return pair ? setPair(node, pair, edit.value, ground) : addPair(node, String(step), edit.value, ground)
      if (!pair) {
        // It comes from a map that is merged in, and is written out here.
        const below = path.slice(0, depth + 1)
        const merged = getIn(value, below) !== undefined && isJsonObject(getIn(value, here))
        return merged ? addPair(node, String(step), part(wanted, below), ground) : undefined
      }
      ground = { ...ground, indentsLists: listIndented(pair as Pair, text) ?? ground.indentsLists }
      node = (pair as Pair).value
    } else if (isSeq(node) && typeof step === 'number') {
      if (isLast && edit.type === 'remove') return removeEntry(node, step, ground)
      if (isLast && edit.type === 'set') return setItem(node, step, edit.value, ground)
      node = node.items[step]
    } else return undefined
  }
  if (edit.type !== 'append') return undefined
  if (isAlias(node) || !isSeq(node) || node.items.length === 0)
    return path.length === 0 ? undefined : place(ground, { type: 'set', path, value: part(wanted, path) })
  return appendItem(node, edit.value, ground)
}

function part(value: Json, path: JsonPath): Json {
  return getIn(value, path) ?? null
}

function applySplices(text: string, splices: readonly Splice[]): string {
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  return [...splices]
    .sort((a, b) => b.start - a.start)
    .reduce((made, { start, end, text: put }) => {
      return made.slice(0, start) + put.replaceAll('\n', newline) + made.slice(end)
    }, text)
}

/** Whether a text says what another one said, but for one document. */
function says(before: string, after: string, index: number, wanted: Json): boolean {
  const [was, is] = [parseYaml(before), parseYaml(after)]
  if (was.type === 'broken' || is.type === 'broken' || was.documents.length !== is.documents.length) return false
  return is.documents.every(({ value }, i) => jsonEqual(value, i === index ? wanted : was.documents[i]?.value))
}
