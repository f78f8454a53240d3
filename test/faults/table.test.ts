import { describeMembers } from '../testbed/members.ts'
import { play } from './row.ts'
import { rows } from './rows/all.ts'

/** So many rows are played at a time: most of each is waiting. */
const atOnce = 3

describeMembers('a fleet in trouble', ['etcd', 'kube-apiserver'], () => {
  const played = new Map<number, Promise<void>>()
  function begin(i: number): Promise<void> {
    const row = rows[i]
    const known = played.get(i) ?? (row ? play(row) : Promise.resolve())
    played.set(i, known)
    // It is awaited where its turn comes.
    known.catch(() => undefined)
    return known
  }

  for (const [i, { cause, shown }] of rows.entries())
    it(`${cause}: ${shown}`, async () => {
      for (let ahead = 1; ahead < atOnce; ahead++) void begin(i + ahead)
      await begin(i)
    }).timeout(120_000)
})
