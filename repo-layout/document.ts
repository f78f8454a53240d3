import type { JsonObject, JsonPath } from './json.ts'
import type { Code, Message, Position, Severity } from './message.ts'

/** One object of a source file, with the way back to its place. */
export interface SourceDocument {
  /** The file, relative to the source. */
  readonly path: string
  readonly value: JsonObject
  /** The place of the value at `path`, or of its nearest parent that is there. */
  locate(path: JsonPath, at?: 'key' | 'value'): Position
}

/** Where a value stands, for texts that point elsewhere: `path:line:column`. */
export function placeOf(document: SourceDocument, path: JsonPath = []): string {
  const { line, column } = document.locate(path)
  return `${document.path}:${line}:${column}`
}

/** A message about a value of a document. */
export function messageAt(
  document: SourceDocument,
  path: JsonPath,
  what: { readonly severity: Severity; readonly code: Code; readonly text: string; readonly at?: 'key' | 'value' },
): Message {
  const { line, column } = document.locate(path, what.at)
  return { path: document.path, line, column, severity: what.severity, code: what.code, text: what.text }
}

/** An error about a value of a document. */
export function errorAt(document: SourceDocument, path: JsonPath, code: Code, text: string): Message {
  return messageAt(document, path, { severity: 'error', code, text })
}

/** A warning about a value of a document. */
export function warningAt(document: SourceDocument, path: JsonPath, code: Code, text: string): Message {
  return messageAt(document, path, { severity: 'warning', code, text })
}

/** Writes a path as people do: `spec.placement.clusters[1].name`. */
export function formatPath(path: JsonPath): string {
  return path.map((step, i) => (typeof step === 'number' ? `[${step}]` : `${i === 0 ? '' : '.'}${step}`)).join('')
}
