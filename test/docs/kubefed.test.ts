import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { clustersWith, type Rendered, renderSources, replicasOf, type Sources, valueIn } from '../render/helper.ts'

const root = join(import.meta.dirname, '../..')
const text = readFileSync(join(root, 'docs/kubefed.md'), 'utf8')
const example = join(root, 'examples/kubefed-migration')

/** The repository of the example, by path. */
function exampleFiles(): Record<string, string> {
  const paths = readdirSync(example, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.yaml'))
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(example, path), 'utf8')]))
}

/** The blocks of one language in a section; those of a list are indented. */
function blocks(section: string, language: string): readonly string[] {
  return [...section.matchAll(new RegExp(`^( *)\`\`\`${language}\\n([^]*?)^\\1\`\`\`$`, 'gm'))].map(
    ([, indent = '', body = '']) => body.replace(new RegExp(`^${indent}`, 'gm'), ''),
  )
}

/** The YAML of a section, by the file name in its first line. */
function sources(section: string): Sources {
  return Object.fromEntries(
    blocks(section, 'yaml').map((body) => {
      const name = /^# (\S+\.yaml)\n/.exec(body)?.[1]
      assert.ok(name, `an example must begin with its file name: ${body.slice(0, 60)}`)
      return [name, body]
    }),
  )
}

/** The tables whose last column is headed `replicas`: what an example gives. */
function replicaTables(section: string): readonly Readonly<Record<string, number>>[] {
  return [...section.matchAll(/^\| cluster .*\| replicas \|\n\|[-|]+\|\n((?:\|.*\|\n)+)/gm)].map(([, rows = '']) =>
    Object.fromEntries(
      rows
        .trim()
        .split('\n')
        .map((row) => {
          const cells = row.split('|').map((cell) => cell.trim())
          return [cells[1] ?? '', Number(cells.at(-2))]
        }),
    ),
  )
}

const sections = new Map(
  text
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.split('\n')[0] ?? '', section]),
)

function section(title: string): string {
  const found = sections.get(title)
  assert.ok(found, `docs/kubefed.md has no section ${title}`)
  return found
}

async function render(given: Sources, observations: unknown = {}): Promise<Rendered> {
  const { 'flotilla.yaml': fleet = '', 'clusters/kubefedclusters.yaml': clusters = '' } = exampleFiles()
  return renderSources({ 'flotilla.yaml': fleet, 'clusters.yaml': clusters, ...given }, { observations })
}

describe('docs/kubefed.md: its examples do what it says', () => {
  for (const [title, body] of sections) {
    const given = sources(body)
    if (Object.keys(given).length === 0) continue
    it(`${title}: every example renders without a word`, async () => {
      const rendered = await render(given)
      assert.deepEqual(rendered.lines, [])
      assert.ok([...(rendered.files?.keys() ?? [])].some((path) => path.startsWith('clusters/')))
    })
  }

  it('a custom kind keeps its annotations and goes where it is placed', async () => {
    const rendered = await render(sources(section('Which object comes out')))
    const path = 'shop/Queue.messaging.example.com/orders.yaml'
    assert.deepEqual(clustersWith(rendered, path), ['eu-1'])
    const annotations = valueIn(rendered, `clusters/eu-1/${path}`, ['metadata', 'annotations'])
    assert.deepEqual(annotations, { 'example.com/owner': 'storefront' })
  })

  it('a placement is cut by that of the namespace', async () => {
    const rendered = await render(sources(section('Placement')))
    assert.deepEqual(clustersWith(rendered, 'shop/ConfigMap/settings.yaml'), ['eu-1', 'us-1'])
  })

  it('overrides reach the clusters that they name or select', async () => {
    const rendered = await render(sources(section('Overrides')))
    const data = (name: string) => valueIn(rendered, `clusters/${name}/shop/ConfigMap/settings.yaml`, ['data'])
    assert.deepEqual(data('eu-1'), { currency: 'EUR', log: 'info' })
    assert.deepEqual(data('us-1'), { currency: 'USD', log: 'info', tax: 'destination' })
    assert.deepEqual(data('staging'), { currency: 'EUR', log: 'debug' })
  })

  it('the worked division of replicas is right, without and with what runs', async () => {
    const replicas = section('Replicas')
    const [divided, withFacts] = replicaTables(replicas)
    const [facts = ''] = blocks(replicas, 'json')
    assert.deepEqual(replicasOf(await render(sources(replicas)), 'web'), divided)
    assert.deepEqual(replicasOf(await render(sources(replicas), JSON.parse(facts)), 'web'), withFacts)
  })

  it('an object that is to be taken over says so in each cluster', async () => {
    const rendered = await render(sources(section('Moving a live fleet')))
    const annotations = valueIn(rendered, 'clusters/us-1/shop/ConfigMap/taken.yaml', ['metadata', 'annotations'])
    assert.deepEqual(annotations, { 'flotilla.dev/adopt': 'Always' })
  })
})

describe('examples/kubefed-migration: an export of kubefed is a fleet', () => {
  it('renders without a word', async () => {
    const rendered = await renderSources(exampleFiles())
    assert.deepEqual(rendered.lines, [])
    assert.deepEqual(replicasOf(rendered, 'web'), { 'eu-1': 5, staging: 1, 'us-1': 3 })
    assert.deepEqual(clustersWith(rendered, 'shop/Queue.messaging.example.com/orders.yaml'), ['eu-1', 'us-1'])
    assert.deepEqual(clustersWith(rendered, '_cluster/Namespace/shop.yaml'), ['eu-1', 'staging', 'us-1'])
  })

  it('says what each cluster has of its own', async () => {
    const rendered = await renderSources(exampleFiles())
    const container = (name: string) =>
      valueIn(rendered, `clusters/${name}/shop/Deployment.apps/web.yaml`, ['spec', 'template', 'spec', 'containers', 0])
    assert.equal((container('us-1') as { image: string }).image, 'web:2.4.1-us')
    assert.equal((container('staging') as { env: unknown[] }).env.length, 2)
    assert.equal(valueIn(rendered, 'clusters/us-1/shop/Service/web.yaml', ['spec', 'type']), 'LoadBalancer')
  })
})
