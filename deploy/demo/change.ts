import { structuredPatch } from 'diff'

/** What a commit changes in a file, as `git show` has it, with one line around each change. */
export function changeLines(path: string, before: string, after: string): readonly string[] {
  const { hunks } = structuredPatch(path, path, before, after, '', '', { context: 1 })
  return [path, ...hunks.flatMap(({ lines }) => lines.map((line) => `  ${line}`))]
}
