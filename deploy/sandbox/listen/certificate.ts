import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { isIP } from 'node:net'
import { bits, type Der, integer, octets, oid, sequence, set, tagged, time, utf8, yes } from './der.ts'

/** What an HTTPS server needs, and what its clients trust; all PEM. */
export interface ServerCertificate {
  readonly key: string
  readonly cert: string
  readonly ca: string
}

const dayMs = 86_400_000
const lifetimeMs = 365 * dayMs

/**
 * Makes a certificate authority and a server certificate of it for `hosts` (names and IPv4 addresses), P-256, valid from
 * a day before `now` for a year. The authority's key is forgotten: nothing else is ever signed by it.
 */
export function makeServerCertificate(hosts: readonly string[], now: number): ServerCertificate {
  const authority = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const server = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const issuer = commonName('flotilla sandbox authority')
  const validity = sequence(time(new Date(now - dayMs)), time(new Date(now + lifetimeMs)))
  const make = (subject: Der, key: KeyObject, extensions: readonly Der[]) =>
    pem('CERTIFICATE', certificate({ issuer, subject, validity, key, extensions }, authority.privateKey))
  return {
    key: server.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: make(commonName('flotilla sandbox'), server.publicKey, [
      keyUsage(0x80, 7),
      extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1'))),
      extension('2.5.29.17', sequence(...hosts.map(alternativeName))),
      extension('2.5.29.35', sequence(tagged(0, keyId(authority.publicKey), false))),
    ]),
    ca: make(issuer, authority.publicKey, [
      extension('2.5.29.19', sequence(yes()), true),
      keyUsage(0x06, 1),
      extension('2.5.29.14', octets(keyId(authority.publicKey))),
    ]),
  }
}

interface Parts {
  readonly issuer: Der
  readonly subject: Der
  readonly validity: Der
  readonly key: KeyObject
  readonly extensions: readonly Der[]
}

const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'))

/** RFC 5280 §4.1. */
function certificate(parts: Parts, signer: KeyObject): Der {
  const version3 = tagged(0, integer(Buffer.from([2])), true)
  // The first bit must be 0 (positive) and the first byte not 0 (shortest form).
  const serial = randomBytes(16)
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40
  const body = sequence(
    version3,
    integer(serial),
    ecdsaWithSha256,
    parts.issuer,
    parts.validity,
    parts.subject,
    parts.key.export({ type: 'spki', format: 'der' }),
    tagged(3, sequence(...parts.extensions), true),
  )
  return sequence(body, ecdsaWithSha256, bits(sign('sha256', body, signer)))
}

function commonName(text: string): Der {
  return sequence(set(sequence(oid('2.5.4.3'), utf8(text))))
}

function extension(id: string, content: Der, critical = false): Der {
  return sequence(oid(id), ...(critical ? [yes()] : []), octets(content))
}

function keyUsage(flags: number, unused: number): Der {
  return extension('2.5.29.15', bits(Buffer.from([flags]), unused), true)
}

function keyId(key: KeyObject): Buffer {
  return createHash('sha1')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest()
}

function alternativeName(host: string): Der {
  return isIP(host) === 4
    ? tagged(7, Buffer.from(host.split('.').map(Number)), false)
    : tagged(2, Buffer.from(host), false)
}

function pem(label: string, der: Der): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
