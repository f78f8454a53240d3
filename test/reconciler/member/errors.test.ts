import assert from 'node:assert/strict'
import { connectionError, statusError } from '../../../reconciler/member/errors.ts'
import { isEarlier } from '../../../reconciler/member/facts.ts'
import { jsonLines } from '../../../reconciler/member/lines.ts'
import { clashingList, explain, immutableFields } from '../../../reconciler/member/refusal.ts'
import { retryAfter } from '../../../reconciler/member/transport.ts'
import type { Json } from '../../../repo-layout/json.ts'

const coded = (code: string, cause?: Error) => Object.assign(new Error('x', { cause }), { code })
const invalid = (...causes: Json[]) =>
  statusError(422, { reason: 'Invalid', message: 'is invalid', details: { causes } }, 0, '')

describe('what failed', () => {
  for (const [code, type] of [
    ['ECONNREFUSED', 'unreachable'],
    ['UND_ERR_HEADERS_TIMEOUT', 'unreachable'],
    ['ENOTFOUND', 'unreachable'],
    ['CERT_HAS_EXPIRED', 'unauthorized'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'unauthorized'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unauthorized'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'unauthorized'],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'unauthorized'],
    ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED', 'unauthorized'],
    // The same as OpenSSL 3.2 and later name it.
    ['ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED', 'unauthorized'],
  ] as const)
    it(`${code} is ${type}`, () => {
      assert.equal(connectionError(coded(code), 'GET /').failure.type, type)
      assert.equal(connectionError(new Error('fetch failed', { cause: coded(code) }), 'GET /').failure.type, type)
    })

  for (const [status, message, type] of [
    [401, 'Unauthorized', 'unauthorized'],
    [403, 'forbidden', 'rejected'],
    [404, 'not found', 'rejected'],
    [429, 'slow down', 'throttled'],
    [500, 'etcd is away', 'server'],
    [500, 'failed to create typed patch object (x; y): .spec.z: field not declared in schema', 'rejected'],
    [503, 'unavailable', 'server'],
  ] as const)
    it(`HTTP ${status} ${message.slice(0, 40)} is ${type}`, () =>
      assert.equal(statusError(status, { message }, 1000, '').failure.type, type))

  it('names immutable fields only where nothing else is wrong', () => {
    const immutable = {
      field: 'spec.selector',
      reason: 'FieldValueInvalid',
      message: 'Invalid value: {}: field is immutable',
    }
    assert.deepEqual(immutableFields(invalid(immutable)), ['spec.selector'])
    assert.deepEqual(immutableFields(invalid(immutable, { field: 'spec.x', message: 'Required value' })), [])
    assert.deepEqual(immutableFields(invalid()), [])
    const sets = {
      field: 'spec',
      message: "Forbidden: updates to statefulset spec for fields other than 'replicas' are forbidden",
    }
    assert.deepEqual(immutableFields(invalid(sets)), ['spec'])
    assert.match(explain(invalid(immutable)), /spec\.selector cannot be changed/)
  })

  it('says of a right that is missing how to see which ones are, and of no other refusal', () => {
    const rights =
      'configmaps "web" is forbidden: User "system:serviceaccount:ops:flotilla" cannot patch resource "configmaps" in API group "" in the namespace "shop"'
    const said = (message: string, status = 403) => explain(statusError(status, { message }, 0, ''), "eu 1's")
    assert.equal(said(rights), `${rights}; "flotilla cluster check 'eu 1'\\''s'" says which rights are missing`)
    const quota = 'pods "web" is forbidden: exceeded quota: small, requested: pods=1, used: pods=5, limited: pods=5'
    assert.equal(said(quota), quota)
    const webhook = 'admission webhook "policy.example.com" denied the request: you cannot patch this'
    assert.equal(said(webhook), webhook)
    assert.equal(said(rights, 422), rights)
    // Asked as another user, in a plan, it is no right of ours.
    assert.equal(explain(statusError(403, { message: rights }, 0, '')), rights)
  })

  it('names the list whose items clash', () => {
    assert.equal(
      clashingList(invalid({ field: 'spec.ports[1].name', reason: 'FieldValueDuplicate', message: 'Duplicate value' })),
      'ports',
    )
    assert.equal(clashingList(invalid({ field: 'spec.ports[1]', reason: 'FieldValueDuplicate', message: '' })), 'ports')
    assert.equal(clashingList(invalid({ field: 'spec.replicas', reason: 'FieldValueInvalid', message: '' })), undefined)
    assert.equal(clashingList(statusError(500, { message: 'duplicate nodePort: {TCP 30000}' }, 0, '')), 'ports')
  })

  it('reads Retry-After in seconds', () => {
    assert.deepEqual(
      [retryAfter('3'), retryAfter(['2']), retryAfter('0'), retryAfter(undefined), retryAfter('Wed, 21 Oct')],
      [3000, 2000, 100, 1000, 1000],
    )
  })

  it('orders resourceVersions as numbers, and nothing where they are none', () => {
    assert.deepEqual(
      [isEarlier('9', '10'), isEarlier('10', '9'), isEarlier('7', '7'), isEarlier('a', 'b')],
      [true, false, false, false],
    )
  })
})

describe('the lines of a watch', () => {
  async function* chunks(text: string, size: number) {
    const bytes = Buffer.from(text)
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
  }
  const all = async (text: string, size: number) => {
    const found: unknown[] = []
    for await (const line of jsonLines(chunks(text, size))) found.push(line)
    return found
  }

  it('are whole whatever the chunks, also inside of a letter', async () => {
    for (const size of [1, 2, 3, 7, 100])
      assert.deepEqual(await all('{"a":"ü€😀"}\n\n{"b":1}\n{"cut', size), [{ a: 'ü€😀' }, { b: 1 }])
  })

  it('are refused where they are no JSON object', async () => {
    await assert.rejects(all('<html>\n', 10), /no JSON object/)
    await assert.rejects(all('[1]\n', 10), /no JSON object/)
  })
})
