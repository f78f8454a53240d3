import type { Json } from '../json.ts'
import { stringifyYaml } from '../yaml/stringify.ts'
import { blobOid } from './oid.ts'

/**
 * Writes a file of the generated tree: a first line that names the source file, then one YAML document. There is no
 * line number in it, so that inserting a line in a source file touches no fleet.
 */
export function formatGenerated(source: string, value: Json): { readonly text: string; readonly oid: string } {
  const text = `# ${escapePath(source)}\n${stringifyYaml(value)}`
  return { text, oid: blobOid(text) }
}

/** The source file that the first line of a generated file names; undefined where the line is missing. */
export function sourceOfGenerated(text: string): string | undefined {
  const line = /^# (.+)\n/.exec(text)?.[1]
  return line === undefined ? undefined : unescapePath(line)
}

/** A path may hold line breaks; a comment may not. */
function escapePath(path: string): string {
  return path.replace(/[\r\n%]/g, (sign) => encodeURIComponent(sign))
}

function unescapePath(line: string): string {
  return line.replace(/%(0D|0A|25)/g, (code) => decodeURIComponent(code))
}
