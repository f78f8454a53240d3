/** An index cut at its charts, without reading what is in them. */
export interface IndexSlices {
  /** All of the index but its charts; it has no `entries`. */
  readonly head: string
  /** Whether it lists any chart. */
  readonly isEmpty: boolean
  /** The list of versions of a chart as YAML of its own, undefined where there is no such chart. */
  slice(name: string): string | undefined
}

/**
 * Cuts an index in the style of `helm repo index`: public ones have tens of thousands of entries, and to read them all takes
 * many seconds, where one chart's take none. Within a block of YAML a line with the indentation of its keys is a key, an item
 * of a list below one, or a comment, whatever the lines between hold; so no text in an entry is taken for a chart. Undefined where
 * the index has another style, or names a chart twice: it is to be read as a whole.
 */
export function sliceIndex(text: string): IndexSlices | undefined {
  const entries = /^entries:[ \t]*\r?$/m.exec(text)
  if (!entries) return undefined
  const begin = entries.index + entries[0].length
  const rest = text.slice(begin)
  const end = /^[^ \t\r\n#-]|^---|^\.\.\./m.exec(rest)
  const block = end ? rest.slice(0, end.index) : rest
  const head = text.slice(0, entries.index) + (end ? rest.slice(end.index) : '')
  if (/^entries:|^---|^\.\.\.|^%/m.test(head.replace(/^---[ \t]*\r?\n/, '')) || /^ *\t/m.test(block)) return undefined

  const first = /^( +)[^ \r\n#]/m.exec(block)
  if (!first) return block.trim() === '' ? { head, isEmpty: true, slice: () => undefined } : undefined
  const keys = [...block.matchAll(new RegExp(`^${first[1]}(?! |-(?: |\\r?$)|#|\\r?$)(.*)$`, 'gm'))]
  const places = new Map<string, { readonly from: number; readonly to: number }>()
  for (const [i, { 1: line = '', index, 0: whole }] of keys.entries()) {
    const name = nameOf(line.trimEnd())
    if (name === undefined || places.has(name)) return undefined
    places.set(name, { from: index + whole.length, to: keys[i + 1]?.index ?? block.length })
  }
  return {
    head,
    isEmpty: places.size === 0,
    slice(name) {
      const place = places.get(name)
      return place && block.slice(place.from, place.to)
    },
  }
}

/** The key of a line that holds nothing else. */
function nameOf(line: string): string | undefined {
  const [, double, single, plain] = /^(?:"([^"\\]+)"|'([^']+)'|([A-Za-z][A-Za-z0-9._-]*)):$/.exec(line) ?? []
  return double ?? single ?? plain
}
