import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { parse } from 'yaml'
import { buildProgram } from '../../reconciler/commands/program.ts'
import { getIn } from '../../repo-layout/json.ts'
import { fleet } from '../render/helper.ts'
import { nginxCharts, shipperCluster } from '../render/shipper/fixtures.ts'
import { rehearse } from '../render/shipper/rehearsal.ts'

const page = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8')
const rollouts = page('rollouts.md')

function yaml(text: string, kind: string): string {
  const found = [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, body = '']) => body)
  return found.find((body) => new RegExp(`^kind: ${kind}$`, 'm').test(body)) ?? assert.fail(`no ${kind}`)
}

describe('docs/rollouts.md', () => {
  it('has an Application that rolls out, and a Release that takes it to the step it says', async () => {
    const rehearsal = rehearse(
      {
        'flotilla.yaml': fleet,
        'clusters.yaml': shipperCluster('local-1'),
        'app.yaml': yaml(rollouts, 'Application'),
        'release.yaml': yaml(rollouts, 'Release'),
      },
      nginxCharts(),
    )
    const steps = (await rehearsal.settle()).flat()
    assert.deepEqual(rehearsal.said(), [])
    assert.match(steps.at(-1) ?? '', /has achieved step 1 \(full on\)$/)
  })

  it('has overrides that give each cluster what the table says', async () => {
    const section = /^## What differs between clusters\n(.*?)^## /ms.exec(rollouts)?.[1] ?? ''
    const rows = [...section.matchAll(/^\| `(\S+)` \| (.*?) ?\| (\d+) \| `(.*)` \| ?(?:`(.*)` )?\|$/gm)].map(
      ([, name = '', labels = '', replicas, cache = '', priority]) => ({ name, labels, replicas, cache, priority }),
    )
    assert.equal(rows.length, 3)
    const inventory = rows.map(({ name, labels }) => {
      const metadata = `{name: ${name}, labels: {${labels.replaceAll('`', '')}}}`
      return `apiVersion: flotilla.dev/v1alpha1\nkind: Cluster\nmetadata: ${metadata}\nspec: {region: local}\n`
    })
    const sources = { 'flotilla.yaml': fleet, 'clusters.yaml': inventory.join('---\n') }
    const charts = nginxCharts()
    const rendered: unknown[] = []
    const rehearsal = rehearse(
      { ...sources, 'app.yaml': yaml(section, 'Application') },
      {
        ...charts,
        render(request) {
          rendered.push(request.values)
          return charts.render(request)
        },
      },
    )
    await rehearsal.settle()
    assert.deepEqual(rehearsal.said(), [])
    for (const { name, replicas, cache, priority } of rows) {
      const [path = ''] = rehearsal.paths().filter((one) => one.startsWith(`clusters/${name}/shop/Deployment.apps/`))
      const spec = rehearsal.file(path)?.spec
      assert.equal(getIn(spec, ['replicas']), Number(replicas), name)
      assert.equal(getIn(spec, ['template', 'spec', 'priorityClassName']), priority, name)
      const values = { replicaCount: Number(replicas), cache: parse(cache) }
      assert.ok(
        rendered.some((one) => isDeepStrictEqual(one, values)),
        `${name}: ${JSON.stringify(values)}`,
      )
    }
    assert.equal(rendered.length, rows.length)
  })

  it('names the records that are there', async () => {
    const rehearsal = rehearse(
      { 'flotilla.yaml': fleet, 'clusters.yaml': shipperCluster('local-1'), 'app.yaml': yaml(rollouts, 'Application') },
      nginxCharts(),
    )
    await rehearsal.settle()
    const records = rehearsal.paths().filter((path) => path.startsWith('rollouts/'))
    const kinds = records.map((path) => path.split('/').at(-1) ?? '')
    assert.ok(kinds.length >= 5)
    for (const kind of kinds) assert.ok(rollouts.includes(kind), kind)
  })
})

describe('docs/rollouts.md and docs/shipper.md', () => {
  const program = buildProgram({ terminal: () => assert.fail(), color: () => 'never', exit: () => undefined })
  const commands = new Set(program.commands.map((command) => command.name()))

  for (const name of ['rollouts.md', 'shipper.md']) {
    it(`${name} names only commands that there are`, () => {
      const named = [...page(name).matchAll(/`flotilla ([a-z]+)/g)].map(([, command = '']) => command)
      assert.ok(named.length > 0)
      for (const command of named) assert.ok(commands.has(command), command)
    })
  }
})
