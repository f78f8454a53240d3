import { isUtf8 } from 'node:buffer'
import type { SourceDocument } from '../document.ts'
import { isJsonObject } from '../json.ts'
import type { Code, Message } from '../message.ts'
import { listItems, parseYaml } from '../yaml/parse.ts'
import { explainHalf } from './classify.ts'

/** Largest source file that is read, in bytes. */
export const maxFileSize = 8 * 1024 * 1024

/** Most lines of a source file that is read: reading takes time for each, however short it is. */
const maxLines = 400_000

/** What a source file holds. Of a broken file nothing is known but the words that stand in it. */
export interface SourceFile {
  readonly path: string
  readonly documents: readonly SourceDocument[]
  /** Documents that are probably Kubernetes objects but lack apiVersion or kind. */
  readonly halves: readonly SourceDocument[]
  readonly messages: readonly Message[]
  readonly broken: boolean
  /** Of a broken file what could be read of its text; else empty. */
  readonly text: string
}

/**
 * Reads the bytes of a source file. Size and encoding are checked before the content; a file with any syntax error is
 * broken as a whole. Documents that are no Kubernetes objects are left out with a warning.
 */
export function readSourceFile(path: string, bytes: Uint8Array): SourceFile {
  if (bytes.length > maxFileSize) {
    const text = `the file is larger than ${maxFileSize / 1024 / 1024} MiB; split it`
    return brokenFile(path, latin1(bytes.subarray(0, maxFileSize)), [problem(path, 'file-too-large', text)])
  }
  if (!isUtf8(bytes)) {
    return brokenFile(path, latin1(bytes), [
      { ...problem(path, 'file-encoding', 'the file is not UTF-8; save it as UTF-8'), ...firstBadByte(bytes) },
    ])
  }
  const text = decode(bytes).replace(/^\uFEFF/, '')
  if (countLines(bytes) > maxLines) {
    const what = `the file has more than ${maxLines.toLocaleString('en')} lines; split it`
    return brokenFile(path, text, [problem(path, 'file-too-large', what)])
  }
  const parsed = parseYaml(text)
  if (parsed.type === 'broken') {
    return brokenFile(
      path,
      text,
      parsed.problems.map((at) => ({ ...problem(path, at.code, at.text), ...at })),
    )
  }
  const documents: SourceDocument[] = []
  const halves: SourceDocument[] = []
  const messages: Message[] = []
  for (const { value: whole, locate } of parsed.documents) {
    for (const { value, path: base } of listItems(whole)) {
      const place: SourceDocument['locate'] = (at, what) => locate([...base, ...at], what)
      const half = isJsonObject(value) ? explainHalf(value) : undefined
      if (isJsonObject(value) && half === undefined && isText(value.apiVersion) && isText(value.kind)) {
        documents.push({ path, value, locate: place })
      } else if (isJsonObject(value) && half !== undefined) {
        halves.push({ path, value, locate: place })
        messages.push({ path, ...place([]), severity: 'error', code: 'schema', text: half })
      } else {
        const text = 'a document without apiVersion and kind is not read'
        messages.push({ path, ...place([]), severity: 'warning', code: 'not-ours', text })
      }
    }
  }
  return { path, documents, halves, messages, broken: false, text: '' }
}

/** A file whose documents could not be read, with the reasons. */
export function brokenFile(path: string, text: string, messages: readonly Message[]): SourceFile {
  return { path, documents: [], halves: [], messages, broken: true, text }
}

function countLines(bytes: Uint8Array): number {
  let count = 1
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) count += 1
  return count
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}

/** An error about a file as a whole. */
export function problem(path: string, code: Code, text: string): Message {
  return { path, line: 1, column: 1, severity: 'error', code, text }
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

/** Decoding replaces what is no UTF-8, so the first byte that does not come back is the first bad one. */
function firstBadByte(bytes: Uint8Array): { line: number; column: number } {
  const again = Buffer.from(decode(bytes))
  const bad = bytes.findIndex((byte, i) => byte !== again[i])
  const start = bytes.lastIndexOf(10, bad) + 1
  return { line: countLines(bytes.subarray(0, bad)), column: decode(bytes.subarray(start, bad)).length + 1 }
}

function decode(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
}
