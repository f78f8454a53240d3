import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseConstraint } from '../../../reconciler/charts/semver/constraint.ts'
import { compareVersions, parseVersion } from '../../../reconciler/charts/semver/version.ts'

/** What Masterminds/semver 1.4.0 itself answered; `-` where a version cannot be read, null where a constraint cannot. */
interface Table {
  readonly versions: readonly string[]
  /** For each version, how it compares to each: `<`, `=` or `>`. */
  readonly order: readonly string[]
  readonly constraints: readonly { readonly constraint: string; readonly fits: string | null }[]
}

const path = join(import.meta.dirname, '../../cases/masterminds-semver.json')
const { versions, order, constraints } = JSON.parse(readFileSync(path, 'utf8')) as Table
const parsed = versions.map(parseVersion)

describe('versions of charts, as Masterminds/semver 1.4.0 has them', () => {
  it('are read and compared alike, each with each', () => {
    const found = parsed.map((a) =>
      parsed.map((b) => (a && b ? (['<', '=', '>'][compareVersions(a, b) + 1] ?? '') : '-')).join(''),
    )
    assert.deepEqual(found, order)
  })

  it('fit the same constraints', () => {
    const found = constraints.map(({ constraint }) => {
      const check = parseConstraint(constraint)
      const fits = parsed.map((version) => (version ? Number(check?.(version)) : '-')).join('')
      return { constraint, fits: check ? fits : null }
    })
    assert.deepEqual(found, constraints)
  })

  const rules = [
    { constraint: '^0.1.2', fits: ['0.1.2', '0.9.9'], not: ['0.1.1', '1.0.0', '0.2.0-beta'] },
    { constraint: '~0.0.0', fits: ['0.0.0', '10.20.30'], not: ['0.0.1-beta'] },
    { constraint: '1.2', fits: ['1.2.0'], not: ['1.2.3'] },
    { constraint: '1.2.x', fits: ['1.2.0', '1.2.9'], not: ['1.3.0'] },
    { constraint: '>=1.2, <3.0.0 || 4.x', fits: ['1.2.0', '2.9.9', '4.5.0'], not: ['3.0.0', '5.0.0'] },
    { constraint: '<3', fits: ['2.0.0', '3.0.0', '3.9.9'], not: ['4.0.0'] },
    { constraint: '1.2 - 1.4', fits: ['1.2.0', '1.4.0'], not: ['1.4.1'] },
  ]
  for (const { constraint, fits, not } of rules)
    it(`${constraint} takes ${fits.join(', ')} and not ${not.join(', ')}`, () => {
      const check = parseConstraint(constraint)
      const takes = (text: string) => {
        const version = parseVersion(text)
        return version !== undefined && check?.(version) === true
      }
      assert.deepEqual([...fits, ...not].filter(takes), fits)
    })
})
