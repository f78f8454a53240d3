import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { createMetrics } from '../../reconciler/server/metrics.ts'
import { everyState } from '../reconciler/views/fleet.ts'
import { describeReal, requireBinary } from '../testbed/binaries.ts'

const root = join(import.meta.dirname, '../..')
const folder = join(root, 'deploy/monitoring')
const read = (path: string) => readFileSync(join(root, path), 'utf8')

const groupsSchema = z.array(
  z.object({
    rules: z.array(
      z.object({
        alert: z.string(),
        expr: z.string(),
        labels: z.object({ severity: z.enum(['warning', 'critical']) }),
        annotations: z.object({ summary: z.string(), runbook: z.string() }),
      }),
    ),
  }),
)
const plain: { readonly groups: unknown } = parse(read('deploy/monitoring/rules.yaml'))
const rules = groupsSchema.parse(plain.groups).flatMap((group) => group.rules)

describe('the alerts for Prometheus', () => {
  it('read only metrics that the daemon has', () => {
    const known = createMetrics({ version: 'test' })
      .registry.getMetricsAsArray()
      .map(({ name }) => name)
    const used = rules.flatMap(({ expr }) => expr.match(/flotilla_[a-z_]+/g) ?? [])
    assert.ok(used.length >= rules.length)
    assert.deepEqual(
      used.filter((name) => !known.includes(name)),
      [],
    )
  })

  it('read only states of a cluster that there are', () => {
    for (const { expr } of rules) {
      const [, state] = /sync="([^"]*)"/.exec(expr) ?? []
      if (state !== undefined) assert.ok(Object.hasOwn(everyState, state), state)
    }
  })

  for (const { alert, annotations } of rules)
    it(`have a runbook for ${alert} that names it and is in the list of runbooks`, () => {
      assert.match(read(annotations.runbook), new RegExp(`\`${alert}\``))
      const page = annotations.runbook.replace('docs/runbooks/', '')
      const row = read('docs/runbooks/README.md')
        .split('\n')
        .find((line) => line.includes(`\`${alert}\``))
      assert.ok(row?.includes(`(${page})`), row)
    })

  it('are the same for the Prometheus operator', () => {
    const rule: { readonly spec: unknown } = parse(read('deploy/monitoring/prometheus-rule.yaml'))
    assert.deepEqual(rule.spec, { groups: plain.groups })
  })
})

describeReal('the alerts for Prometheus, as it evaluates them', ['promtool'], function () {
  this.timeout(30_000)

  it('fire when they should, once for each cluster, and not when all is well', () => {
    const path = join(folder, 'rules.test.yaml')
    assert.ok(existsSync(path))
    const output = execFileSync(requireBinary('promtool'), ['test', 'rules', path], { encoding: 'utf8' })
    assert.match(output, /SUCCESS/)
  })
})
