import { jsonSchema, schemaNames } from '../../repo-layout/schema/json-schema.ts'
import { didYouMean } from '../../repo-layout/suggest.ts'
import { dataText } from '../views/data.ts'
import type { Terminal } from './terminal.ts'

/** `flotilla schema [KIND]`: prints a JSON Schema for editors; exit 2 for a kind that has none. */
export function schemaCommand(kind: string | undefined, terminal: Terminal): number {
  const schema = jsonSchema(kind)
  if (!schema) {
    const known = schemaNames.join(', ')
    terminal.fail(`there is no schema of "${kind}"${didYouMean(kind ?? '', schemaNames)}; there is one of ${known}`)
    return 2
  }
  terminal.data(dataText(schema, 'json'))
  return 0
}
