import { readFileSync } from 'node:fs'

/** A source and what `flotilla validate` says of it. */
export interface LayoutCase {
  readonly name: string
  readonly files: ReadonlyMap<string, string | { readonly link: string }>
  /** Expected lines, sorted as they are printed. */
  readonly lines: readonly string[]
  readonly exit: 0 | 1 | 2
}

/**
 * Reads a file of cases: `=== <what a user can rely on>`, then files, each after `>>> <path>` (a symbolic link is
 * `>>> <path> -> <target>`), then the expected lines after `<<<`, or after `<<< nothing` where nothing can be rendered. Lines
 * before the first case explain the file.
 */
export function readCases(url: URL): readonly LayoutCase[] {
  return readFileSync(url, 'utf8')
    .split(/^=== /m)
    .slice(1)
    .map((part) => {
      const [head = '', word, expected = ''] = part.split(/^<<<( nothing)?\n/m)
      const [name = '', ...files] = head.split(/^>>> /m)
      const lines = expected.split('\n').filter((line) => line !== '')
      const hasErrors = lines.some((line) => line.includes(': error: '))
      return {
        name: name.trim(),
        files: new Map(files.map(readFile)),
        lines,
        exit: word ? 2 : hasErrors ? 1 : 0,
      }
    })
}

function readFile(text: string): [path: string, content: string | { readonly link: string }] {
  const end = text.indexOf('\n')
  const [path = '', link] = text.slice(0, end).split(' -> ')
  return [path, link === undefined ? text.slice(end + 1) : { link }]
}
