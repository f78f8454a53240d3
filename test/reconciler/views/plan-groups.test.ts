import assert from 'node:assert/strict'
import type { PlannedObject } from '../../../reconciler/plan/types.ts'
import { reasonOf, wordOf } from '../../../reconciler/views/plan-groups.ts'

const planned = { subject: 'HTTPRoute.x.io/shop/web', source: 'app.yaml', action: 'skipped', fields: [] } as const

const cases: readonly (readonly [how: PlannedObject['how'], why: string, word: string, reason: string])[] = [
  ['left alone', 'left alone: it is managed by Argo CD', 'left alone', 'it is managed by Argo CD'],
  ['left out', 'left out: the cluster serves no HTTPRoute', 'left out', 'the cluster serves no HTTPRoute'],
  ['kept', 'left in the cluster: pruning is off', 'kept', 'pruning is off'],
]

describe('what becomes of an object that is not applied', () => {
  for (const [how, why, word, reason] of cases)
    it(`is said once: ${word}`, () => {
      const object: PlannedObject = { ...planned, ...(how ? { how } : {}), why }
      assert.deepEqual([wordOf(object), reasonOf(object)], [word, reason])
    })
})
