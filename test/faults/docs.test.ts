import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parts, rows } from './rows/all.ts'

const page = join(import.meta.dirname, '../../docs/failures.md')
const begin = '<!-- rows of test/faults/rows -->'

function table(): string {
  const sections = parts.map(({ title, rows: own }) =>
    [
      `## ${title}`,
      '',
      '| what breaks | what does not happen | what is shown |',
      '|---|---|---|',
      ...own.map(({ cause, mustNot, shown }) => `| ${cause} | ${mustNot} | ${shown} |`),
    ].join('\n'),
  )
  return `${begin}\n\n${sections.join('\n\n')}\n`
}

describe('the page of failures', () => {
  it('has exactly the rows that are played (FLOTILLA_GOLDEN=write writes them)', () => {
    const text = readFileSync(page, 'utf8')
    const whole = `${text.slice(0, text.indexOf(begin))}${table()}`
    if (process.env.FLOTILLA_GOLDEN === 'write') writeFileSync(page, whole)
    assert.equal(readFileSync(page, 'utf8'), whole)
  })

  it('has at least 40 rows, each of another cause', () => {
    assert(rows.length >= 40)
    assert.equal(new Set(rows.map(({ cause }) => cause)).size, rows.length)
  })
})
