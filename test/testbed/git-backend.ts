import { spawn } from 'node:child_process'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { gitEnvironment } from './work-tree.ts'

/**
 * Answers one request with Git's own `http-backend` over CGI: every version of the protocol, as a server of today does.
 * Resolves when the answer is complete; a client that goes away ends the program. With `beforeAnswer` the answer is sent
 * once the program has done its work and that has resolved.
 */
export function serveGit(
  root: string,
  request: IncomingMessage,
  response: ServerResponse,
  beforeAnswer?: () => Promise<void> | void,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost')
  const child = spawn('git', ['http-backend'], {
    env: {
      ...gitEnvironment(),
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      REQUEST_METHOD: request.method ?? 'GET',
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      CONTENT_LENGTH: request.headers['content-length'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: headerText(request.headers['git-protocol']),
      REMOTE_USER: 'test',
      REMOTE_ADDR: request.socket.remoteAddress ?? '',
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  // Git may close its input before it has read all of it, as when it refuses a push.
  child.stdin.on('error', () => undefined)
  request.pipe(child.stdin)
  response.once('close', () => child.kill())
  let head: Buffer | undefined = Buffer.alloc(0)
  const held: Buffer[] = []
  const send = (chunk: Buffer) => {
    if (beforeAnswer) held.push(chunk)
    else response.write(chunk)
  }
  child.stdout.on('data', (chunk: Buffer) => {
    if (head === undefined) {
      send(chunk)
      return
    }
    head = Buffer.concat([head, chunk])
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) return
    setHead(response, head.subarray(0, end).toString('latin1'))
    send(head.subarray(end + 4))
    head = undefined
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', async () => {
      await beforeAnswer?.()
      if (response.destroyed) return resolve()
      if (head !== undefined) response.writeHead(500)
      for (const chunk of held) response.write(chunk)
      response.end(resolve)
    })
  })
}

function setHead(response: ServerResponse, text: string): void {
  let status = 200
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':')
    const [name, value] = [line.slice(0, colon), line.slice(colon + 1).trim()]
    if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10)
    else response.setHeader(name, value)
  }
  response.statusCode = status
}

function headerText(value: string | readonly string[] | undefined): string {
  return typeof value === 'string' ? value : (value?.join(':') ?? '')
}
