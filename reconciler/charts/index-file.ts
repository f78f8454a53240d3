import { z } from 'zod'
import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../../repo-layout/json.ts'
import { parseYaml } from '../../repo-layout/yaml/parse.ts'
import { parseDigest } from './digest.ts'
import { passingError } from './error.ts'
import { sliceIndex } from './index-slices.ts'

/** One version of a chart in a repository. */
export interface IndexEntry {
  readonly version: string
  /** Where its archive is, relative to the repository or not; undefined where the index names no place. */
  readonly url: string | undefined
  /** `sha256:<hex>` of the archive, where the index says one. */
  readonly digest: string | undefined
}

/** The `index.yaml` of a Helm repository. */
export interface ChartIndex {
  /** Whether it lists any chart at all. */
  readonly isEmpty: boolean
  /** The versions of a chart, undefined where it lists no such chart. */
  entriesOf(name: string): readonly IndexEntry[] | undefined
}

const entrySchema = z.looseObject({
  version: z.string(),
  urls: z.array(z.string()).nullish(),
  digest: z.string().nullish(),
})

/**
 * Reads an `index.yaml`. An entry that cannot be read is passed over, as Shipper does; of the places of an archive only the
 * first counts. What it says of a chart is read when it is asked for. Throws a `ChartError` that is not final where the whole,
 * or what is asked for, is no index, without quoting from it.
 */
export function parseIndex(text: string): ChartIndex {
  const slices = sliceIndex(text)
  if (!slices) return parseWhole(text)
  checkHead(readOne(slices.head))
  return {
    isEmpty: slices.isEmpty,
    entriesOf(name) {
      const slice = slices.slice(name)
      if (slice === undefined) return undefined
      const read = parseYaml(slice)
      // It may refer to what stands elsewhere in the index.
      if (read.type === 'broken') return parseWhole(text).entriesOf(name)
      return entriesIn(read.documents[0]?.value)
    },
  }
}

function parseWhole(text: string): ChartIndex {
  const { entries } = checkHead(readOne(text))
  const charts = isJsonObject(entries) ? entries : {}
  return {
    isEmpty: Object.keys(charts).length === 0,
    entriesOf: (name) => (Object.hasOwn(charts, name) ? entriesIn(charts[name]) : undefined),
  }
}

function readOne(text: string): Json | undefined {
  const read = parseYaml(text)
  if (read.type === 'documents') return read.documents[0]?.value
  const [first] = read.problems
  throw passingError(`index.yaml:${first?.line ?? 1}:${first?.column ?? 1} cannot be read as YAML`)
}

function checkHead(value: Json | undefined): JsonObject {
  if (!isJsonObject(value)) throw passingError('index.yaml is no index of charts')
  if (typeof value.apiVersion !== 'string' || value.apiVersion === '')
    throw passingError('index.yaml has no apiVersion')
  return value
}

function entriesIn(list: Json | undefined): readonly IndexEntry[] | undefined {
  return isJsonArray(list) ? list.flatMap(readEntry) : undefined
}

function readEntry(value: Json): IndexEntry[] {
  const parsed = entrySchema.safeParse(value)
  if (!parsed.success) return []
  const { version, urls, digest } = parsed.data
  return [{ version, url: urls?.[0], digest: digest ? parseDigest(digest) : undefined }]
}
