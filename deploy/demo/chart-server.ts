import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { packTar } from 'modern-tar'
import { stringifyYaml } from '../../repo-layout/yaml/stringify.ts'

/** A Helm repository over HTTP. */
export interface ChartServer {
  /** What a `repoUrl` would be. */
  readonly url: string
  stop(): Promise<void>
}

const folder = join(import.meta.dirname, 'charts')
const name = 'nginx'
const version = '0.0.1'

/** Serves the chart beside this file on loopback, with an index, as `helm repo index` would make it. */
export async function startChartServer(): Promise<ChartServer> {
  const archive = await packChart()
  const file = `${name}-${version}.tgz`
  const digest = createHash('sha256').update(archive).digest('hex')
  const index = { apiVersion: 'v1', entries: { [name]: [{ apiVersion: 'v1', name, version, digest, urls: [file] }] } }
  const answers = new Map<string, string | Buffer>([
    ['/index.yaml', stringifyYaml(index)],
    [`/${file}`, archive],
  ])
  const server = createServer(({ url = '' }, response) => {
    const answer = answers.get(url)
    response.writeHead(answer === undefined ? 404 : 200).end(answer)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

/** The chart as an archive, which is the same each time. */
async function packChart(): Promise<Buffer> {
  const found = await readdir(join(folder, name), { recursive: true, withFileTypes: true })
  const paths = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const entries = await Promise.all(
    paths.sort().map(async (path) => {
      const body = await readFile(path)
      const header = {
        name: path.slice(folder.length + 1).replaceAll('\\', '/'),
        size: body.length,
        mtime: new Date(0),
      }
      return { header, body }
    }),
  )
  return gzipSync(await packTar(entries))
}
