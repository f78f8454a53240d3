import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { View } from '../../../reconciler/views/screen.ts'
import { width } from '../../../reconciler/views/text.ts'

const folder = join(import.meta.dirname, 'golden')

/**
 * Compares a view with the file of the name below `golden/`, which somebody has looked at: stdout, a line of dashes, stderr.
 * With FLOTILLA_GOLDEN=write the file is written instead, to be looked at.
 */
export function isGolden(name: string, { body, closing }: View): void {
  const path = join(folder, `${name}.txt`)
  const text = `${body}---\n${closing}\n`
  if (process.env.FLOTILLA_GOLDEN === 'write') writeFileSync(path, text)
  assert.equal(text, readFileSync(path, 'utf8'))
}

/** Fails where a line of data is wider than the terminal. */
export function fitsInto(columns: number, { body }: View): void {
  for (const line of body.split('\n')) assert.ok(width(line) <= columns, `${width(line)} columns: ${line}`)
}
