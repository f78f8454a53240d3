import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { schemaCommand } from '../../reconciler/commands/schema.ts'
import { getIn, isJsonArray, isJsonObject, type Json, type JsonObject } from '../../repo-layout/json.ts'
import { hasErrors } from '../../repo-layout/message.ts'
import { folderTree } from '../../repo-layout/read/folder.ts'
import { createFleetReader } from '../../repo-layout/read/reader.ts'
import { clusterSchema } from '../../repo-layout/schema/cluster.ts'
import { fleetSchema } from '../../repo-layout/schema/fleet.ts'
import { jsonSchema, schemaNames } from '../../repo-layout/schema/json-schema.ts'
import { parseYaml } from '../../repo-layout/yaml/parse.ts'
import { readCases } from './case-file.ts'
import { messageLines, validateFiles } from './validate.ts'

const root = join(import.meta.dirname, '../..')

/** A schema as its readers are given it: as JSON. */
function schemaOf(kind?: string): JsonObject {
  return JSON.parse(JSON.stringify(jsonSchema(kind) ?? assert.fail(`no schema of ${kind}`)))
}

/** Judges documents by a JSON Schema alone. */
function validator(kind?: string): (document: Json) => boolean {
  const schema = z.fromJSONSchema(schemaOf(kind) as Parameters<typeof z.fromJSONSchema>[0])
  return (document) => schema.safeParse(document).success
}

function documentsOf(text: string): readonly Json[] {
  const parsed = parseYaml(text)
  return parsed.type === 'documents' ? parsed.documents.map(({ value }) => value) : []
}

const [fleet = null, cluster = null] = documentsOf(
  readFileSync(new URL('../fixtures/layout/defaults.yaml', import.meta.url), 'utf8'),
)

/** Every `default` of a schema below an object of properties, by its path. */
function* defaultsOf(schema: Json | undefined, path: readonly string[] = []): Iterable<[readonly string[], Json]> {
  if (!isJsonObject(schema)) return
  if (schema.default !== undefined && !isJsonObject(schema.default)) yield [path, schema.default]
  if (isJsonObject(schema.properties)) {
    for (const [key, one] of Object.entries(schema.properties)) yield* defaultsOf(one, [...path, key])
  }
}

describe('flotilla schema', () => {
  for (const [kind, document] of [
    ['Fleet', fleet],
    ['Cluster', cluster],
  ] as const) {
    it(`${kind}: every default is in the schema, and is what a reader fills in`, () => {
      const made = (kind === 'Fleet' ? fleetSchema : clusterSchema).parse({
        ...(document as JsonObject),
        spec: kind === 'Fleet' ? {} : { connection: { secretRef: { name: 'eu-1-kubeconfig' } } },
      }) as unknown as JsonObject
      assert.deepEqual(made, document)
      const defaults = [...defaultsOf(schemaOf(kind))]
      assert.ok(defaults.length > 5)
      for (const [path, value] of defaults) assert.deepEqual(value, getIn(document, path), path.join('.'))
      assert.equal(validator(kind)(document), true)
    })
  }

  it('knows no field of later work', () => {
    const all = JSON.stringify([schemaOf('Fleet'), schemaOf('Cluster')])
    for (const field of ['waves', 'clusterProfileRef', 'Workload']) assert.ok(!all.includes(field), field)
  })

  it('says what a misspelt field of an own kind is, and takes those of other kinds', () => {
    assert.equal(validator('Fleet')({ ...(fleet as JsonObject), spec: { suspnd: true } }), false)
    assert.equal(validator('Cluster')({ ...(cluster as JsonObject), spec: { aply: 'Push' } }), false)
    const types = { apiVersion: 'core.kubefed.io/v1beta1', kind: 'FederatedTypeConfig', metadata: { name: 'a' } }
    assert.equal(validator('FederatedTypeConfig')({ ...types, spec: { targetType: { kind: 'A' }, ours: 1 } }), true)
  })

  it('has a schema for each name that it offers, which tells its kind from the others', () => {
    for (const name of schemaNames) assert.equal(schemaOf(name).$schema, 'https://json-schema.org/draft/2020-12/schema')
    const every = schemaOf()
    assert.deepEqual(
      Object.keys(every.$defs as JsonObject),
      schemaNames.map((name) => name.replace('<Kind>', '')),
    )
    assert.ok(isJsonArray(every.oneOf) && every.oneOf.length === schemaNames.length)
  })

  it('takes any federated kind by its own name, and refuses another', () => {
    const web = { apiVersion: 'types.kubefed.io/v1beta1', metadata: { name: 'web' }, spec: {} }
    assert.equal(validator('FederatedDeployment')({ ...web, kind: 'FederatedDeployment' }), true)
    assert.equal(validator('FederatedDeployment')({ ...web, kind: 'FederatedService' }), false)
    assert.equal(validator('Federated<Kind>')({ ...web, kind: 'FederatedService' }), true)
  })

  it('says what may stand in the overrides of an Application', () => {
    const page = readFileSync(join(root, 'docs/rollouts.md'), 'utf8')
    const example = /^## What differs between clusters\n.*?^```yaml\n(.*?)^```$/ms.exec(page)?.[1] ?? ''
    const [application = null] = documentsOf(example)
    const fits = validator('Application')
    assert.equal(fits(application), true)
    const template = getIn(application, ['spec', 'template']) as JsonObject
    const withEntry = (entry: JsonObject) => ({
      ...(application as JsonObject),
      spec: { template: { ...template, overrides: [{ clusterName: 'eu-1', ...entry }] } },
    })
    assert.equal(fits(withEntry({ values: { a: 1 } })), true)
    for (const entry of [
      { values: [] },
      { target: { group: 'apps' } },
      { clusterOverrides: [{ op: 'move', path: '/a' }] },
      { clusterSelector: { matchExpressions: [{ key: 'a', operator: 'in' }] } },
    ])
      assert.equal(fits(withEntry(entry)), false, JSON.stringify(entry))
  })

  it('every document of the examples fits the schema for all kinds', async () => {
    const fits = validator()
    for (const example of readdirSync(join(root, 'examples'))) {
      const tree = folderTree(join(root, 'examples', example))
      const entries = (await tree.list()).filter(({ path }) => /\.ya?ml$/.test(path))
      for (const entry of entries) {
        const documents = documentsOf(Buffer.from(await tree.read(entry)).toString())
        for (const document of documents.filter((one) => isOurs(one)))
          assert.ok(fits(document), `${example}/${entry.path}: ${JSON.stringify(document).slice(0, 100)}`)
      }
      if (entries.some(({ path }) => path === 'flotilla.yaml')) {
        assert.equal(hasErrors((await createFleetReader().read(tree)).messages), false)
      }
    }
  })

  for (const file of ['inventory', 'kinds', 'schema']) {
    it(`judges the cases of ${file}.txt as flotilla validate does`, async () => {
      const fits = validator()
      for (const { name, files } of readCases(new URL(`../fixtures/layout/${file}.txt`, import.meta.url))) {
        for (const [path, content] of files) {
          const documents = typeof content === 'string' ? documentsOf(content) : []
          const { lines } = await validateFiles(new Map([[path, content]]))
          if (documents.length !== 1 || !isOurs(documents[0])) continue
          const isWrong = lines.some((line) => line.endsWith('[schema]'))
          assert.equal(fits(documents[0] ?? null), !isWrong, `${name}: ${lines.join('\n')}`)
        }
      }
    })
  }

  it('prints JSON and exits with 0, and with 2 for a kind that has no schema, naming the nearest', () => {
    const texts: string[] = []
    const { terminal, notes } = messageLines()
    const speaking = { ...terminal, data: (text: string) => void texts.push(text) }
    assert.equal(schemaCommand('Fleet', speaking), 0)
    assert.deepEqual(JSON.parse(texts.join('')), schemaOf('Fleet'))
    assert.equal(schemaCommand('Flet', speaking), 2)
    assert.match(notes.join('\n'), /there is no schema of "Flet"; did you mean "Fleet"\?/)
  })
})

/** Whether a document is of a kind that has a schema. */
function isOurs(document: Json | undefined): boolean {
  const apiVersion = getIn(document, ['apiVersion'])
  const kind = getIn(document, ['kind'])
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return false
  return (
    /^(Federated[A-Z]\w*|Fleet|Cluster|KubeFedCluster|ReplicaSchedulingPreference)$/.test(kind) &&
    /^(flotilla\.dev\/v1alpha1|(types|core|scheduling)\..*(kubefed|federation)|shipper|clusterregistry)/.test(
      apiVersion,
    )
  )
}
