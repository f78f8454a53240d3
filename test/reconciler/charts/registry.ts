import type { ServerResponse } from 'node:http'
import { digestOf, type PackedChart } from '../../charts/pack.ts'
import type { TestServer } from './server.ts'

/** What a registry of a test asks for before it answers. */
export interface RegistryRules {
  /** `Basic` user and password, or a token that `realm` gives for them. */
  readonly auth?:
    | { readonly scheme: 'Basic' }
    | { readonly scheme: 'Bearer'; readonly realm: string; readonly orBasic?: true }
  /** Tags on one page. */
  readonly pageSize?: number
  /** Where blobs are sent for, as registries on object stores do. */
  readonly blobsAt?: string
  /** Changes what is stored before it is served. */
  readonly damage?: (path: string, bytes: Uint8Array) => Uint8Array
}

export const registryUser = { name: 'jo', password: 'secret' }
const basicHeader = `Basic ${Buffer.from(`${registryUser.name}:${registryUser.password}`).toString('base64')}`
const token = 'token-for-charts'

interface Stored {
  readonly type: string
  readonly bytes: Uint8Array
}

/** Answers as a registry of the OCI distribution specification that charts were pushed to, below `path`. */
export function serveRegistry(
  path: string,
  charts: readonly PackedChart[],
  rules: RegistryRules = {},
): TestServer['answer'] {
  const stored = new Map<string, Stored>()
  const tags = new Map<string, string[]>()
  for (const chart of charts) {
    const repository = path === '' ? chart.name : `${path}/${chart.name}`
    const tag = chart.version.replaceAll('+', '_')
    tags.set(repository, [...(tags.get(repository) ?? []), tag])
    stored.set(`${repository}/blobs/${chart.digest}`, { type: 'application/octet-stream', bytes: chart.bytes })
    stored.set(`${repository}/manifests/${tag}`, { type: manifestType, bytes: manifestOf(chart) })
  }

  return (request, response) => {
    const url = new URL(request.url ?? '', 'http://registry')
    const { auth, damage = (_, bytes) => bytes } = rules
    if (auth) {
      const expected = auth.scheme === 'Basic' ? basicHeader : `Bearer ${token}`
      const scope = 'repository:charts/nginx:pull'
      const own = 'Basic realm="registry"'
      const bearer =
        auth.scheme === 'Bearer' ? [`Bearer realm="${auth.realm}",service="registry",scope="${scope}"`] : []
      const challenge = auth.scheme === 'Basic' || auth.orBasic ? [...bearer, own] : bearer
      if (request.headers.authorization !== expected)
        return void response
          .writeHead(401, { 'www-authenticate': challenge })
          .end('{"errors":[{"code":"UNAUTHORIZED"}]}')
    }
    const name = url.pathname.replace(/^\/v2\//, '')
    if (name.endsWith('/tags/list')) {
      const repository = name.replace(/\/tags\/list$/, '')
      return sendTags(response, { repository, all: tags.get(repository), url, pageSize: rules.pageSize ?? 1000 })
    }
    const found = stored.get(name)
    if (!found) return void response.writeHead(404).end('{"errors":[{"code":"NAME_UNKNOWN"}]}')
    if (name.includes('/blobs/') && rules.blobsAt !== undefined)
      return void response.writeHead(307, { location: `${rules.blobsAt}/${name.replace(/^.*:/, '')}` }).end()
    if (name.includes('/manifests/') && request.headers.accept !== manifestType)
      return void response.writeHead(406).end()
    response.writeHead(200, { 'content-type': found.type, 'docker-content-digest': digestOf(found.bytes) })
    response.end(damage(name, found.bytes))
  }
}

/** Answers as the server of tokens: one for the right user, service and scope. */
export const serveTokens: TestServer['answer'] = (request, response) => {
  const url = new URL(request.url ?? '', 'http://tokens')
  const isRight =
    request.headers.authorization === basicHeader &&
    url.searchParams.get('service') === 'registry' &&
    url.searchParams.get('scope') === 'repository:charts/nginx:pull'
  if (isRight) response.end(JSON.stringify({ token, expires_in: 300 }))
  else response.writeHead(401).end()
}

const manifestType = 'application/vnd.oci.image.manifest.v1+json'

function manifestOf({ bytes, digest, name, version }: PackedChart): Uint8Array {
  const config = Buffer.from(JSON.stringify({ name, version }))
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      config: {
        mediaType: 'application/vnd.cncf.helm.config.v1+json',
        digest: digestOf(config),
        size: config.length,
      },
      layers: [
        { mediaType: 'application/vnd.cncf.helm.chart.provenance.v1.prov', digest: digestOf('prov'), size: 4 },
        { mediaType: 'application/vnd.cncf.helm.chart.content.v1.tar+gzip', digest, size: bytes.length },
      ],
    }),
  )
}

interface TagPage {
  readonly repository: string
  readonly all: readonly string[] | undefined
  readonly url: URL
  readonly pageSize: number
}

function sendTags(response: ServerResponse, { repository, all, url, pageSize }: TagPage): void {
  if (!all) return void response.writeHead(404).end('{"errors":[{"code":"NAME_UNKNOWN"}]}')
  const last = url.searchParams.get('last')
  const begin = last === null ? 0 : all.indexOf(last) + 1
  const page = all.slice(begin, begin + pageSize)
  const more = begin + pageSize < all.length
  const link = `</v2/${repository}/tags/list?n=${pageSize}&last=${page.at(-1)}>; rel="next"`
  response.writeHead(200, more ? { link } : {}).end(JSON.stringify({ name: repository, tags: page }))
}
