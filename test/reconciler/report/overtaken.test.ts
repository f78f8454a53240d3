import assert from 'node:assert/strict'
import type { CommitStatus, StatusState } from '../../../reconciler/forge/types.ts'
import { contextsOf } from '../../../reconciler/report/contexts.ts'
import { createOvertaken } from '../../../reconciler/report/overtaken.ts'

const contexts = contextsOf('flotilla')

/** Reads what a fresh daemon looks at; gives the commits that it takes for ours, and those that it read. */
function lookBack(shown: readonly (StatusState | undefined)[]): { ours: readonly number[]; read: number } {
  const overtaken = createOvertaken()
  const log = ['tip', ...shown.map((_, i) => `c${i}`)]
  overtaken.entered(log, undefined)
  let read = 0
  for (let last = overtaken.followed().at(-1); last !== undefined; ) {
    const state = shown[Number(last.slice(1))]
    const known: readonly (readonly [string, CommitStatus])[] =
      state === undefined ? [] : [['flotilla', { context: 'flotilla', state, description: '' }]]
    overtaken.read(last, new Map(known), contexts)
    read += 1
    const next = overtaken.followed().at(-1)
    last = next === last ? undefined : next
  }
  return { ours: shown.flatMap((_, i) => (overtaken.isOurs(`c${i}`) ? [i] : [])), read }
}

describe('commits that were overtaken, after a start', () => {
  it('are found behind commits that are settled', () => {
    assert.deepEqual(lookBack(['success', 'failure', 'pending', 'success']).ours, [0, 1, 2, 3])
  })
  it('are found where they have no status at all, between ours', () => {
    assert.deepEqual(lookBack([undefined, undefined, 'success']).ours, [0, 1, 2])
  })
  it('are none where nothing was ever reported', () => {
    assert.deepEqual(lookBack([undefined, undefined, undefined]).ours, [])
  })
  it('are not looked for behind five in a row that are settled', () => {
    const { read } = lookBack(Array.from({ length: 20 }, () => 'success' as const))
    assert.equal(read, 5)
  })
})
