import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { readCases } from './case-file.ts'
import { validateFiles } from './validate.ts'

const folder = new URL('../fixtures/layout/', import.meta.url)

for (const file of readdirSync(folder).filter((name) => name.endsWith('.txt'))) {
  describe(`flotilla validate: ${file.replace('.txt', '')}`, () => {
    for (const { name, files, lines, exit } of readCases(new URL(file, folder))) {
      it(name, async () => {
        const said = await validateFiles(files)
        assert.deepEqual(said.lines, lines)
        assert.equal(said.exit, exit)
      })
    }
  })
}
