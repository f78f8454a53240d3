import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { connect, type Target } from '../../../reconciler/member/connect.ts'
import type { ReadSecret } from '../../../reconciler/member/credentials.ts'
import { ApiError } from '../../../reconciler/member/errors.ts'
import type { Transport } from '../../../reconciler/member/transport.ts'
import type { Connection } from '../../../repo-layout/cluster.ts'
import { standingClock } from '../../clocks.ts'
import { type Answer, type FakeServer, json, withServer } from './fake-server.ts'

const clock = standingClock()
const fine: Answer = (_request, response) => json(response, {})
/** An API server that takes one token at a time. */
const taking =
  (token: () => string): Answer =>
  ({ headers }, response) =>
    headers.authorization === `Bearer ${token()}`
      ? json(response, {})
      : json(response, { kind: 'Status', message: 'Unauthorized' }, 401)

type Kubefed = Extract<Connection, { type: 'kubefed' }>
const kubefed = (server: FakeServer, change: Partial<Kubefed> = {}): Kubefed => ({
  type: 'kubefed',
  apiEndpoint: server.url,
  caBundle: Buffer.from(server.ca).toString('base64'),
  secretName: 's',
  disabledTLSValidations: [],
  ...change,
})

async function over<T>(
  target: Partial<Target>,
  readSecret: ReadSecret,
  test: (transport: Transport) => Promise<T>,
  root?: string,
): Promise<T> {
  const transport = connect(
    { name: 'm', connection: undefined, proxyURL: '', serviceAccountName: '', ...target },
    { clock, readSecret, ...(root === undefined ? {} : { root }) },
  )
  try {
    return await test(transport)
  } finally {
    await transport.close()
  }
}

const ask = (transport: Transport) => transport.request('GET', '/version')
/** Asks and gives why that was not possible: never because of the network. */
async function refusal(transport: Transport): Promise<string> {
  try {
    await ask(transport)
  } catch (error) {
    assert(error instanceof ApiError, String(error))
    assert.equal(error.failure.type, 'unauthorized', error.message)
    return error.message
  }
  return assert.fail('it was let in')
}
const never: ReadSecret = async (name) => assert.fail(`Secret ${name} was read`)

describe('the credentials of a member', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'flotilla-credentials-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  function kubeconfig(server: FakeServer, user: object, context = 'c'): string {
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': context,
      clusters: [
        {
          name: 'k',
          cluster: { server: server.url, 'certificate-authority-data': Buffer.from(server.ca).toString('base64') },
        },
      ],
      users: [{ name: 'u', user }],
      contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
    })
  }
  function fileOf(text: string, context?: string): Connection {
    const path = join(folder, 'config')
    writeFileSync(path, text)
    return { type: 'file', path, context }
  }

  it('come from a kubeconfig file: a token, a password, a token file beside it', () =>
    withServer(fine, async (server) => {
      writeFileSync(join(folder, 'token'), 'from-a-file\n')
      for (const user of [{ token: 'plain' }, { username: 'ann', password: 'p' }, { tokenFile: 'token' }])
        await over({ connection: fileOf(kubeconfig(server, user)) }, never, ask)
      assert.deepEqual(
        server.requests.map(({ headers }) => headers.authorization),
        ['Bearer plain', `Basic ${Buffer.from('ann:p').toString('base64')}`, 'Bearer from-a-file'],
      )
    }))

  it('come from a provider that kubectl once had built in, too', () =>
    withServer(fine, async (server) => {
      const config = { 'access-token': 'from-gcp', expiry: new Date(Date.now() + 3_600_000).toISOString() }
      const user = { 'auth-provider': { name: 'gcp', config } }
      await over({ connection: fileOf(kubeconfig(server, user)) }, never, ask)
      assert.equal(server.requests[0]?.headers.authorization, 'Bearer from-gcp')
    }))

  it('go to no server that is not encrypted, nor does anything else', async () => {
    const text = kubeconfig({ url: 'http://127.0.0.1:1', ca: '', requests: [], connections: () => 0 }, {})
    const why = await over({ connection: fileOf(text) }, never, refusal)
    assert.match(why, /^kubeconfig of m: http:\/\/127\.0\.0\.1:1 is not encrypted; only https is used/)
  })

  it('are not shown where a kubeconfig is no YAML: at most the line is named', async () => {
    const texts = [
      'users:\n- name: a\n  user:\n\ttoken: s3cr3t\n',
      'users: [{token: "s3cr3t}]',
      'users: *s3cr3t',
      's3cr3t: [',
    ]
    for (const text of texts)
      await over({ connection: fileOf(text) }, never, async (transport) => {
        const why = await refusal(transport)
        assert.match(why, /^kubeconfig of m is no kubeconfig: (line \d|it) is no YAML$/)
      })
  })

  it('never come from the folder of a repository on this disk, also not by a link or a relative path', () =>
    withServer(fine, async (server) => {
      const [repo, beside] = [join(folder, 'fleet'), join(folder, 'fleet-keys')]
      for (const one of [repo, beside]) {
        mkdirSync(one)
        writeFileSync(join(one, 'config'), kubeconfig(server, { exec: { command: join(repo, 'plugin') } }))
      }
      symlinkSync(repo, join(folder, 'linked'))
      symlinkSync(join(repo, 'config'), join(beside, 'link'))
      const why = async (path: string, repo: string) => {
        const target = {
          name: 'm',
          connection: { type: 'file', path, context: undefined },
          proxyURL: '',
          serviceAccountName: '',
        } as const
        const transport = connect(target, { clock, readSecret: never, repo })
        try {
          return await refusal(transport)
        } finally {
          await transport.close()
        }
      }
      const inside = [
        join(repo, 'config'),
        relative('.', join(repo, 'config')),
        join(folder, 'linked/config'),
        join(beside, 'link'),
      ]
      for (const path of inside)
        for (const root of [repo, join(folder, 'linked')])
          assert.match(await why(path, root), /lies in the fleet repository/)
      assert.match(await why(join(beside, 'config'), repo), /exec plugin .*plugin: spawn/)
    }))

  it('follow a token file that rotates: within half a minute, and at once where the old token is refused', async () => {
    let valid = 'one'
    await withServer(
      taking(() => valid),
      async (server) => {
        const token = join(folder, 'token')
        writeFileSync(token, 'one')
        const connection = fileOf(kubeconfig(server, { tokenFile: token }))
        await over({ connection }, never, async (transport) => {
          await ask(transport)
          writeFileSync(token, 'two')
          valid = 'two'
          await ask(transport)
          assert.equal(server.requests.length, 3, 'one was refused')
          writeFileSync(token, 'three')
          valid = 'three'
          clock.move(31_000)
          await ask(transport)
          assert.equal(server.requests.length, 4, 'read before it was refused')
        })
      },
    )
  })

  it('follow a kubeconfig file that is written anew, and keep the old connection while it cannot be read', () =>
    withServer(fine, (one) =>
      withServer(fine, async (two) => {
        const connection = fileOf(kubeconfig(one, { token: 'a' }))
        await over({ connection }, never, async (transport) => {
          await ask(transport)
          writeFileSync(join(folder, 'config'), 'half a')
          clock.move(31_000)
          await ask(transport)
          assert.equal(one.requests.length, 2)
          fileOf(kubeconfig(two, { token: 'b' }))
          clock.move(31_000)
          await ask(transport)
          assert.equal(two.requests[0]?.headers.authorization, 'Bearer b')
        })
      }),
    ))

  it('come from a Secret and follow it as it rotates; a host cluster that is down takes nothing away', async () => {
    let secret: { [key: string]: string } | Error = { token: 'one' }
    let valid = 'one'
    const readSecret: ReadSecret = async () => {
      if (secret instanceof Error) throw secret
      return secret
    }
    await withServer(
      taking(() => valid),
      async (server) => {
        await over({ connection: kubefed(server) }, readSecret, async (transport) => {
          await ask(transport)
          secret = new ApiError('GET /api: connect ECONNREFUSED', { type: 'unreachable' })
          clock.move(31_000)
          await ask(transport)
          valid = 'two'
          assert.match(await refusal(transport), /Secret s cannot be read: .*ECONNREFUSED/)
          secret = { token: 'two' }
          await ask(transport)
        })
        secret = new ApiError('GET /api: connect ECONNREFUSED', { type: 'unreachable' })
        await over({ connection: kubefed(server) }, readSecret, async (transport) => {
          assert.match(await refusal(transport), /cannot be read/)
        })
      },
    )
  })

  it('come from the key of a Secret that the connection names', () =>
    withServer(fine, async (server) => {
      const secret: ReadSecret = async () => ({ value: 'x', mine: kubeconfig(server, { token: 'of-mine' }) })
      await over({ connection: { type: 'secret', name: 's', key: 'mine' } }, secret, ask)
      assert.equal(server.requests[0]?.headers.authorization, 'Bearer of-mine')
      await over({ connection: { type: 'secret', name: 's', key: 'other' } }, secret, async (transport) => {
        assert.match(await refusal(transport), /Secret s has no key other/)
      })
    }))

  it('come from the account of the pod, whose token rotates', async () => {
    const account = join(folder, 'var/run/secrets/kubernetes.io/serviceaccount')
    mkdirSync(account, { recursive: true })
    const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env
    await withServer(fine, async (server) => {
      const url = new URL(server.url)
      try {
        delete process.env.KUBERNETES_SERVICE_HOST
        await over({ connection: { type: 'inCluster' } }, never, async (transport) => {
          assert.match(await refusal(transport), /does not run in a cluster/)
        })
        process.env.KUBERNETES_SERVICE_HOST = url.hostname
        process.env.KUBERNETES_SERVICE_PORT = url.port
        writeFileSync(join(account, 'ca.crt'), server.ca)
        writeFileSync(join(account, 'token'), 'one')
        await over(
          { connection: { type: 'inCluster' } },
          never,
          async (transport) => {
            await ask(transport)
            writeFileSync(join(account, 'token'), 'two')
            clock.move(31_000)
            await ask(transport)
          },
          folder,
        )
      } finally {
        restore('KUBERNETES_SERVICE_HOST', host)
        restore('KUBERNETES_SERVICE_PORT', port)
      }
      assert.deepEqual(
        server.requests.map(({ headers }) => headers.authorization),
        ['Bearer one', 'Bearer two'],
      )
    })
  })

  it('that are missing are said by name', async () => {
    const none: ReadSecret = async () => undefined
    await withServer(fine, async (server) => {
      const cases: readonly [Partial<Target>, ReadSecret, RegExp][] = [
        [{}, none, /cluster m has no connection/],
        [
          { connection: { type: 'file', path: join(folder, 'none'), context: undefined } },
          none,
          /kubeconfig of m.*ENOENT/,
        ],
        [{ connection: fileOf(kubeconfig(server, {}), 'x') }, none, /no cluster for context x/],
        [{ connection: kubefed(server) }, none, /Secret s does not exist/],
        [{ connection: kubefed(server) }, async () => ({ password: 'x' }), /neither token nor tls\.crt/],
        [{ connection: kubefed(server, { apiEndpoint: '' }) }, async () => ({ token: 't' }), /names no address/],
        [
          { connection: kubefed(server), serviceAccountName: 'flotilla' },
          async () => ({ token: 't' }),
          /not namespace\/name/,
        ],
      ]
      for (const [target, secret, pattern] of cases)
        await over(target, secret, async (transport) => assert.match(await refusal(transport), pattern))
      assert.equal(server.requests.length, 0)
    })
  })

  it('impersonate the service account that the inventory names', () =>
    withServer(fine, async (server) => {
      await over({ connection: kubefed(server), serviceAccountName: 'ops/flotilla' }, async () => ({ token: 't' }), ask)
      assert.equal(server.requests[0]?.headers['impersonate-user'], 'system:serviceaccount:ops:flotilla')
    }))

  it('go to the server alone that their Secret is pinned to, whatever an inventory says', () =>
    withServer(fine, (good) =>
      withServer(fine, async (thief) => {
        const pinned: ReadSecret = async () => ({ token: 't', server: good.url, 'ca.crt': good.ca })
        await over({ connection: kubefed(good, { caBundle: undefined }) }, pinned, ask)
        const lures: readonly Connection[] = [
          kubefed(thief),
          kubefed(thief, { disabledTLSValidations: ['*'] }),
          { type: 'shipper', apiMaster: thief.url, secretName: 's' },
        ]
        for (const connection of lures)
          await over({ connection }, pinned, async (transport) => {
            assert.match(await refusal(transport), /the credential in Secret s is for https:\/\/127/)
          })
        // The right address with somebody else's authority, or with all checks off, gets the checks of the Secret.
        const caBundle = Buffer.from(thief.ca).toString('base64')
        await over({ connection: kubefed(good, { caBundle }) }, pinned, ask)
        assert.equal(thief.connections(), 0)
        const wrong: ReadSecret = async () => ({ token: 't', server: good.url, 'ca.crt': thief.ca })
        await over({ connection: kubefed(good, { disabledTLSValidations: ['*'] }) }, wrong, refusal)
        assert.equal(good.requests.length, 2)
      }),
    ))

  it('are never sent in clear', async () => {
    const secret: ReadSecret = async () => ({ token: 't' })
    const connection = { type: 'shipper', apiMaster: 'http://127.0.0.1:1', secretName: 's' } as const
    await over({ connection }, secret, async (transport) =>
      assert.match(await refusal(transport), /in clear; use https/),
    )
  })
})

describe('the checks of a server that kubefed leaves out', () => {
  const day = 86_400_000
  const lastYears = { madeAt: Date.now() - 2 * 365 * day }
  const another = { hosts: ['another.example.com'] }
  const secret: ReadSecret = async () => ({ token: 't' })
  const outcome = (server: FakeServer, change: Partial<Kubefed>) =>
    over({ connection: kubefed(server, change) }, secret, (transport) =>
      ask(transport).then(
        () => 'let in',
        (error: unknown) => (error instanceof ApiError ? error.failure.type : String(error)),
      ),
    )

  for (const [what, certificate, expected] of [
    ['a good certificate', {}, ['let in', 'let in', 'let in', 'let in']],
    ['one that has expired', lastYears, ['unauthorized', 'unauthorized', 'let in', 'let in']],
    ['one for another name', another, ['unauthorized', 'let in', 'unauthorized', 'let in']],
    ['one with both faults', { ...lastYears, ...another }, ['unauthorized', 'unauthorized', 'unauthorized', 'let in']],
  ] as const)
    it(`are left out one by one: ${what}`, () =>
      withServer(
        fine,
        async (server) => {
          const found: string[] = []
          for (const checks of [[], ['SubjectName'], ['ValidityPeriod'], ['*']])
            found.push(await outcome(server, { disabledTLSValidations: checks }))
          assert.deepEqual(found, expected)
          const both = ['SubjectName', 'ValidityPeriod']
          assert.equal(await outcome(server, { disabledTLSValidations: both }), 'let in')
        },
        certificate,
      ))

  it('never include who signed it, not even where it has expired', () =>
    withServer(
      fine,
      (server) =>
        withServer(fine, async ({ ca }) => {
          const change = { caBundle: Buffer.from(ca).toString('base64') }
          for (const checks of [['SubjectName'], ['ValidityPeriod'], ['SubjectName', 'ValidityPeriod']])
            assert.equal(await outcome(server, { ...change, disabledTLSValidations: checks }), 'unauthorized')
          assert.equal(server.requests.length, 0)
        }),
      lastYears,
    ))

  it('take an address as kubefed writes it, without a scheme', () =>
    withServer(fine, async (server) => {
      assert.equal(await outcome(server, { apiEndpoint: server.url.replace('https://', '') }), 'let in')
    }))
})

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name]
  else process.env[name] = value
}
