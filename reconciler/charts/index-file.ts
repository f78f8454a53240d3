import { z } from 'zod'
import { isJsonObject, type Json } from '../../repo-layout/json.ts'
import { parseYaml } from '../../repo-layout/yaml/parse.ts'
import { parseDigest } from './digest.ts'
import { passingError } from './error.ts'

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
 * first counts. Throws a `ChartError` that is not final where the whole is no index, without quoting from it.
 */
export function parseIndex(text: string): ChartIndex {
  const read = parseYaml(text)
  if (read.type === 'broken') {
    const [first] = read.problems
    throw passingError(`index.yaml:${first?.line ?? 1}:${first?.column ?? 1} cannot be read as YAML`)
  }
  const [document] = read.documents
  if (!isJsonObject(document?.value)) throw passingError('index.yaml is no index of charts')
  const { apiVersion, entries } = document.value
  if (typeof apiVersion !== 'string' || apiVersion === '') throw passingError('index.yaml has no apiVersion')
  const charts = isJsonObject(entries) ? entries : {}
  return {
    isEmpty: Object.keys(charts).length === 0,
    entriesOf(name) {
      const list = Object.hasOwn(charts, name) ? charts[name] : undefined
      return Array.isArray(list) ? (list as readonly Json[]).flatMap(readEntry) : undefined
    },
  }
}

function readEntry(value: Json): IndexEntry[] {
  const parsed = entrySchema.safeParse(value)
  if (!parsed.success) return []
  const { version, urls, digest } = parsed.data
  return [{ version, url: urls?.[0], digest: digest ? parseDigest(digest) : undefined }]
}
