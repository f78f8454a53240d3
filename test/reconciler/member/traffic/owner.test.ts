import assert from 'node:assert/strict'
import { workloadOf } from '../../../../reconciler/member/traffic/owner.ts'
import type { PodOwner } from '../../../../reconciler/member/traffic/pod.ts'
import { pod } from './support.ts'

const known = new Map([
  ['Deployment.apps/shop/web-1', { uid: 'd', release: 'r1' }],
  ['StatefulSet.apps/shop/db', { uid: 's', release: 'r1' }],
  ['StatefulSet.apps/shop/unseen', { uid: undefined, release: 'r1' }],
  ['Deployment.apps/shop/left', { uid: 'l', release: undefined }],
])
const set: PodOwner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-1-abc', uid: 'x', templateHash: 'abc' }
const db: PodOwner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db', uid: 's', templateHash: undefined }

const cases: readonly (readonly [what: string, owner: PodOwner | undefined, workload: string | undefined])[] = [
  ["a Deployment's, by its ReplicaSet", set, 'Deployment.apps/shop/web-1'],
  ["a StatefulSet's", db, 'StatefulSet.apps/shop/db'],
  ["a StatefulSet's that was not seen yet", { ...db, name: 'unseen', uid: 'any' }, 'StatefulSet.apps/shop/unseen'],
  ["a Deployment's that left Git", { ...set, name: 'left-abc' }, 'Deployment.apps/shop/left'],
  ["nobody's without an owner", undefined, undefined],
  ["nobody's of another Deployment", { ...set, name: 'web-2-abc' }, undefined],
  ["nobody's of a ReplicaSet with another hash", { ...set, templateHash: 'abd' }, undefined],
  ["nobody's of a ReplicaSet without a Deployment", { ...set, name: 'web-1-', templateHash: undefined }, undefined],
  ["nobody's of another StatefulSet under the same name", { ...db, uid: 'other' }, undefined],
  ["nobody's of another group", { ...db, apiVersion: 'apps.example.com/v1' }, undefined],
  ["nobody's of a Job", { ...db, apiVersion: 'batch/v1', kind: 'Job' }, undefined],
]

describe('whose a pod is', () => {
  for (const [what, owner, workload] of cases)
    it(`is ${what}`, () => {
      assert.equal(
        workloadOf(pod('p', 'r1', { owner }), (subject) => known.get(subject)),
        workload,
      )
    })

  it('is nobody, where its labels name another release than its workload', () => {
    assert.equal(
      workloadOf(pod('p', 'r2', { owner: set }), (subject) => known.get(subject)),
      undefined,
    )
  })
})
