import type { Row } from '../row.ts'
import { answerRows } from './answers.ts'
import { gitRows } from './git.ts'
import { machineRows } from './machine.ts'
import { networkRows } from './network.ts'
import { rightsRows } from './rights.ts'

/** The table: parts by where the trouble is, as the page has them. */
export const parts: readonly { readonly title: string; readonly rows: readonly Row[] }[] = [
  { title: 'Between the daemon and a member', rows: networkRows },
  { title: 'What a member answers', rows: answerRows },
  { title: 'Credentials and rights in a member', rows: rightsRows },
  { title: 'The Git server and the clone', rows: gitRows },
  { title: 'The daemon itself, and hands in its state', rows: machineRows },
]

/** All rows of the table. */
export const rows: readonly Row[] = parts.flatMap((part) => part.rows)
