import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createTcp, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { makeServerCertificate } from '../../../deploy/sandbox/listen/certificate.ts'
import { systemClock } from '../../../reconciler/clock.ts'
import { connect } from '../../../reconciler/member/connect.ts'
import { ApiError } from '../../../reconciler/member/errors.ts'
import { describeReal, requireBinary } from '../../testbed/binaries.ts'
import { freePort } from '../../testbed/ports.ts'
import { type Answer, json, withServer } from './fake-server.ts'

const day = 86_400_000
const jwt = (claims: object) => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`
const refusing: Answer = (_request, response) => json(response, { kind: 'Status', message: 'Unauthorized' }, 401)
const fine: Answer = (_request, response) => json(response, {})

interface Way {
  readonly url: string
  readonly ca: string
  readonly user: { readonly [key: string]: string }
}

const data = (text: string) => Buffer.from(text).toString('base64')

/** What a member that is reached in this way says of a request that fails. */
async function failure({ url, ca, user }: Way): Promise<ApiError> {
  const value = JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'c',
    clusters: [{ name: 'k', cluster: { server: url, 'certificate-authority-data': data(ca) } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
  })
  const connection = { type: 'secret', name: 'eu-kubeconfig', key: 'value' } as const
  const transport = connect(
    { name: 'eu', connection, proxyURL: '', serviceAccountName: '' },
    { clock: systemClock, readSecret: async () => ({ value }) },
  )
  try {
    await transport.request('GET', '/version')
  } catch (error) {
    assert(error instanceof ApiError)
    return error
  } finally {
    await transport.close()
  }
  return assert.fail('it was let in')
}

async function isUnauthorized(way: Way, pattern: RegExp): Promise<void> {
  const error = await failure(way)
  assert.match(error.message, pattern)
  assert.equal(error.failure.type, 'unauthorized', error.message)
}

describe('a cluster that answers and does not let us in is alive, and says what mends it', () => {
  const sub = 'system:serviceaccount:flotilla-system:flotilla-prod-member'

  it('a token that has expired, with the time', () =>
    withServer(refusing, ({ url, ca }) =>
      isUnauthorized(
        { url, ca, user: { token: jwt({ sub, exp: 1_700_000_000 }) } },
        /Unauthorized: the token expired on 2023-11-14T22:13:20Z; "flotilla cluster rotate eu" makes a new one$/,
      ),
    ))

  it('a token that was revoked before it expires', () =>
    withServer(refusing, ({ url, ca }) =>
      isUnauthorized(
        { url, ca, user: { token: jwt({ sub, exp: 4_000_000_000 }) } },
        /the token is refused although it is valid until 2096-10-02T\S+ by this machine's clock: it was revoked, or/,
      ),
    ))

  it('a credential of somebody else, with the place where it lies', () =>
    withServer(refusing, ({ url, ca }) =>
      isUnauthorized(
        { url, ca, user: { token: 'old' } },
        /put a new one into Secret eu-kubeconfig, or have an account/,
      ),
    ))

  it('no credential at all', () =>
    withServer(refusing, ({ url, ca }) =>
      isUnauthorized({ url, ca, user: {} }, /Secret eu-kubeconfig holds no credential/),
    ))

  it('a client certificate that has expired', () => {
    const { key, cert } = makeServerCertificate(['127.0.0.1'], Date.now() - 400 * day)
    return withServer(refusing, ({ url, ca }) =>
      isUnauthorized(
        { url, ca, user: { 'client-certificate-data': data(cert), 'client-key-data': data(key) } },
        /the client certificate expired on \d{4}-\d\d-\d\dT\S+Z; put a new one into Secret eu-kubeconfig/,
      ),
    )
  })

  it('a server whose certificate has expired, with the day', () =>
    withServer(
      fine,
      ({ url, ca }) =>
        isUnauthorized(
          { url, ca, user: { token: 't' } },
          /certificate has expired: the certificate of the API server expired on \d{4}-\d\d-\d\dT\S+Z; renew it in the cluster/,
        ),
      { madeAt: Date.now() - 370 * day },
    ))

  it('a server whose certificate begins in the future', () =>
    withServer(
      fine,
      ({ url, ca }) => isUnauthorized({ url, ca, user: { token: 't' } }, /begins in the future; set the clocks/),
      { madeAt: Date.now() + 10 * day },
    ))

  it('a server of another authority, which gets no credential', () =>
    withServer(fine, async ({ url, requests }) => {
      const { ca } = makeServerCertificate(['127.0.0.1'], Date.now())
      await isUnauthorized(
        { url, ca, user: { token: 't' } },
        /is not signed by the authority in Secret eu-kubeconfig; if the authority was renewed put the new one there/,
      )
      assert.equal(requests.length, 0)
    }))

  it('a server of another name', () =>
    withServer(
      fine,
      ({ url, ca }) => isUnauthorized({ url, ca, user: { token: 't' } }, /not for that address; name another address/),
      { hosts: ['10.1.2.3'] },
    ))

  it('a certificate and a key that do not belong together', () =>
    withServer(fine, ({ url, ca }) => {
      const [one, two] = [0, 0].map(() => makeServerCertificate(['127.0.0.1'], Date.now()))
      return isUnauthorized(
        {
          url,
          ca,
          user: { 'client-certificate-data': data(one?.cert ?? ''), 'client-key-data': data(two?.key ?? '') },
        },
        /the certificate or key in Secret eu-kubeconfig cannot be used/,
      )
    }))
})

describe('a connection that is closed without a word', () => {
  const sockets = new Set<Socket>()
  const { key, cert } = makeServerCertificate(['127.0.0.1'], Date.now())
  const certificate = { 'client-certificate-data': data(cert), 'client-key-data': data(key) }

  it('is a network that fails, also where we show a certificate: then a cluster counts as lost', async () => {
    const server = createTcp((socket) => socket.destroy())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    assert(typeof address === 'object' && address)
    const { ca } = makeServerCertificate(['127.0.0.1'], Date.now())
    const { failure: kind } = await failure({ url: `https://127.0.0.1:${address.port}`, ca, user: certificate })
    server.close()
    assert.equal(kind.type, 'unreachable')
  })

  it('after a handshake and without an alert is one, too', async () => {
    const own = makeServerCertificate(['127.0.0.1'], Date.now())
    const server = createServer({ key: own.key, cert: own.cert }, (socket) => {
      sockets.add(socket)
      socket.once('data', () => socket.destroy())
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    assert(typeof address === 'object' && address)
    try {
      const way = { url: `https://127.0.0.1:${address.port}`, ca: own.ca, user: certificate }
      assert.equal((await failure(way)).failure.type, 'unreachable')
    } finally {
      for (const socket of sockets) socket.destroy()
      server.close()
    }
  })
})

// Node's own server closes without an alert, so the one that tells is that of OpenSSL, as in HAProxy and nginx.
for (const [version, shown] of [
  ['-tls1_3', /other side closed: the client certificate expired on \d{4}-/],
  ['-tls1_2', /alert.*: the client certificate expired on \d{4}-/],
] as const)
  describeReal(`a proxy before the API server that refuses a client certificate (${version})`, ['openssl'], () => {
    const folder = mkdtempSync(join(tmpdir(), 'flotilla-alert-'))
    const own = makeServerCertificate(['127.0.0.1'], Date.now())
    let server: ChildProcess
    let port: number
    before(async () => {
      const at = (name: string, text: string) => {
        writeFileSync(join(folder, name), text)
        return join(folder, name)
      }
      port = await freePort()
      const files = ['-key', at('key', own.key), '-cert', at('cert', own.cert), '-CAfile', at('ca', own.ca)]
      const strict = ['-Verify', '1', '-verify_return_error', version, '-www']
      const accept = ['-accept', `127.0.0.1:${port}`]
      server = spawn(requireBinary('openssl'), ['s_server', ...accept, ...files, ...strict], {
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      await new Promise<void>((resolve, reject) => {
        server.stdout?.on('data', (text) => String(text).includes('ACCEPT') && resolve())
        server.once('exit', () => reject(new Error('openssl s_server ended')))
      })
    })
    after(() => {
      server.kill()
      rmSync(folder, { recursive: true })
    })

    it('is no lost cluster, whatever its connection ends with', async () => {
      const { key, cert } = makeServerCertificate(['127.0.0.1'], Date.now() - 400 * day)
      const user = { 'client-certificate-data': data(cert), 'client-key-data': data(key) }
      await isUnauthorized({ url: `https://127.0.0.1:${port}`, ca: own.ca, user }, shown)
    })
  })
