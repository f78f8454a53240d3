import assert from 'node:assert/strict'
import { makeServerCertificate } from '../../../deploy/sandbox/listen/certificate.ts'
import type { Access } from '../../../reconciler/member/access.ts'
import { credentialOf } from '../../../reconciler/member/credential.ts'
import { createExpiry } from '../../../reconciler/member/expiry.ts'
import type { CredentialInUse } from '../../../reconciler/member/transport.ts'
import { testClock } from '../../clocks.ts'

const day = 86_400_000
const access = (change: Partial<Access>): Access => ({
  server: 'https://c:6443',
  proxyUrl: '',
  ca: undefined,
  cert: undefined,
  key: undefined,
  servername: undefined,
  skips: [],
  headers: {},
  renewed: false,
  ...change,
})
const jwt = (claims: object) => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
const account = 'system:serviceaccount:flotilla-system:flotilla-prod-member'
// To whole seconds, as certificates have them.
const madeAt = 1_700_000_000_000
const { cert } = makeServerCertificate(['127.0.0.1'], madeAt)

describe('the expiry of a credential', () => {
  for (const [what, change, kind, user, expiresAt] of [
    ['a token of a ServiceAccount', bearer(jwt({ sub: account, exp: 1_800_000_000 })), 'token', account, 1.8e12],
    ['a token that says nothing', bearer('abc'), 'token', undefined, undefined],
    ['a token with odd claims', bearer(jwt({ sub: 1, exp: 'soon' })), 'token', undefined, undefined],
    ['a client certificate', { cert }, 'client certificate', 'flotilla sandbox', madeAt + 365 * day],
    ['a certificate that cannot be read', { cert: 'x' }, 'client certificate', undefined, undefined],
    [
      'a token before a certificate',
      { cert, ...bearer(jwt({ exp: 1_700_000_500 })) },
      'token',
      'flotilla sandbox',
      1.7000005e12,
    ],
    ['what renews itself', { renewed: true, ...bearer(jwt({ sub: account, exp: 1 })) }, 'token', account, undefined],
    ['a password', { headers: { authorization: 'Basic eA==' } }, 'password', undefined, undefined],
    ['nothing', {}, 'nothing', undefined, undefined],
  ] as const)
    it(`is read of ${what}`, () => assert.deepEqual(credentialOf(access(change)), { kind, user, expiresAt }))

  const inUse = (expiresAt: number | undefined): CredentialInUse => ({
    kind: 'token',
    user: account,
    expiresAt,
    cluster: { name: 'eu-1', connection: { type: 'secret', name: 'eu-1-kubeconfig', key: 'value' } },
  })

  it('is warned of from 14 days before, by itself, with the command that mends it, and again when it is over', () => {
    const clock = testClock()
    let woken = 0
    const expiry = createExpiry(clock, () => woken++)
    const says = () => expiry(inUse(40 * day)).expiryWarning
    assert.equal(says(), '')
    clock.pass(26 * day - 1)
    assert.deepEqual([woken, says()], [0, ''])
    clock.pass(1)
    assert.equal(woken, 1)
    assert.match(says(), /^the token expires on 1970-02-10T00:00:00Z: "flotilla cluster rotate eu-1" makes a new one$/)
    clock.pass(14 * day)
    assert.match(says(), /^the token expired on 1970-02-10/)
  })

  it('is forgotten with the credential: a new one is not warned of', () => {
    const clock = testClock()
    const expiry = createExpiry(clock, () => undefined)
    assert.notEqual(expiry(inUse(day)).expiryWarning, '')
    assert.deepEqual(expiry(inUse(undefined)), { credentialExpiresAt: undefined, expiryWarning: '' })
    assert.deepEqual(expiry(inUse(365 * day)), { credentialExpiresAt: 365 * day, expiryWarning: '' })
  })

  it('names where a credential lies that somebody else made', () => {
    const foreign: CredentialInUse = {
      kind: 'client certificate',
      user: 'ann',
      expiresAt: day,
      cluster: { name: "o'neil", connection: { type: 'file', path: '/etc/kube/eu', context: undefined } },
    }
    assert.match(
      createExpiry(testClock(), () => undefined)(foreign).expiryWarning,
      /put a new one into \/etc\/kube\/eu, or have an account made by "flotilla cluster add 'o'\\''neil' --overwrite"/,
    )
  })
})
