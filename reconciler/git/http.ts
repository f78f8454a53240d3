import type { GitHttpRequest, GitHttpResponse } from 'isomorphic-git'
import { Agent, request } from 'undici'
import { errorCode, GitError, oneLine } from './error.ts'
import { isWhole } from './pkt-line.ts'
import type { Remote } from './remote.ts'

/** The transport to one remote: what the Git library calls, and `post` for requests of our own. */
export interface GitHttp {
  /** One request of the Git library. Rejects with a GitError for everything but a 2xx answer. */
  request(call: GitHttpRequest): Promise<GitHttpResponse>
  /** Posts to a service of the remote and gives the whole answer. Never sent twice. Rejects with a GitError. */
  post(service: string, body: Uint8Array): Promise<Buffer>
  /** What the remote says it can for reading, by version 2 of the protocol where it speaks that. */
  advertisement(): Promise<Buffer>
  /** Posts a question of version 2 for reading and gives the whole answer. */
  read(body: Uint8Array): Promise<Buffer>
  /** Breaks off what is under way; later calls reject with `unreachable`. */
  close(): Promise<void>
}

/**
 * Connections to one remote, kept open between requests. `timeoutMs` is how long a connection may stay silent; `ca` is
 * PEM and is trusted instead of the machine's own authorities. The credential goes to this remote alone: redirects are
 * errors, never followed. A read that meets a connection which the server had just closed is sent once more.
 */
export function createHttp(remote: Remote, options: { readonly timeoutMs: number; readonly ca?: string }): GitHttp {
  const { timeoutMs, ca } = options
  const agent = new Agent({
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connect: { timeout: timeoutMs, ...(ca === undefined ? {} : { ca }) },
  })

  const send = async (call: {
    readonly url: string
    readonly method: 'GET' | 'POST'
    readonly headers: Record<string, string>
    readonly body: Uint8Array | undefined
  }) => {
    const authorization = remote.authorization
    const headers = { ...call.headers, ...(authorization === undefined ? {} : { authorization }) }
    try {
      const answer = await request(call.url, {
        method: call.method,
        headers: { 'user-agent': 'git/flotilla', ...headers },
        body: call.body ?? null,
        dispatcher: agent,
      })
      return { answer, bytes: Buffer.from(await answer.body.arrayBuffer()) }
    } catch (error) {
      throw connectionError(error, remote.url, timeoutMs)
    }
  }

  const sendRead = async (call: Parameters<typeof send>[0]) => {
    const sent = await send(call).catch((error: unknown) => {
      if (error instanceof GitError && wasReset(error.cause)) return send(call)
      throw error
    })
    checkStatus(sent.answer.statusCode, sent.answer.headers.location, sent.bytes, remote.url, 'read')
    // What a list of branches lacks would count as a branch that is not there.
    if (String(sent.answer.headers['content-type']).endsWith('-advertisement') && !isWhole(sent.bytes))
      throw new GitError('server', `${remote.url} broke off its list of branches`)
    return sent
  }

  return {
    request: async ({ url, method = 'GET', headers = {}, body }) => {
      const call = {
        url,
        method: method === 'POST' ? ('POST' as const) : ('GET' as const),
        headers,
        body: body === undefined ? undefined : await collect(body),
      }
      const { answer, bytes } = await sendRead(call)
      return {
        url,
        method: call.method,
        statusCode: answer.statusCode,
        statusMessage: '',
        headers: Object.fromEntries(Object.entries(answer.headers).map(([name, value]) => [name, String(value)])),
        body: once(bytes),
      }
    },
    post: async (service, body) => {
      const headers = {
        'content-type': `application/x-${service}-request`,
        accept: `application/x-${service}-result`,
      }
      const { answer, bytes } = await send({ url: `${remote.url}/${service}`, method: 'POST', headers, body })
      checkStatus(answer.statusCode, answer.headers.location, bytes, remote.url, 'push')
      return bytes
    },
    advertisement: async () => {
      const url = `${remote.url}/info/refs?service=git-upload-pack`
      return (await sendRead({ url, method: 'GET', headers: version2, body: undefined })).bytes
    },
    read: async (body) => {
      const headers = {
        ...version2,
        'content-type': 'application/x-git-upload-pack-request',
        accept: 'application/x-git-upload-pack-result',
      }
      return (await sendRead({ url: `${remote.url}/git-upload-pack`, method: 'POST', headers, body })).bytes
    },
    close: () => agent.destroy(),
  }
}

const version2 = { 'git-protocol': 'version=2' }

function checkStatus(
  status: number,
  location: string | string[] | undefined,
  body: Buffer,
  remote: string,
  verb: 'read' | 'push',
): void {
  if (status === 200) return
  const words = oneLine(body.subarray(0, 300).toString('utf8'))
  const said = words === '' || words.startsWith('<') ? '' : `: ${words}`
  // Azure DevOps answers 203 with a sign-in page where a credential is missing.
  if (status === 401 || status === 203) {
    throw new GitError('unauthorized', `${remote} refused the credential (${status})${said}`, {
      hint: 'check the user and token that the daemon is configured with, and whether the token has expired',
    })
  }
  if (status === 403) {
    throw new GitError('forbidden', `${remote} does not allow this credential to ${verb} (403)${said}`, {
      hint:
        verb === 'push' ? 'the credential needs write access to the repository' : 'the credential needs read access',
    })
  }
  if (status === 404 || status === 410) {
    throw new GitError('not-found', `there is no repository at ${remote} (${status})${said}`, {
      hint: 'check the address; private repositories look missing to a credential that may not read them',
    })
  }
  if (status >= 300 && status < 400) {
    const target = typeof location === 'string' && URL.canParse(location) ? new URL(location).origin : 'another address'
    throw new GitError('config', `${remote} has moved to ${target} (${status}); the credential is not sent there`, {
      hint: 'write the new address where the repository is configured',
    })
  }
  throw new GitError('server', `${remote} answered ${status}${said}`)
}

function connectionError(error: unknown, remote: string, timeoutMs: number): GitError {
  const code = errorCode(error)
  const message = error instanceof Error ? error.message : String(error)
  if (/TIMEOUT|TIMEDOUT/.test(code)) {
    return new GitError('timeout', `${remote} did not answer within ${timeoutMs / 1000} s`, { cause: error })
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO_|^ERR_(TLS|SSL)/.test(code)) {
    return new GitError('unreachable', `${remote} has a certificate that is not trusted: ${message}`, {
      hint: 'give the certificate of its authority as "ca"',
      cause: error,
    })
  }
  const why = code === '' || message.includes(code) ? message : `${message} (${code})`
  return new GitError('unreachable', `${remote} cannot be reached: ${why}`, { cause: error })
}

function wasReset(cause: unknown): boolean {
  return ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(errorCode(cause))
}

async function collect(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function* once(bytes: Uint8Array): AsyncIterableIterator<Uint8Array> {
  yield bytes
}
