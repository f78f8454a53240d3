import type { ChartRef } from '../../render/charts.ts'
import { treeDigest } from '../../repo-layout/generated/oid.ts'
import { isJsonObject } from '../../repo-layout/json.ts'
import type { SourceEntry, SourceTree } from '../../repo-layout/read/tree.ts'
import { parseYaml } from '../../repo-layout/yaml/parse.ts'
import { finalError } from './error.ts'
import { type LaidOutFile, layOut } from './lay-out.ts'
import { pickVersion, resolveError } from './pick.ts'
import type { FoundChart, Repository } from './repository.ts'

/**
 * The charts in a folder of the fleet repository: `<folder>/<name>/Chart.yaml`. The digest is over the sorted paths and the
 * bytes of the chart's folder. `work` is where the files are laid out for Helm, by digest. All that is wrong is final: the
 * tree is the input.
 */
export function createSourceRepository(source: SourceTree, folder: string, work: string): Repository {
  async function find(ref: ChartRef): Promise<FoundChart> {
    if (!/^[^/\\]+$/.test(ref.name) || ref.name.startsWith('.'))
      throw finalError(`${JSON.stringify(ref.name)} is no name of a chart`)
    const prefix = folder === '' ? `${ref.name}/` : `${folder}/${ref.name}/`
    const entries = (await source.list()).filter(({ path }) => path.startsWith(prefix))
    const link = entries.find(({ type }) => type === 'link')
    if (link) throw finalError(`${link.path} is a symbolic link; a chart may hold files only`)
    const meta = entries.find(({ path }) => path === `${prefix}Chart.yaml`)
    if (!meta) throw finalError(`no chart name found: there is no ${prefix}Chart.yaml`)
    const own = await readVersion(source, meta)
    const version = pickVersion(ref.version, [own])
    if (version === undefined) throw finalError(`no chart version found: ${meta.path} has ${own}`)
    const files = entries.map((entry): LaidOutFile => {
      return { path: entry.path.slice(prefix.length), oid: entry.oid, read: () => source.read(entry) }
    })
    const digest = treeDigest(files.map(({ path, oid }) => [path, oid] as const))
    return { version, digest, path: await layOut(work, digest, files) }
  }

  return {
    find: (ref) =>
      find(ref).catch((error: unknown) => {
        throw resolveError(ref, error)
      }),
  }
}

async function readVersion(source: SourceTree, meta: SourceEntry): Promise<string> {
  const read = parseYaml(Buffer.from(await source.read(meta)).toString('utf8'))
  if (read.type === 'broken') {
    const [first] = read.problems
    throw finalError(`${meta.path}:${first?.line ?? 1}:${first?.column ?? 1}: ${first?.text ?? 'no YAML'}`)
  }
  const value = read.documents[0]?.value
  const version = isJsonObject(value) ? value.version : undefined
  if (typeof version !== 'string') throw finalError(`${meta.path}: expected a version such as 1.2.3 (1.2 needs quotes)`)
  return version
}
