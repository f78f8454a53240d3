import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { type GoField, type GoStruct, readGoStructs } from './go-types.ts'
import { readProtoMessages } from './proto-messages.ts'

/*
 * Writes the schema data of the sandbox from a running kube-apiserver and the Go sources of the same version:
 *
 *   npx tsx deploy/sandbox/schema/generate.ts <kubeconfig as JSON> <Go module cache> <version of k8s.io/api>
 *
 * OpenAPI says what fields there are and how their lists and maps merge. The Go sources say what OpenAPI leaves out:
 * which empty values a server drops and which it writes though nobody set them.
 */

const groups = [
  'api/v1',
  'apis/apps/v1',
  'apis/apiextensions.k8s.io/v1',
  'apis/authorization.k8s.io/v1',
  'apis/autoscaling/v1',
  'apis/autoscaling/v2',
  'apis/batch/v1',
  'apis/coordination.k8s.io/v1',
  'apis/discovery.k8s.io/v1',
  'apis/events.k8s.io/v1',
  'apis/networking.k8s.io/v1',
  'apis/policy/v1',
  'apis/rbac.authorization.k8s.io/v1',
  'apis/scheduling.k8s.io/v1',
  'apis/storage.k8s.io/v1',
]

// biome-ignore lint/suspicious/noExplicitAny: documents of another program, read once by hand
type Loose = any

const [kubeconfigPath = '', moduleCache = '', version = ''] = process.argv.slice(2)
const data = join(import.meta.dirname, 'data')
const structs = goStructs()

const definitions = new Map<string, Loose>()
for (const group of groups) {
  const document = await get(`/openapi/v3/${group}`)
  for (const [name, schema] of Object.entries<Loose>(document.components.schemas)) definitions.set(name, schema)
}
const packages = new Map<string, Record<string, Loose>>()
for (const name of [...definitions.keys()].sort()) {
  const at = name.lastIndexOf('.')
  const held = packages.get(name.slice(0, at)) ?? {}
  packages.set(name.slice(0, at), held)
  held[name.slice(at + 1)] = trimmed(definitions.get(name), structs.get(name), name.slice(0, at))
}
for (const [name, types] of packages) write(`${name}.json`, types)

const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
const served = new Set(groups.map((group) => group.replace(/^apis?\//, '')))
const discovery: Record<string, Loose> = {}
for (const path of ['/api', '/apis'])
  for (const item of (await get(path, aggregated)).items)
    for (const { version: name, resources } of item.versions) {
      const groupVersion = item.metadata.name ? `${item.metadata.name}/${name}` : name
      if (served.has(groupVersion)) discovery[groupVersion] = resources
    }
write('../../resources/data/builtin.json', discovery)

writeProtobuf()

/** Which number a field has in protobuf: `name type`, with marks for repeated fields, maps and inlined messages. */
function writeProtobuf(): void {
  const api = join(moduleCache, `k8s.io/api@${version}`)
  const machinery = join(moduleCache, `k8s.io/apimachinery@${version}/pkg`)
  const places = [
    ...readdirSync(api).flatMap((group) => [join(api, group, 'v1'), join(api, group, 'v2')]),
    join(machinery, 'apis/meta/v1'),
  ]
  const found: Record<string, Record<string, string>> = {}
  for (const place of places) {
    if (!existsSync(join(place, 'generated.proto'))) continue
    for (const [name, fields] of readProtoMessages(readFileSync(join(place, 'generated.proto'), 'utf8'))) {
      const schema = definitions.get(name.replace(/^k8s\.io\./, 'io.k8s.'))
      found[name] = Object.fromEntries(
        fields.map(({ number, name: told, type, repeated, mapOf }) => {
          // `aPIGroup` is apiGroup, `uID` is uid.
          const field =
            Object.keys(schema?.properties ?? {}).find((key) => key.toLowerCase() === told.toLowerCase()) ?? told
          // What the JSON form does not name is inlined there.
          const inlined = schema?.properties && !schema.properties[field]
          const mark = mapOf === undefined ? (repeated ? '*' : inlined ? '=' : '') : '%'
          return [number, `${field} ${mark}${mapOf ?? type}`]
        }),
      )
    }
  }
  write('../../decode/data/protobuf.json', found)
}

/** Without descriptions but for their first sentence, and with what the Go struct adds. */
function trimmed(schema: Loose, struct: GoStruct | undefined, home: string): Loose {
  const { properties, ...rest } = schema
  const fields = new Map(Object.entries<Loose>(properties ?? {}))
  const absent: Record<string, Loose> = {}
  const dropped: string[] = []
  for (const [name, property] of fields) {
    const field = struct && fieldOf(struct, name, home)
    if (!field || field.pointer) continue
    const kind = kindOf(property)
    if (kind === 'struct') {
      if (property.default && !field.omitzero) absent[name] = {}
    } else if (field.omitempty || field.omitzero) dropped.push(name)
    else absent[name] = { string: '', number: 0, boolean: false, list: null, map: null }[kind]
  }
  return {
    ...short(rest),
    ...(fields.size > 0 && { properties: Object.fromEntries([...fields].map(([key, value]) => [key, short(value)])) }),
    ...(dropped.length > 0 && { 'x-drop-empty': dropped }),
    ...(Object.keys(absent).length > 0 && { 'x-when-absent': absent }),
  }
}

function kindOf(property: Loose): 'struct' | 'string' | 'number' | 'boolean' | 'list' | 'map' {
  if (property.type === 'array') return 'list'
  if (property.type === 'object') return 'map'
  if (property.type === 'integer' || property.type === 'number') return 'number'
  if (property.type === 'boolean') return 'boolean'
  return property.type === 'string' ? 'string' : 'struct'
}

function fieldOf(struct: GoStruct, name: string, home: string): GoField | undefined {
  const own = struct.fields.get(name)
  if (own) return own
  for (const embedded of struct.embedded) {
    const inner = structs.get(`${home}.${embedded}`) ?? structs.get(`io.k8s.api.core.v1.${embedded}`)
    const found = inner && fieldOf(inner, name, home)
    if (found) return found
  }
  return undefined
}

function short(schema: Loose): Loose {
  const { description, ...rest } = schema
  if (rest.items) rest.items = short(rest.items)
  if (rest.additionalProperties?.description) rest.additionalProperties = short(rest.additionalProperties)
  if (typeof description !== 'string') return rest
  const sentence = description.split(/(?<=\.)\s|\n/)[0] ?? ''
  return { description: sentence.length > 160 ? `${sentence.slice(0, 157)}...` : sentence, ...rest }
}

/** By the name of their definition. */
function goStructs(): ReadonlyMap<string, GoStruct> {
  const api = join(moduleCache, `k8s.io/api@${version}`)
  const packages = readdirSync(api).flatMap((group) =>
    ['v1', 'v2'].map((at) => [`io.k8s.api.${group}.${at}`, join(api, group, at)] as const),
  )
  const extensions = 'pkg/apis/apiextensions/v1'
  const meta = 'pkg/apis/meta/v1'
  const all = new Map<string, GoStruct>()
  for (const [home, folder] of [
    ...packages,
    [
      named('apiextensions-apiserver', extensions),
      join(moduleCache, `k8s.io/apiextensions-apiserver@${version}`, extensions),
    ],
    [named('apimachinery', meta), join(moduleCache, `k8s.io/apimachinery@${version}`, meta)],
  ] as const) {
    for (const file of files(folder)) {
      const source = readFileSync(join(folder, file), 'utf8')
      for (const [name, struct] of readGoStructs(source)) all.set(`${home}.${name}`, struct)
    }
  }
  return all
}

function named(module: string, path: string): string {
  return `io.k8s.${module}.${path.replaceAll('/', '.')}`
}

function files(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((file) => /^types.*\.go$/.test(file) && !file.includes('swagger'))
  } catch {
    return []
  }
}

/** One line a definition, so that a new version is a readable diff. */
function write(file: string, entries: Record<string, Loose>): void {
  const lines = Object.entries(entries).map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`)
  writeFileSync(join(data, file), `{\n${lines.join(',\n')}\n}\n`)
}

function get(path: string, accept = 'application/json'): Promise<Loose> {
  const { clusters, users } = JSON.parse(readFileSync(kubeconfigPath, 'utf8'))
  const { server, 'certificate-authority-data': ca } = clusters[0].cluster
  const headers = { accept, authorization: `Bearer ${users[0].user.token}` }
  return new Promise((resolve, reject) => {
    request(new URL(path, server), { headers, ca: Buffer.from(ca, 'base64') }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.once('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString())))
    })
      .once('error', reject)
      .end()
  })
}
