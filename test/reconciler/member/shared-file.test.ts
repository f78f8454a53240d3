import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseKubeConfig } from '../../../reconciler/member/kubeconfig.ts'
import { readShared } from '../../../reconciler/member/shared-file.ts'

const kubeconfig = JSON.stringify({
  'current-context': 'eu',
  contexts: ['eu', 'us'].map((name) => ({ name, context: { cluster: name, user: name } })),
  clusters: ['eu', 'us'].map((name) => ({ name, cluster: { server: `https://${name}.example.com` } })),
  users: ['eu', 'us'].map((name) => ({ name, user: { token: `token-${name}` } })),
})

describe('a kubeconfig that many members share', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'flotilla-shared-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('is read once by all who ask at once, and anew when it has changed', async () => {
    const path = join(folder, 'kubeconfig')
    writeFileSync(path, 'before')
    const [first, second] = [readShared(path), readShared(path)]
    assert.equal(first, second)
    assert.equal(await first, 'before')
    writeFileSync(path, 'after')
    assert.equal(await readShared(path), 'after')
  })

  it('that is missing is looked for again by the next who asks', async () => {
    const path = join(folder, 'late')
    await assert.rejects(readShared(path), /ENOENT/)
    writeFileSync(path, 'there')
    assert.equal(await readShared(path), 'there')
  })

  for (const [context, server, token] of [
    ['eu', 'https://eu.example.com', 'token-eu'],
    ['us', 'https://us.example.com', 'token-us'],
    [undefined, 'https://eu.example.com', 'token-eu'],
  ] as const) {
    it(`gives ${context ?? 'who names no context the current one'}: its cluster and user, and no credential of another`, () => {
      const config = parseKubeConfig(kubeconfig, context, 'kubeconfig')
      assert.equal(config.cluster?.server, server)
      assert.equal(config.user?.token, token)
      assert(!JSON.stringify(config).includes(token === 'token-eu' ? 'token-us' : 'token-eu'))
    })
  }

  it('has nothing for a context that it does not hold', () => {
    assert.deepEqual(parseKubeConfig(kubeconfig, 'ap', 'kubeconfig'), {
      name: 'ap',
      cluster: undefined,
      user: undefined,
    })
  })
})
