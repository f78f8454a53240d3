import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { advertise, type Service } from './advertise.ts'
import { type GitCredential, isAllowed } from './authorize.ts'
import { BodyTooLarge, readBody } from './body.ts'
import type { Push } from './push.ts'
import { receivePack } from './receive-pack.ts'
import { type BareRepository, openBareRepository } from './repository.ts'
import { ProtocolError } from './section.ts'
import { uploadPack } from './upload-pack.ts'

/** What `startGitServer` can be asked for; everything has a default. */
export interface GitServerOptions {
  /** The folder of the repositories, `<name>.git` each; a temporary one that goes with the server by default. */
  readonly root?: string
  /** Address to listen on; `127.0.0.1` by default. */
  readonly host?: string
  /** A free one by default. */
  readonly port?: number
  /** Asked of every request; none by default. */
  readonly credential?: GitCredential
  /** Asked before the refs of a push move; a text refuses it, and is what the client is told. */
  readonly admit?: (push: Push) => Promise<string | undefined>
  /** Called after refs have moved, as a forge calls a webhook. */
  readonly onPush?: (push: Push) => void
}

/** A Git server over HTTP that needs no Git: clone, fetch and push for every client that speaks to a forge. */
export interface GitServer {
  /** Where a repository is cloned from, without a credential. */
  url(name: string): string
  /** Makes an empty repository whose default branch is `main`, or opens the one that is there; gives its URL. */
  open(name: string): Promise<string>
  /** The folder of a repository, which any Git can read. */
  folder(name: string): string
  /** Closes every connection; a folder of its own goes too. */
  stop(): Promise<void>
}

const services: readonly Service[] = ['git-upload-pack', 'git-receive-pack']

/** Starts a Git server without repositories, but for those in its folder. Rejects where it cannot listen. */
export async function startGitServer(options: GitServerOptions = {}): Promise<GitServer> {
  const { host = '127.0.0.1', credential } = options
  const root = options.root ?? (await mkdtemp(join(tmpdir(), 'flotilla-git-')))
  const repositories = new Map<string, Promise<BareRepository>>()
  const folder = (name: string) => join(root, `${name}.git`)

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (!isAllowed(request, credential)) {
      response.setHeader('www-authenticate', 'Basic realm="git"')
      return reply(response, 401, 'a credential is needed')
    }
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    const [, name = '', rest = ''] =
      /^\/(.+?)(?:\.git)?\/(info\/refs|git-upload-pack|git-receive-pack)$/.exec(pathname) ?? []
    const repository = await repositories.get(decodeURIComponent(name))
    if (!repository) return reply(response, 404, 'there is no such repository')
    if (rest === 'info/refs') {
      const service = services.find((one) => one === searchParams.get('service'))
      if (!service) return reply(response, 403, 'only the smart protocol is served')
      return send(response, `application/x-${service}-advertisement`, await advertise(repository, service))
    }
    if (request.method !== 'POST') return reply(response, 405, 'expected a POST')
    const body = await readBody(request)
    if (rest === 'git-upload-pack') {
      return send(response, 'application/x-git-upload-pack-result', await uploadPack(repository, body))
    }
    const { moved, answer } = await repository.inTurn(() =>
      receivePack(repository, body, async (updates) => options.admit?.({ repository: name, updates })),
    )
    send(response, 'application/x-git-receive-pack-result', answer)
    if (moved.length > 0) options.onPush?.({ repository: name, updates: moved })
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error)
      if (response.headersSent) response.destroy()
      else if (error instanceof BodyTooLarge) reply(response, 413, message)
      else reply(response, error instanceof ProtocolError || error instanceof URIError ? 400 : 500, message)
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, host, resolve)
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : options.port
  const url = (name: string) => `http://${host}:${port}/${name}.git`

  return {
    url,
    folder,
    async open(name) {
      const opened = repositories.get(name) ?? openBareRepository(folder(name))
      repositories.set(name, opened)
      await opened
      return url(name)
    },
    async stop() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
      if (options.root === undefined) await rm(root, { recursive: true, force: true })
    },
  }
}

function send(response: ServerResponse, type: string, parts: readonly Buffer[]): void {
  response.writeHead(200, { 'content-type': type, 'cache-control': 'no-cache' }).end(Buffer.concat(parts))
}

function reply(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`)
}
