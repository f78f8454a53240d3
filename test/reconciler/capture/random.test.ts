import assert from 'node:assert/strict'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { isJsonArray, isJsonObject, type Json, type JsonObject, type JsonPath } from '../../../repo-layout/json.ts'
import { changeJson } from '../../../repo-layout/yaml/edit/change-json.ts'
import { captureInto, copyIn, setByHand } from './support.ts'

const template: JsonObject = {
  metadata: { labels: { app: 'web' }, annotations: { 'example.com/a': '1', 'example.com/a/b': '2', plain: 'x' } },
  spec: {
    replicas: 3,
    paused: false,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web', 'k/l': 'v' } },
      spec: {
        nodeSelector: { 'kubernetes.io/os': 'linux' },
        containers: [
          {
            name: 'a',
            image: 'a:1',
            args: ['--x', '--y'],
            env: [
              { name: 'E', value: '1' },
              { name: 'F', value: '2' },
            ],
          },
          { name: 'b', image: 'b:1', resources: { limits: { cpu: '1', memory: '1Gi' } } },
        ],
      },
    },
  },
}

/** Overrides that may stand there before, each valid by itself. */
const overrides: readonly Json[] = [
  { path: '/spec/replicas', value: 5 },
  { path: 'spec.paused', value: true },
  { op: 'add', path: '/spec/template/spec/containers/0', value: { name: 'first', image: 'f:1' } },
  { op: 'remove', path: '/metadata/annotations/plain' },
  { op: 'replace', path: '/spec/template/spec/containers/1/image', value: 'b:2' },
  { path: '/metadata/annotations', value: { only: 'this', 'a/b': 'c' } },
  { op: 'add', path: '/spec/template/spec/containers/-', value: { name: 'last', image: 'l:1', args: ['q'] } },
]

const picked = fc.shuffledSubarray([...overrides], { maxLength: 4 })
const style = fc.record({
  indentSeq: fc.boolean(),
  indent: fc.constantFrom(2, 4),
  collectionStyle: fc.constantFrom('any' as const, 'block' as const, 'flow' as const),
})
const change = fc.record({
  which: fc.nat(),
  remove: fc.boolean(),
  text: fc.constantFrom('new', 'yes', '0644', 'a: b', '1', 'two\nlines\n', ''),
  number: fc.integer({ min: 0, max: 99 }),
})

/** A field of a copy that can be set by hand: how a drift writes it, and where it is. */
interface Field {
  readonly path: string
  readonly at: JsonPath
  readonly value: Json
}

describe('capturing whatever was set by hand', function () {
  this.timeout(120_000)

  it('makes the copy in this cluster what was set, no other copy another one, and keeps what people wrote', async () => {
    await fc.assert(
      fc.asyncProperty(
        ...[picked, picked, style, fc.array(change, { minLength: 1, maxLength: 3 })],
        async (here, there, written, changes) => {
          const document = {
            apiVersion: 'types.kubefed.io/v1beta1',
            kind: 'FederatedDeployment',
            metadata: { name: 'web', namespace: 'shop' },
            spec: {
              template,
              placement: { clusters: [{ name: 'cluster1' }, { name: 'cluster2' }] },
              ...(there.length > 0 || here.length > 0
                ? {
                    overrides: [
                      ...(there.length > 0 ? [{ clusterName: 'cluster2', clusterOverrides: there }] : []),
                      ...(here.length > 0 ? [{ clusterName: 'cluster1', clusterOverrides: here }] : []),
                    ],
                  }
                : {}),
            },
          }
          const yaml = stringify(document, { ...written, version: '1.1', schema: 'yaml-1.1', lineWidth: 0 })
          const text = `# by the shop team\n${yaml}# end\n`
          const before = await copyIn(text, 'cluster1').catch(() => undefined)
          // Some of these overrides do not apply after some others.
          fc.pre(before !== undefined)
          const other = await copyIn(text, 'cluster2').catch(() => undefined)
          fc.pre(other !== undefined)

          let wanted: Json = before
          const fields = new Map<string, Field & { readonly live: Json | undefined }>()
          for (const { which, remove, text: words, number } of changes) {
            const all = [...fieldsOf(wanted)]
            const field = all[which % all.length]
            assert.ok(field)
            if ([...fields.keys()].some((path) => path.startsWith(field.path) || field.path.startsWith(path))) continue
            const live = remove && !isVital(field) ? undefined : changed(field, words, number)
            const next = changeJson(
              wanted,
              live === undefined ? { type: 'remove', path: field.at } : { type: 'set', path: field.at, value: live },
            )
            assert.ok(next !== undefined)
            wanted = next
            fields.set(field.path, { ...field, live })
          }
          const result = await captureInto(
            text,
            [...fields.values()].map(({ path, live, value }) => setByHand(path, live, value)),
          )
          if (result.type === 'nothing') return assert.deepEqual(wanted, before)
          assert.ok(result.type === 'captured' && result.text !== undefined, JSON.stringify(result))
          assert.deepEqual(await copyIn(result.text, 'cluster1'), withoutEmpty(wanted))
          assert.deepEqual(await copyIn(result.text, 'cluster2'), other)
          assert.match(result.text, /^# by the shop team\n[\s\S]*# end\n$/)
        },
      ),
      { numRuns: 40 },
    )
  })
})

function* fieldsOf(value: Json, at: JsonPath = [], path = ''): Generator<Field> {
  if (at.length > 0 && (!isJsonObject(value) || isItem(at))) yield { path, at, value }
  if (isJsonObject(value)) {
    for (const [key, item] of Object.entries(value)) {
      if (item === undefined || isFixed(path, key)) continue
      yield* fieldsOf(item, [...at, key], `${path}/${key}`)
    }
  } else if (isJsonArray(value)) {
    for (const [i, item] of value.entries())
      if (isJsonObject(item)) yield* fieldsOf(item, [...at, i], `${path}[name=${item.name}]`)
  }
}

/** What nobody can change in a cluster, and what is Flotilla's. */
function isFixed(path: string, key: string): boolean {
  return (
    (path === '' && (key === 'apiVersion' || key === 'kind')) ||
    (path === '/metadata' && key !== 'annotations') ||
    (path.endsWith(']') && key === 'name')
  )
}

function isItem(at: JsonPath): boolean {
  return typeof at.at(-1) === 'number'
}

/** A list of containers or variables is changed by its items. */
function isVital({ value }: Field): boolean {
  return isJsonArray(value) && isJsonObject(value[0])
}

function changed({ value, path }: Field, words: string, number: number): Json {
  if (typeof value === 'number') return number
  if (typeof value === 'boolean') return !value
  if (isJsonArray(value)) return isJsonObject(value[0]) ? value : [words, ...value.slice(1)]
  if (isJsonObject(value)) return { ...value, image: `${words}:${number}` }
  return path.includes('/metadata/') ? words : `${words}${number}`
}

/** A copy without annotations has no field for them. */
function withoutEmpty(object: Json): Json {
  const none = isJsonObject(object) && isJsonObject(object.metadata) && object.metadata.annotations
  const path = ['metadata', 'annotations']
  return isJsonObject(none) && Object.keys(none).length === 0
    ? (changeJson(object, { type: 'remove', path }) ?? null)
    : object
}
