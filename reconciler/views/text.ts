/**
 * Text of a cluster or a file as a terminal may show it: one line, and no control characters, with which an object's name
 * or message could move the cursor or hide what stands beside it.
 */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029\s]+/gu, ' ').trim()
}

/** Columns that a text takes: one for each sign. */
export function width(text: string): number {
  return [...text].length
}

/** Fills a text up with spaces to a width. */
export function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - width(text)))
}

/** Cuts a text that is too wide, and shows that it was cut. */
export function cut(text: string, columns: number, ascii: boolean): string {
  if (width(text) <= columns) return text
  const mark = ascii ? '...' : '…'
  return [...text].slice(0, Math.max(0, columns - width(mark))).join('') + mark
}

/** A count with its noun: `1 field`, `2 fields`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

/** The first of some texts, and how many there are beside it: `a (and 2 more)`. Empty where there is none. */
export function firstAndMore([first = '', ...more]: readonly string[]): string {
  return more.length === 0 ? first : `${first} (and ${more.length} more)`
}

/** The first signs of a commit id, or a dash where there is none. */
export function shortCommit(commit: string | undefined): string {
  return commit === undefined ? '-' : commit.slice(0, 7)
}

/** Signs beyond ASCII that views use, with what stands for them where they cannot be shown. */
export function plainSigns(text: string, ascii: boolean): string {
  if (!ascii) return text
  return text.replaceAll('→', '->').replaceAll('×', 'x').replaceAll('…', '...').replaceAll('–', '-')
}
