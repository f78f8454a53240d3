import assert from 'node:assert/strict'
import fc from 'fast-check'
import { limits, planRollout, type SetSize } from '../../../../deploy/sandbox/controllers/rollout.ts'

const share = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom('0%', '25%', '50%', '100%'))

describe('sandbox rollout', () => {
  it('reaches its end, within surge and availability at every step', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 8 }),
        fc.integer({ min: 0, max: 8 }),
        share,
        share,
        (wanted, before, surge, spare) => {
          const spec = {
            replicas: wanted,
            strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: surge, maxUnavailable: spare } },
          }
          const { maxSurge, maxUnavailable } = limits(wanted, spec.strategy.rollingUpdate)
          let current: SetSize = { replicas: 0, available: 0 }
          let old: SetSize = { replicas: before, available: before }
          for (let step = 0; step < 40; step++) {
            const plan = planRollout(spec, current, [old])
            const kept = plan.old[0] ?? 0
            assert.ok(plan.current + kept <= Math.max(wanted + maxSurge, current.replicas + old.replicas), 'surge')
            const available = Math.min(current.available, plan.current) + Math.min(old.available, kept)
            const least = Math.min(wanted - maxUnavailable, current.available + old.available)
            assert.ok(available >= least, `available ${available} of at least ${least}`)
            current = { replicas: plan.current, available: plan.current }
            old = { replicas: kept, available: kept }
          }
          assert.deepEqual([current.replicas, old.replicas], [wanted, 0])
        },
      ),
    )
  })

  it('lets the old go before the new come where the strategy is Recreate', () => {
    const spec = { replicas: 3, strategy: { type: 'Recreate' } }
    const none = { replicas: 0, available: 0 }
    assert.deepEqual(planRollout(spec, none, [{ replicas: 3, available: 3 }]), { current: 0, old: [0] })
    assert.deepEqual(planRollout(spec, none, [{ replicas: 0, available: 1 }]), { current: 0, old: [0] })
    assert.deepEqual(planRollout(spec, none, [none]), { current: 3, old: [0] })
  })
})
