import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { JsonObject, KubeObject } from '../../../repo-layout/json.ts'
import { parseYaml } from '../../../repo-layout/yaml/parse.ts'
import { stringifyYaml } from '../../../repo-layout/yaml/stringify.ts'
import { componentFolder, findComponent } from '../../testbed/components.ts'

/** The definitions that the controller needs: its own as it comes with it, of its sources only the names. */
export function definitions(): readonly JsonObject[] {
  const component = findComponent('kustomize-controller')
  if (!component) throw new Error('the testbed knows no kustomize-controller')
  const folder = join(componentFolder(component), 'config', 'crd', 'bases')
  const own = readdirSync(folder).flatMap((file) => {
    const parsed = parseYaml(readFileSync(join(folder, file), 'utf8'))
    if (parsed.type !== 'documents') throw new Error(`${file} of the kustomize-controller cannot be read`)
    return parsed.documents.map(({ value }) => value as JsonObject)
  })
  return [...own, ...['GitRepository', 'OCIRepository', 'Bucket', 'ExternalArtifact'].map(sourceDefinition)]
}

function sourceDefinition(kind: string): JsonObject {
  const singular = kind.toLowerCase()
  const plural = kind === 'GitRepository' || kind === 'OCIRepository' ? singular.replace(/y$/, 'ies') : `${singular}s`
  const group = 'source.toolkit.fluxcd.io'
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, listKind: `${kind}List`, plural, singular },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        },
      ],
    },
  }
}

/** Serves artifacts as Flux's source-controller does: archives of a tree, named by their digest. */
export interface ArtifactServer {
  /** `host:port`, for `SOURCE_CONTROLLER_LOCALHOST`. */
  readonly host: string
  /** Packs these files and gives the artifact as the status of a GitRepository names it. */
  pack(files: ReadonlyMap<string, KubeObject>, revision: string): Promise<JsonObject>
  stop(): Promise<void>
}

/** Starts an artifact server on a loopback port, with its files below `folder`. */
export async function startArtifactServer(folder: string): Promise<ArtifactServer> {
  const archives = new Map<string, Buffer>()
  const server = createServer((request, response) => {
    const archive = archives.get(request.url ?? '')
    if (archive) response.writeHead(200, { 'content-type': 'application/gzip' }).end(archive)
    else response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  server.unref()
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the artifact server has no port')
  const tree = join(folder, 'artifact')
  return {
    host: `127.0.0.1:${address.port}`,
    async pack(files, revision) {
      rmSync(tree, { recursive: true, force: true })
      for (const [path, object] of files) {
        mkdirSync(dirname(join(tree, path)), { recursive: true })
        writeFileSync(join(tree, path), stringifyYaml(object))
      }
      const archive = join(folder, 'artifact.tar.gz')
      await promisify(execFile)('tar', ['-czf', archive, '-C', tree, '.'])
      const bytes = readFileSync(archive)
      const sha = createHash('sha256').update(bytes).digest('hex')
      const path = `gitrepository/bench/fleet/${sha}.tar.gz`
      archives.set(`/${path}`, bytes)
      return {
        digest: `sha256:${sha}`,
        lastUpdateTime: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
        path,
        revision,
        size: bytes.length,
        url: `http://source-controller.bench.svc.cluster.local./${path}`,
      }
    },
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
