import assert from 'node:assert/strict'
import { GitError, type GitErrorCode } from '../../../reconciler/git/error.ts'
import type { Repository } from '../../../reconciler/git/types.ts'
import type { InventoryEntry } from '../../../reconciler/member/shards.ts'
import { remedyFor } from '../../../reconciler/recover/diagnose.ts'
import type { RunningMember } from '../../../reconciler/recover/reading.ts'
import { rebuild } from '../../../reconciler/recover/rebuild.ts'
import { createFleetReader } from '../../../repo-layout/read/reader.ts'
import { base, memoryTree } from '../../render/helper.ts'

const last = '1'.repeat(40)
const oid = '2'.repeat(40)
const entry: InventoryEntry = {
  ...{ subject: 'ConfigMap/shop/web', state: 'created', apiVersion: 'v1', uid: 'u', oid, fingerprint: '' },
}
const live = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  data: { a: 'live' },
  metadata: {
    ...{ name: 'web', namespace: 'shop' },
    managedFields: [{ manager: 'flotilla', operation: 'Apply', fieldsV1: { 'f:data': { 'f:a': {} } } }],
  },
}
const member: RunningMember = {
  ...{ type: 'runs', cluster: 'cluster1', commit: last, entries: [entry] },
  live: async () => live,
  restamp: async () => undefined,
}

function failing(code: GitErrorCode): () => Promise<never> {
  return () => Promise.reject(new GitError(code, `tree ${oid} is missing`))
}

/** A clone that generated one commit with the file of one object, as far as it can be read. */
function clone(change: Partial<Repository>): Repository {
  return {
    lastGenerated: async () => last,
    list: async () => [{ path: 'clusters/cluster1/shop/ConfigMap/web.yaml', oid, mode: '100644' }],
    read: async () => Buffer.from('# w.yaml\ndata: {a: clone}\n'),
    ...change,
  } as Repository
}

describe('putting a lost branch together beside a clone', () => {
  async function rebuiltFrom(change: Partial<Repository>) {
    const { source } = await createFleetReader().read(memoryTree(base))
    assert.ok(source)
    const { members } = await rebuild({ repository: clone(change), source, base: undefined, members: [member] })
    return members.map(({ exact, fromFields }) => ({ exact, fromFields }))
  }

  it('takes what the clone holds, and what runs where it holds it no more', async () => {
    assert.deepEqual(await rebuiltFrom({}), [{ exact: 1, fromFields: 0 }])
    assert.deepEqual(await rebuiltFrom({ read: failing('not-found') }), [{ exact: 0, fromFields: 1 }])
    assert.deepEqual(await rebuiltFrom({ list: failing('not-found') }), [{ exact: 0, fromFields: 1 }])
  })

  const says = /what the clone holds cannot be read: tree 2+ is missing/
  for (const part of ['list', 'read'] as const)
    it(`stops where the clone cannot be read (${part}), and says how to go on without it`, () =>
      assert.rejects(rebuiltFrom({ [part]: failing('corrupt') }), (error) => {
        assert.ok(error instanceof GitError)
        assert.match(error.message, says)
        assert.match(error.hint ?? '', /--dir/)
        return true
      }))

  it('never takes a clone that cannot be read for one that lacks what is lost', async () => {
    const lost = { type: 'missing', tip: undefined, lost: [{ commit: last, who: 'x', cluster: 'cluster1' }] } as const
    assert.deepEqual(await remedyFor(clone({}), lost), { type: 'push', commit: last })
    assert.deepEqual(await remedyFor(clone({ list: failing('not-found') }), lost), { type: 'rebuild' })
    await assert.rejects(remedyFor(clone({ list: failing('corrupt') }), lost), says)
  })
})
