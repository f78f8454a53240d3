import assert from 'node:assert/strict'
import { contextsOf } from '../../../reconciler/report/contexts.ts'

const contexts = contextsOf('flotilla')

const cases: readonly (readonly [context: string, isPart: boolean])[] = [
  ['flotilla', false],
  ['flotilla/eu-1', true],
  ['flotilla/region/eu-west', true],
  ['flotilla/plan', false],
  ['flotilla/plan-approval', false],
  ['flotilla/cluster/plan', true],
  ['flotilla-staging/eu-1', false],
  ['ci/build', false],
]

describe('the names of statuses', () => {
  for (const [context, isPart] of cases)
    it(`${context} is ${isPart ? '' : 'not '}that of a cluster or a region`, () => {
      assert.equal(contexts.isPart(context), isPart)
    })

  it('are those of clusters, whatever these are called', () => {
    for (const name of ['eu-1', 'plan', 'plan-approval', 'region', 'cluster'])
      assert.ok(contexts.isPart(contexts.cluster(name)), name)
  })
})
