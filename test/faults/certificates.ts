import { makeServerCertificate, type ServerCertificate } from '../../deploy/sandbox/listen/certificate.ts'

/** What the certificate of a server is like: one that fits, or one with a single thing wrong with it. */
export type CertificateKind = 'good' | 'expired' | 'unknown authority' | 'other name'

/** The name by which a faulty member can be reached beside its address; no resolver of this machine knows it. */
export const memberHost = 'member.flotilla-faults.invalid'

const hosts = ['127.0.0.1', 'localhost', memberHost]
const year = 365 * 86_400_000
const made = new Map<CertificateKind, ServerCertificate>()

/** A certificate of each kind, made when it is first asked for. */
export function certificateOf(kind: CertificateKind): ServerCertificate {
  const found = made.get(kind) ?? make(kind)
  made.set(kind, found)
  return found
}

function make(kind: CertificateKind): ServerCertificate {
  const now = Date.now()
  switch (kind) {
    case 'good':
    case 'unknown authority':
      return makeServerCertificate(hosts, now)
    case 'expired':
      return makeServerCertificate(hosts, now - 2 * year)
    case 'other name':
      return makeServerCertificate(['elsewhere.example'], now)
  }
}

/** What clients trust (PEM): every authority but the unknown one, so that each certificate is wrong in one thing only. */
export function trustedAuthorities(): string {
  return (['good', 'expired', 'other name'] as const).map((kind) => certificateOf(kind).ca).join('')
}
