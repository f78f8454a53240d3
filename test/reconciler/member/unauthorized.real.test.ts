import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeServerCertificate } from '../../../deploy/sandbox/listen/certificate.ts'
import { systemClock } from '../../../reconciler/clock.ts'
import { connect } from '../../../reconciler/member/connect.ts'
import { describeReal } from '../../testbed/binaries.ts'
import { type ControlPlane, startControlPlane } from '../../testbed/control-plane.ts'
import { apply, desired, memberOf, namespace, settings, unique } from './support.ts'

const day = 86_400_000
const data = (text: string) => Buffer.from(text).toString('base64')

describeReal('a real API server that does not let us in', ['etcd', 'kube-apiserver'], () => {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-unauthorized-'))
  const old = makeServerCertificate(['127.0.0.1'], Date.now() - 400 * day)
  const foreign = makeServerCertificate(['127.0.0.1'], Date.now())
  let plane: ControlPlane
  before(async () => {
    const clients = join(folder, 'clients.crt')
    writeFileSync(clients, old.ca)
    plane = await startControlPlane({ name: 'strict', apiServerFlags: [`--client-ca-file=${clients}`] })
  })
  after(async () => {
    await plane.stop()
    rmSync(folder, { recursive: true })
  })

  for (const [what, user, ca, pattern] of [
    [
      'a client certificate that has expired',
      { 'client-certificate-data': data(old.cert), 'client-key-data': data(old.key) },
      undefined,
      /Unauthorized: the client certificate expired on \d{4}-\d\d-\d\dT.*; put a new one into /,
    ],
    [
      'a client certificate of another cluster',
      { 'client-certificate-data': data(foreign.cert), 'client-key-data': data(foreign.key) },
      undefined,
      /Unauthorized: the client certificate is refused although it is valid until .*: it was revoked, or is one of another/,
    ],
    ['a token that is none', { token: 'x' }, undefined, /Unauthorized: the token is refused: it was revoked/],
    ['nobody', {}, undefined, /"system:anonymous" cannot get .*: the account may do nothing here/],
    ['a user, by another authority', { token: 'x' }, foreign.ca, /is not signed by the authority in /],
  ] as const)
    it(`is alive and unauthorized for ${what}, and says what mends that`, async () => {
      const path = join(folder, 'config')
      writeFileSync(
        path,
        JSON.stringify({
          apiVersion: 'v1',
          kind: 'Config',
          'current-context': 'c',
          clusters: [
            {
              name: 'k',
              cluster: {
                server: plane.server,
                'certificate-authority-data': ca === undefined ? plane.caData : data(ca),
              },
            },
          ],
          users: [{ name: 'u', user }],
          contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
        }),
      )
      const connection = { type: 'file', path, context: undefined } as const
      const cluster = { name: 'eu', connection, proxyURL: '', serviceAccountName: '' }
      const member = memberOf(plane, {
        transport: connect(cluster, { clock: systemClock, readSecret: async () => undefined }),
      })
      try {
        await apply(member, desired(namespace(unique('ns'))), settings())
        const { sync, message } = member.status()
        assert.equal(sync, 'unauthorized', message)
        assert.match(message, pattern)
        assert.equal(member.observe().reachable, true, 'no replica moves')
      } finally {
        await member.stop()
      }
    })
})
