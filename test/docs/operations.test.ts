import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { parse } from 'yaml'
import { buildProgram } from '../../reconciler/commands/program.ts'
import { clusterSchema } from '../../repo-layout/schema/cluster.ts'

const root = join(import.meta.dirname, '../..')
const page = readFileSync(join(root, 'docs/operations.md'), 'utf8')

const program = buildProgram({
  terminal() {
    throw new Error('nothing is run here')
  },
  color: () => 'never',
  exit: () => undefined,
})
const runCommand = program.commands.find((command) => command.name() === 'run')

/** First cells of the rows of tables, without the heads. */
const firstCells = [...page.matchAll(/^\| (`[^|]*) \|/gm)].map(([, cell = '']) => cell)

/** The code of the daemon and the commands, as text. */
function sources(): string {
  return readdirSync(join(root, 'reconciler'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(join(root, 'reconciler', path), 'utf8'))
    .join('\n')
}

describe('the page about operations', () => {
  it('lists every flag of flotilla run with its default, and no other', () => {
    const options = (runCommand as Command).options.map(({ long, defaultValue }) => ({
      flag: long,
      value: typeof defaultValue === 'string' ? defaultValue : undefined,
    }))
    const rows = [...page.matchAll(/^\| `(--[a-z-]+)` \| ([^|]*) \|/gm)]
    assert.deepEqual(
      rows.map(([, flag]) => flag),
      options.map(({ flag }) => flag),
    )
    for (const [, flag, value = ''] of rows) {
      const real = options.find((option) => option.flag === flag)?.value
      // A cron expression says little in a table.
      if (real !== undefined && flag !== '--poll') assert.equal(value, `\`${real}\``, flag)
    }
  })

  it('lists every variable that the code reads, and no other', () => {
    const text = sources()
    const read = new Set([
      ...[...text.matchAll(/(?<=['"`])FLOTILLA_[A-Z_]+(?=['"`])/g)].map(([name]) => name),
      ...[...text.matchAll(/\benv\.([A-Z][A-Z_]+)\b/g)].map(([, name = '']) => name),
    ])
    const listed = firstCells.flatMap((cell) => [...cell.matchAll(/`([A-Z][A-Z_]+)`/g)].map(([, name = '']) => name))
    const plain = [...read].filter((name) => !name.endsWith('_FILE'))
    assert.deepEqual(listed.sort(), plain.sort())
  })

  it('names only files of this repository that are there', () => {
    const named = [...page.matchAll(/\bdeploy\/[\w./-]+\w/g)].map(([path]) => path)
    assert.ok(named.length > 4)
    assert.deepEqual(
      named.filter((path) => !existsSync(join(root, path))),
      [],
    )
  })

  it('has examples of documents that are right', () => {
    const documents = [...page.matchAll(/^( *)```yaml\n([\s\S]*?)^\1```/gm)].map(([, indent = '', text = '']) =>
      parse(text.replaceAll(new RegExp(`^${indent}`, 'gm'), '')),
    )
    assert.deepEqual(
      documents.map(({ kind }) => kind),
      ['Secret', 'Kustomization', 'Cluster'],
    )
    const [secret, overlay, cluster] = documents
    assert.ok(clusterSchema.safeParse(cluster).success)
    const account = parse(readFileSync(join(root, 'deploy/manifests/member/service-account.yaml'), 'utf8'))
    assert.equal(secret.metadata.annotations['kubernetes.io/service-account.name'], account.metadata.name)
    assert.equal(secret.metadata.namespace, account.metadata.namespace)
    const deployment = parse(readFileSync(join(root, 'deploy/manifests/deployment.yaml'), 'utf8'))
    const [container] = deployment.spec.template.spec.containers
    assert.equal(overlay.images[0].name, container.image)
    assert.equal(container.env[0].name, 'FLOTILLA_REPO', 'the patch replaces the repository')
  })

  it('quotes what is shown when something breaks as the code says it', () => {
    const [, table = ''] = page.split('## When something breaks')
    const rows = [...table.matchAll(/^\| [^|]+ \| [^|]+ \| ([^|]+) \| [^|]+ \|$/gm)].map(([, shown = '']) => shown)
    const quoted = rows.flatMap((cell) => [...cell.matchAll(/`((?:main|generated): [^`]*|[a-z][a-z ]* [^`]*)`/g)])
    const text = sources()
    // Names of branches, numbers and what is left out differ from case to case.
    const fragments = quoted.flatMap(([, quote = '']) =>
      quote.replace(/^(main|generated): /, '').split(/…|"[a-z]+"|\d+ \w+|flotilla status CLUSTER/),
    )
    const long = fragments
      .map((fragment) => fragment.replace(/^[\s,:;]+|[\s,:;]+$/g, ''))
      .filter((one) => one.length > 5)
    assert.ok(long.length >= 8, long.join('\n'))
    assert.deepEqual(
      long.filter((fragment) => !text.includes(fragment)),
      [],
    )
  })

  it('has commands of flotilla with options that they have', () => {
    const lines = [...page.matchAll(/^ *(?:[A-Z_]+="[^"]*" )?(flotilla [a-z]+ .*)$/gm)].map(([, line = '']) => line)
    assert.ok(lines.length >= 2)
    for (const line of lines) {
      const [, name] = line.split(' ')
      const command = program.commands.find((one) => one.name() === name)
      const known = command?.options.map(({ long }) => long) ?? []
      for (const [option] of line.matchAll(/--[a-z-]+/g)) assert.ok(known.includes(option), line)
    }
  })
})
