import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { fleetSchema } from '../../repo-layout/schema/fleet.ts'
import { promotionOf, promotionProblem } from '../../repo-layout/schema/promotion.ts'

const text = readFileSync(new URL('../../docs/rollouts.md', import.meta.url), 'utf8')

describe('docs/rollouts.md: by itself', () => {
  const section = text.split(/^## /m).find((part) => part.startsWith('By itself\n')) ?? ''
  const [application, fleet] = [...section.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, body = '']) => parse(body))

  it('shows annotations that are read, and a Fleet that has the check', () => {
    const { annotations } = application.metadata
    for (const [key, value] of Object.entries<string>(annotations)) {
      assert.equal(promotionProblem(key, value), undefined)
      assert.ok(section.includes(`| \`${key}\` |`), key)
    }
    const { check, isAutomatic, soak, deadline } = promotionOf(annotations)
    assert.deepEqual([isAutomatic, soak, deadline], [true, 600_000, 900_000])
    const { checks } = fleetSchema.parse(fleet).spec.rollouts
    assert.ok(checks.some(({ name }) => name === check))
  })
})
