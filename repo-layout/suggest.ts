/** Longer texts are no slip of a name, and comparing them takes time. */
const longestName = 253

/**
 * The candidate that `text` was probably meant to be, or undefined where none is near: at most one slip for short
 * names, two for longer ones, case not counted.
 */
export function nearest(text: string, candidates: Iterable<string>): string | undefined {
  if (text.length > longestName) return undefined
  const limit = text.length < 5 ? 1 : 2
  let best: { readonly name: string; readonly distance: number } | undefined
  for (const name of candidates) {
    const distance = editDistance(text.toLowerCase(), name.toLowerCase())
    if (distance <= limit && (best === undefined || distance < best.distance)) best = { name, distance }
  }
  return best?.name
}

/** ` (did you mean "x"?)`, or nothing where no candidate is near. */
export function didYouMean(text: string, candidates: Iterable<string>): string {
  const name = nearest(text, candidates)
  return name === undefined ? '' : `; did you mean "${name}"?`
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one text into the other. */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return Number.POSITIVE_INFINITY
  let before: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let least = Math.min(at(row, j - 1) + 1, at(previous, j) + 1, at(previous, j - 1) + cost)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, at(before, j - 2) + 1)
      row.push(least)
    }
    before = previous
    previous = row
  }
  return at(previous, b.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY
}
