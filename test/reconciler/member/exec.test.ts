import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../../../reconciler/clock.ts'
import { ApiError } from '../../../reconciler/member/errors.ts'
import { createExecPlugin, type ExecPlugin } from '../../../reconciler/member/exec.ts'
import { hastyClock, standingClock } from '../../clocks.ts'

describe('an exec plugin', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'flotilla-exec-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  /** A plugin that notes each call and then runs `script`. */
  function pluginOf(script: string, clock: Clock, more: object = {}): ExecPlugin {
    const path = join(folder, 'plugin.sh')
    writeFileSync(path, `echo x >> ${join(folder, 'calls')}\n${script}`)
    const cluster = { server: 'https://member.example.com', caData: 'Q0E=' }
    return createExecPlugin({ command: 'sh', args: [path], ...more }, cluster, clock)
  }
  const calls = () => readFileSync(join(folder, 'calls'), 'utf8').length / 2
  const giving = (status: object) => `printf '%s' '${JSON.stringify({ kind: 'ExecCredential', status })}'`

  it('runs once for all who wait, and its answer is kept until shortly before it expires', async () => {
    const clock = standingClock()
    const expirationTimestamp = new Date(clock.now() + 600_000).toISOString()
    const plugin = pluginOf(giving({ token: 't', expirationTimestamp }), clock)
    const all = await Promise.all([plugin.credential(), plugin.credential(), plugin.credential()])
    assert.deepEqual(
      all.map(({ token }) => token),
      ['t', 't', 't'],
    )
    assert.equal(calls(), 1)
    clock.move(560_000)
    await plugin.credential()
    assert.equal(calls(), 1)
    clock.move(20_000)
    await plugin.credential()
    assert.equal(calls(), 2, 'half a minute before the end')
  })

  it('is asked again after a refusal, and after a failure, never in between', async () => {
    const clock = standingClock()
    const plugin = pluginOf(
      `test -e ${join(folder, 'ok')} || { echo no such profile >&2; exit 3; }\n${giving({ token: 't' })}`,
      clock,
    )
    await assert.rejects(plugin.credential(), /exec plugin sh ended with 3: no such profile/)
    writeFileSync(join(folder, 'ok'), '')
    await plugin.credential()
    clock.move(1e9)
    await plugin.credential()
    assert.equal(calls(), 2)
    plugin.drop()
    await plugin.credential()
    assert.equal(calls(), 3)
  })

  it('gives client certificates, and is told which cluster it is for where it asks for that', async () => {
    const tell = `printf '{"status":{"clientCertificateData":"C","clientKeyData":"K","token":"%s"}}' "$(printf %s "$KUBERNETES_EXEC_INFO" | base64 | tr -d '\\n')"`
    const plugin = pluginOf(tell, standingClock(), {
      provideClusterInfo: true,
      env: [{ name: 'PROFILE', value: 'prod' }],
    })
    const { certificate, key, token } = await plugin.credential()
    assert.deepEqual([certificate, key], ['C', 'K'])
    const info = JSON.parse(Buffer.from(token ?? '', 'base64').toString())
    assert.equal(info.kind, 'ExecCredential')
    assert.deepEqual(info.spec.cluster, {
      server: 'https://member.example.com',
      'certificate-authority-data': 'Q0E=',
    })
  })

  it('is given up when it hangs, with whatever it has started', async () => {
    const clock = hastyClock()
    const plugin = pluginOf('sleep 3 & sleep 3', clock)
    await assert.rejects(plugin.credential(), /did not answer within 30 s/)
    assert.deepEqual(clock.waits, [30_000])
  })

  it('says what is wrong with one that is missing or talks nonsense, as a problem of access and not of the network', async () => {
    const cluster = { server: '', caData: undefined }
    const unauthorized = (pattern: RegExp) => (error: unknown) =>
      error instanceof ApiError && error.failure.type === 'unauthorized' && pattern.test(error.message)
    const missing = createExecPlugin({ command: join(folder, 'nothing') }, cluster, standingClock())
    await assert.rejects(missing.credential(), unauthorized(/ENOENT/))
    await assert.rejects(pluginOf('echo hello', standingClock()).credential(), unauthorized(/gave no ExecCredential/))
    const broken = createExecPlugin({ args: ['x'] }, cluster, standingClock())
    await assert.rejects(broken.credential(), unauthorized(/exec section .* cannot be read/))
  })
})
