import { createPublicKey, X509Certificate } from 'node:crypto'
import { checkServerIdentity, type TLSSocket } from 'node:tls'
import { buildConnector } from 'undici'
import type { Access } from './access.ts'

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
  if (!access.skips.includes('ValidityPeriod') || access.skips.includes('*')) return buildConnector(options)
  const connect = buildConnector({ ...options, rejectUnauthorized: false })
  return (target, callback) =>
    connect(target, (...result) => {
      const [error, socket] = result
      const problem = error ?? timelessProblem(socket as TLSSocket, access, target.servername || target.hostname)
      if (!problem) return callback(...result)
      socket?.destroy()
      callback(problem, null)
    })
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
