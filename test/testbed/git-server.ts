import { execFileSync } from 'node:child_process'
import { appendFileSync, chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { serveGit } from './git-backend.ts'
import { removeAtExit, removeNow } from './processes.ts'
import { gitEnvironment } from './work-tree.ts'

/** Who may use a Git server: a name and password, or a token as a bearer or as the password of any user. */
export type GitAuth = { readonly username: string; readonly password: string } | { readonly token: string }

/** One request that a Git server answered; `path` holds the query too. */
export interface GitRequest {
  readonly method: string
  readonly path: string
  readonly status: number
}

/** A real Git server on a loopback port: HTTP in front of Git's own `http-backend`. */
export interface GitServer {
  /** Where a repository is cloned from, without a credential. */
  url(repository: string): string
  /** The same with the server's credential in it, for a native Git. */
  urlWithCredential(repository: string): string
  /** Makes an empty bare repository whose default branch is `main`, and gives its URL. */
  createRepo(repository: string): string
  /** The bare repository's folder, to look into with native Git. */
  dir(repository: string): string
  /** Refuses every push with this message, as a server's hook does, until called with undefined. */
  rejectPushes(message: string | undefined): void
  /** Waits so many milliseconds before each push is taken. */
  delayReceive(milliseconds: number): void
  /** Calls `before` when a push has arrived but is not taken yet, once: another push made in it wins the race. */
  beforeNextReceive(before: () => Promise<void> | void): void
  /** Calls `before` when a push was taken but its answer is not sent yet, once. */
  beforeNextAnswer(before: () => Promise<void> | void): void
  /** While down, connections are cut off without an answer. */
  setDown(down: boolean): void
  /** What was answered so far, oldest first. */
  requests(): readonly GitRequest[]
  stop(): Promise<void>
}

const rejectFile = 'flotilla-reject'
const preReceive = `#!/bin/sh
if [ -f ${rejectFile} ]; then cat ${rejectFile} >&2; exit 1; fi
`

// Written as a file: a Git for each of them would take ten times as long.
const settings = `[http]
\treceivepack = true
[receive]
\tadvertisePushOptions = true
[uploadpack]
\tallowFilter = true
\tallowAnySHA1InWant = true
`

/** What a Git server is asked for. */
export interface GitServerOptions {
  readonly auth?: GitAuth
  /** Speaks only the first version of Git's protocol, as old servers and some proxies make it. */
  readonly firstProtocol?: boolean
  /** Serves https with this certificate and key, each in PEM. */
  readonly tls?: { readonly cert: string; readonly key: string }
}

/** Starts a Git server without repositories. It needs `git` on the `PATH` and ends with this process. */
export async function startGitServer(options: GitServerOptions = {}): Promise<GitServer> {
  const root = mkdtempSync(join(tmpdir(), 'flotilla-git-'))
  removeAtExit(root)
  const sockets = new Set<Socket>()
  const requests: GitRequest[] = []
  const repositories = new Set<string>()
  let down = false
  let delay = 0
  let rejection: string | undefined
  let before: (() => Promise<void> | void) | undefined
  let answering: (() => Promise<void> | void) | undefined

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url ?? '/'
    response.once('close', () => {
      requests.push({ method: request.method ?? '', path, status: response.statusCode })
    })
    if (!isAllowed(request, options.auth)) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end('a credential is needed\n')
      return
    }
    if (options.firstProtocol) delete request.headers['git-protocol']
    if (request.method === 'POST' && path.endsWith('/git-receive-pack')) {
      const call = before
      before = undefined
      await call?.()
      if (delay > 0) await sleep(delay)
      const beforeAnswer = answering
      answering = undefined
      // A client that died meanwhile took its push with it.
      if (response.destroyed) return
      if (!down) await serveGit(root, request, response, beforeAnswer)
      return
    }
    if (!down) await serveGit(root, request, response)
  }

  const listener = (request: IncomingMessage, response: ServerResponse) => {
    handle(request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500)
      response.end(String(error))
    })
  }
  const server = options.tls ? createTlsServer(options.tls, listener) : createServer(listener)
  server.on('connection', (socket) => {
    if (down) {
      socket.destroy()
      return
    }
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  // A test that forgets to stop its server must not hang the whole run.
  server.unref()
  const origin = `127.0.0.1:${portOf(server.address())}`
  const scheme = options.tls ? 'https' : 'http'
  const dir = (repository: string) => join(root, `${repository}.git`)
  const applyRejection = (repository: string) => {
    const file = join(dir(repository), rejectFile)
    if (rejection === undefined) rmSync(file, { force: true })
    else writeFileSync(file, `${rejection}\n`)
  }

  return {
    url: (repository) => `${scheme}://${origin}/${repository}.git`,
    urlWithCredential: (repository) => `${scheme}://${credentialPrefix(options.auth)}${origin}/${repository}.git`,
    createRepo: (repository) => {
      createBare(dir(repository))
      repositories.add(repository)
      applyRejection(repository)
      return `${scheme}://${origin}/${repository}.git`
    },
    dir,
    rejectPushes: (message) => {
      rejection = message
      for (const repository of repositories) applyRejection(repository)
    },
    delayReceive: (milliseconds) => {
      delay = milliseconds
    },
    beforeNextReceive: (call) => {
      before = call
    },
    beforeNextAnswer: (call) => {
      answering = call
    },
    setDown: (isDown) => {
      down = isDown
      if (isDown) for (const socket of sockets) socket.destroy()
    },
    requests: () => [...requests],
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
      removeNow(root)
    },
  }
}

function createBare(folder: string): void {
  if (existsSync(folder)) throw new Error(`there is a repository at ${folder} already`)
  mkdirSync(folder, { recursive: true })
  const args = ['init', '--quiet', '--bare', '--initial-branch=main', '.']
  execFileSync('git', args, { cwd: folder, env: gitEnvironment() })
  appendFileSync(join(folder, 'config'), settings)
  const hook = join(folder, 'hooks', 'pre-receive')
  mkdirSync(join(folder, 'hooks'), { recursive: true })
  writeFileSync(hook, preReceive)
  chmodSync(hook, 0o755)
}

function isAllowed(request: IncomingMessage, auth: GitAuth | undefined): boolean {
  if (auth === undefined) return true
  const [scheme = '', value = ''] = (request.headers.authorization ?? '').split(' ')
  if (scheme.toLowerCase() === 'bearer') return 'token' in auth && value === auth.token
  const text = scheme.toLowerCase() === 'basic' ? Buffer.from(value, 'base64').toString('utf8') : ''
  if (!text.includes(':')) return false
  const password = text.slice(text.indexOf(':') + 1)
  // Forges take a token as the password whoever the user is, and some clients send it as the user.
  if ('token' in auth) return password === auth.token || text.startsWith(`${auth.token}:`)
  return text === `${auth.username}:${auth.password}`
}

function credentialPrefix(auth: GitAuth | undefined): string {
  if (auth === undefined) return ''
  const [user, password] = 'token' in auth ? ['git', auth.token] : [auth.username, auth.password]
  return `${encodeURIComponent(user)}:${encodeURIComponent(password)}@`
}

function portOf(address: string | AddressInfo | null): number {
  if (address === null || typeof address === 'string') throw new Error('the Git server has no TCP port')
  return address.port
}
