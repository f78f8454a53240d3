import type { Access } from './access.ts'
import { type Credential, credentialOf, timeText } from './credential.ts'
import { ApiError, codeOf, isCertificateCode } from './errors.ts'
import { type Described, placeOf, remedyOf } from './remedy.ts'
import { type Handshake, handshakeWith } from './tls.ts'

/** Codes of a connection that was closed by the other side before it said anything. */
const closedCodes = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'])

/**
 * Says of a failed request what a person has to know when the cluster did not let us in: what has expired and when, what
 * does not fit, and what mends it. A connection that was only closed is looked at once more, for with TLS 1.3 a client
 * certificate that is refused looks like that: then the cluster is alive. Any other error is given back as it is.
 */
export async function explained(
  error: unknown,
  cluster: Described,
  access: Access | undefined,
  now: number,
): Promise<unknown> {
  if (!(error instanceof ApiError) || !access) return error
  const code = codeOf(error.cause)
  const again = (text: string) =>
    new ApiError(`${error.message}: ${text}`, { type: 'unauthorized' }, { cause: error.cause ?? error })
  if (error.failure.type === 'unauthorized') {
    if (error.failure.status === 401) return again(refusedCredential(cluster, credentialOf(access), now))
    if (!isCertificateCode(code)) return error
    if (isAboutUs(code)) return again(refusedCredential(cluster, credentialOf(access), now))
    const handshake = code === 'CERT_HAS_EXPIRED' ? await handshakeWith(access) : undefined
    return again(certificateProblem(code, cluster, access, handshake, now))
  }
  if (error.failure.type !== 'unreachable' || access.cert === undefined || !closedCodes.has(code)) return error
  const handshake = await handshakeWith(access)
  if (!isAboutUs(handshake.code)) return error
  return again(refusedCredential(cluster, credentialOf(access), now))
}

function refusedCredential(cluster: Described, credential: Credential, now: number): string {
  const remedy = remedyOf(cluster, credential)
  const { kind, expiresAt } = credential
  if (kind === 'nothing') return `${placeOf(cluster.connection)} holds no credential; ${remedy}`
  if (expiresAt !== undefined && expiresAt <= now) return `the ${kind} expired on ${timeText(expiresAt)}; ${remedy}`
  const until =
    expiresAt === undefined ? '' : ` although it is valid until ${timeText(expiresAt)} by this machine's clock`
  return `the ${kind} is refused${until}: it was revoked, or is one of another cluster; ${remedy}`
}

function certificateProblem(
  code: string,
  { connection }: Described,
  { server }: Access,
  handshake: Handshake | undefined,
  now: number,
): string {
  const place = placeOf(connection)
  if (/ALERT/.test(code))
    return `${server} speaks TLS, but ends the handshake; look at what stands before the API server`
  if (code === 'CERT_HAS_EXPIRED') {
    const ended = handshake?.validTo
    const what =
      ended === undefined || ended > now
        ? 'the certificate of the API server or of its authority has expired'
        : `the certificate of the API server expired on ${timeText(ended)}`
    return `${what}; renew it in the cluster (with kubeadm: "kubeadm certs renew apiserver")`
  }
  if (code === 'CERT_NOT_YET_VALID')
    return 'the certificate of the API server begins in the future; set the clocks of both machines'
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `the certificate is not for that address; name another address, or "tls-server-name", in ${place}`
  if (code.startsWith('ERR_OSSL')) return `the certificate or key in ${place} cannot be used`
  return `the certificate of ${server} is not signed by the authority in ${place}; if the authority was renewed put the new one there, else something else answers at this address`
}

/** An alert that the server sent about our own certificate, or because we showed none. */
function isAboutUs(code: string): boolean {
  return /ALERT_(BAD_CERTIFICATE|CERTIFICATE|NO_CERTIFICATE|UNSUPPORTED_CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|HANDSHAKE_FAILURE)/.test(
    code,
  )
}
