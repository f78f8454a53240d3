import { readFileSync } from 'node:fs'
import { parse } from 'yaml'

/** Reads a table of test cases from `test/cases`; a table without cases is a mistake. */
export function readTable<T>(name: string): readonly T[] {
  const rows = parse(readFileSync(new URL(`../cases/${name}.yaml`, import.meta.url), 'utf8')) as readonly T[]
  if (!Array.isArray(rows) || rows.length === 0) throw new Error(`${name}.yaml holds no cases`)
  return rows
}
