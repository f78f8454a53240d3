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
  const line = /^# ([^\n]+)\n/.exec(text)?.[1]
  return line === undefined ? undefined : unescapePath(line)
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not stand in a comment
const unsafe = /[%\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g

/** A path may hold what ends a comment for some reader of YAML; a comment may not. */
function escapePath(path: string): string {
  return path.replace(unsafe, encodeURIComponent)
}

function unescapePath(line: string): string {
  return line.replace(/(?:%[0-9A-F]{2})+/g, (bytes) => Buffer.from(bytes.replaceAll('%', ''), 'hex').toString('utf8'))
}
