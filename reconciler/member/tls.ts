import { createPublicKey, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { checkServerIdentity, connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls'
import { buildConnector } from 'undici'
import { type Access, serverUrl } from './access.ts'
import { codeOf } from './errors.ts'

/** A check of a server's certificate that a connection leaves out: all, its name, or its dates (kubefed's words). */
export type TlsCheck = '*' | 'SubjectName' | 'ValidityPeriod'

const connectTimeout = 10_000

/** What Node's TLS is told for a connection. Leaving out the dates is not among it: `connectorOf` does that. */
export function tlsOptions({ ca, cert, key, servername, skips }: Access): object {
  return {
    rejectUnauthorized: !skips.includes('*'),
    ...(skips.includes('SubjectName') ? { checkServerIdentity: () => undefined } : {}),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(servername === undefined ? {} : { servername }),
  }
}

/** Opens the sockets of a connection without a proxy. */
export function connectorOf(access: Access): buildConnector.connector {
  const options = {
    ...tlsOptions(access),
    timeout: connectTimeout,
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
  }
  if (!access.skips.includes('ValidityPeriod') || access.skips.includes('*')) return sharing(access, options)
  const connectTimeless = sharing(access, { ...options, rejectUnauthorized: false })
  return (target, callback) =>
    connectTimeless(target, (...result) => {
      const [error, socket] = result
      const problem = error ?? timelessProblem(socket as TLSSocket, access, target.servername || target.hostname)
      if (!problem) return callback(...result)
      socket?.destroy()
      callback(problem, null)
    })
}

const contexts = new WeakMap<Access, SecureContext>()

/**
 * All connections of one access share what OpenSSL makes of its certificates: by itself each would take half a millisecond
 * for it and keep 25 KiB. It is made with the first connection, so that what is wrong with a certificate fails that.
 */
function sharing(access: Access, options: buildConnector.BuildOptions): buildConnector.connector {
  let connect: buildConnector.connector | undefined
  return (target, callback) => {
    connect ??= buildConnector({ ...options, secureContext: contextOf(access) })
    connect(target, callback)
  }
}

function contextOf(access: Access): SecureContext {
  const { ca, cert, key } = access
  const context = contexts.get(access) ?? createSecureContext({ ca, cert, key })
  contexts.set(access, context)
  return context
}

/**
 * Why a server is not trusted apart from the dates of its certificate. OpenSSL tells one problem only and the dates hide
 * the others, so this asks for more than it would: the certificate, or the one that signed it, must be in the CA bundle.
 */
function timelessProblem(socket: TLSSocket, access: Access, host: string): Error | undefined {
  const peer = socket.getPeerCertificate()
  if (peer.raw === undefined) return untrusted('the server shows no certificate')
  const certificate = new X509Certificate(peer.raw)
  const trusted = authorities(access.ca).some(
    (ca) =>
      ca.raw.equals(certificate.raw) ||
      (certificate.checkIssued(ca) && certificate.verify(createPublicKey(ca.toString()))),
  )
  if (!trusted) return untrusted('the certificate of the server is not signed by the CA bundle itself')
  return access.skips.includes('SubjectName') ? undefined : checkServerIdentity(host, peer)
}

function authorities(bundle: Access['ca']): X509Certificate[] {
  const blocks = String(bundle ?? '').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  return blocks.map((block) => new X509Certificate(block))
}

/** As Node reports a certificate that does not fit, so that it is told in the same way. */
function untrusted(message: string): Error {
  return Object.assign(new Error(message), { code: 'CERT_UNTRUSTED' })
}

/** What came of a handshake that was made only to see what is wrong. */
export interface Handshake {
  /** The code of the error that ended it, be it a moment after the server seemed to agree; `''` where none did. */
  readonly code: string
  /** When the certificate of the server ends, in milliseconds since the epoch; undefined where none was shown. */
  readonly validTo: number | undefined
}

/** How long a server may take to refuse a handshake, in milliseconds. */
const handshakeTime = 2000

/**
 * Makes a connection, sends nothing over it, and tells how it ended. Asked only after a request failed: undici keeps to
 * itself why a server ended a connection. Never rejects; a server behind a proxy is not asked.
 */
export function handshakeWith(access: Access): Promise<Handshake> {
  const nothing: Handshake = { code: '', validTo: undefined }
  if (access.proxyUrl !== '') return Promise.resolve(nothing)
  return new Promise((resolve) => {
    let validTo: number | undefined
    let socket: TLSSocket
    try {
      const { hostname, port, protocol } = serverUrl(access)
      if (protocol !== 'https:') return resolve(nothing)
      const host = hostname.replace(/^\[|\]$/g, '')
      socket = connect({
        ...(isIP(host) ? {} : { servername: host }),
        ...tlsOptions(access),
        // Nothing is sent, so nothing is given to a server that is not trusted; its certificate is what is asked for.
        rejectUnauthorized: false,
        host,
        port: Number(port || 443),
      })
    } catch (error) {
      return resolve({ code: codeOf(error), validTo })
    }
    const end = (code: string) => {
      socket.destroy()
      resolve({ code, validTo })
    }
    socket.setTimeout(handshakeTime, () => end(''))
    socket.once('secureConnect', () => {
      const ends = Date.parse(socket.getPeerCertificate().valid_to)
      if (Number.isFinite(ends)) validTo = ends
      if (socket.authorizationError) end(String(socket.authorizationError))
    })
    socket.once('error', (error) => end(codeOf(error)))
    socket.once('close', () => end(''))
  })
}
