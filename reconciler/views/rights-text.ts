import type { Right } from '../join/rights.ts'
import type { Screen } from './screen.ts'
import { layoutTable } from './table.ts'

/** The rights that an account is going to have, as a table. */
export function rightsTable(rights: readonly Right[], screen: Screen): readonly string[] {
  const rows = rights.map(({ group, resource, verbs, namespace, why }) => [
    group === '' ? resource : `${resource}.${group}`,
    verbs.join(', '),
    namespace ?? 'everywhere',
    why,
  ])
  return layoutTable(['RESOURCE', 'VERBS', 'WHERE', 'WHY'], rows, screen)
}
