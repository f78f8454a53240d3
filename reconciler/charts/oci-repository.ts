import { z } from 'zod'
import type { ChartRef } from '../../render/charts.ts'
import { digestOf, parseDigest } from './digest.ts'
import { finalError, passingError } from './error.ts'
import { maxArchiveSize } from './limits.ts'
import { fetchError, pickVersion, resolveError } from './pick.ts'
import { parseJson, type Registry } from './registry.ts'
import type { FoundChart, Repository } from './repository.ts'
import type { ArchiveStore } from './store.ts'

/** What Helm calls the archive of a chart in a registry. */
const contentType = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip'
const manifestType = 'application/vnd.oci.image.manifest.v1+json'

/** More pages than a list of versions has: a registry that always has another one must not keep us for ever. */
const mostPages = 50

const tagsSchema = z.looseObject({ tags: z.array(z.string()).nullish() })
const manifestSchema = z.looseObject({
  layers: z.array(z.looseObject({ mediaType: z.string(), digest: z.string(), size: z.number().optional() })),
})

/**
 * The charts below `path` in a registry, as `helm push` puts them there. Versions are tags, in which `_` stands for `+`. What
 * is read is checked against its digest; an archive that is on disk is not read again.
 */
export function createOciRepository(
  registry: Registry,
  place: { readonly origin: URL; readonly path: string },
  store: ArchiveStore,
): Repository {
  const { host } = place.origin

  async function pickTag(ref: ChartRef, repository: string): Promise<string> {
    const tags = await listTags(repository)
    const version = pickVersion(ref.version, tags.map(versionOf))
    const tag = tags.find((one) => versionOf(one) === version)
    if (tag === undefined) throw passingError('no chart version found')
    return tag
  }

  async function listTags(repository: string): Promise<readonly string[]> {
    const tags: string[] = []
    let path = 'tags/list?n=1000'
    for (let page = 1; page <= mostPages; page++) {
      const answer = await registry.get(repository, path)
      if (answer.status === 404) throw passingError('no chart name found')
      const parsed = tagsSchema.safeParse(parseJson(answer.bytes, host))
      if (!parsed.success) throw passingError(`${host} gave no list of tags`)
      tags.push(...(parsed.data.tags ?? []))
      const [, next] = /<[^>]*\/(tags\/list\?[^>]*)>\s*;\s*rel="?next"?/.exec(answer.headers.link ?? '') ?? []
      if (next === undefined) return tags
      path = next
    }
    throw passingError(`${host} has no end of tags of ${repository}`)
  }

  async function readArchive(repository: string, tag: string): Promise<Omit<FoundChart, 'version'>> {
    const manifest = await registry.get(repository, `manifests/${tag}`, { accept: manifestType })
    if (manifest.status === 404) throw passingError(`${host} has no manifest of it`)
    const stated = manifest.headers['docker-content-digest']
    if (stated !== undefined && parseDigest(stated) !== digestOf(manifest.bytes))
      throw passingError(`the manifest is ${digestOf(manifest.bytes)}, and ${host} says ${stated}`)
    const parsed = manifestSchema.safeParse(parseJson(manifest.bytes, host))
    const layer = parsed.data?.layers.find(({ mediaType }) => mediaType === contentType)
    if (!layer) throw passingError(`it is no chart: its manifest has no layer of type ${contentType}`)
    const digest = parseDigest(layer.digest)
    if (digest === undefined) throw passingError(`its manifest names the digest ${layer.digest}; expected sha256:…`)
    const kept = await store.find(digest)
    if (kept !== undefined) return { digest, path: kept }
    const blob = await registry.get(repository, `blobs/${digest}`, { maxSize: maxArchiveSize })
    if (blob.status === 404) throw passingError(`${host} has not the archive that its manifest names`)
    const found = digestOf(blob.bytes)
    if (found !== digest) throw passingError(`the archive is ${found}, and its manifest says ${digest}`)
    return { digest, path: await store.keep(blob.bytes) }
  }

  return {
    async find(ref) {
      const repository = place.path === '' ? ref.name : `${place.path}/${ref.name}`
      const tag = await checkName(repository)
        .then(() => pickTag(ref, repository))
        .catch((error: unknown) => {
          throw resolveError(ref, error)
        })
      const version = versionOf(tag)
      const archive = await readArchive(repository, tag).catch((error: unknown) => {
        throw fetchError(ref.name, version, `oci://${host}/${repository}:${tag}`, error)
      })
      return { version, ...archive }
    },
  }
}

/** A tag cannot hold the `+` of metadata. */
function versionOf(tag: string): string {
  return tag.replaceAll('_', '+')
}

async function checkName(repository: string): Promise<void> {
  if (!/^[a-z0-9]+([._-]+[a-z0-9]+)*(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/.test(repository))
    throw finalError(`a registry has no repository of the name ${JSON.stringify(repository)}`)
}
