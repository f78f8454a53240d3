import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { markdownReport } from './report.ts'
import { type Result, resultSchema, resultText } from './result.ts'

const folder = new URL('../../docs/', import.meta.url)
const page = fileURLToPath(new URL('performance.md', folder))
const data = fileURLToPath(new URL('performance.json', folder))
const [begin, end] = ['<!-- bench: begin -->', '<!-- bench: end -->']

/** Writes a run into the documentation: the data as they are, and the tables that are made of them. */
export function writeDocs(result: Result): void {
  writeFileSync(data, resultText(result))
  writeFileSync(page, readDocs().made)
}

/** The run that the documentation tells of, and the page as it is and as these data make it. */
export function readDocs(): { readonly page: string; readonly made: string } {
  const text = readFileSync(page, 'utf8')
  return { page: text, made: withReport(text, resultSchema.parse(JSON.parse(readFileSync(data, 'utf8')))) }
}

function withReport(text: string, result: Result): string {
  const [before, , after] = [text.split(begin)[0], text, text.split(end)[1]]
  if (before === undefined || after === undefined) throw new Error(`docs/performance.md lacks ${begin} or ${end}`)
  return `${before}${begin}\n\n${markdownReport(result)}\n\n${end}${after}`
}
