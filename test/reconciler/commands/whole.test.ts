import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startSandbox } from '../../../deploy/sandbox/start.ts'
import type { Sandbox } from '../../../deploy/sandbox/types.ts'
import { gitEnvironment } from '../../testbed/work-tree.ts'
import { type Ended, flotilla, type RunningCommand, start } from './cli.ts'

const secret = 'apiVersion: types.kubefed.io/v1beta1\nkind: FederatedSecret\nmetadata: {name: db, namespace: hello}\n'
const secretSpec = 'spec:\n  template: {stringData: {password: hunter2-wanted}}\n  placement: {clusterSelector: {}}\n'
const scale = { path: '/apis/apps/v1/namespaces/hello/deployments/hello', type: 'application/merge-patch+json' }

describe('the commands over a daemon and two clusters in memory', function () {
  this.timeout(120_000)
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-whole-'))
  const fleet = join(folder, 'fleet')
  let sandbox: Sandbox
  let daemon: RunningCommand
  let env: Record<string, string> = {}
  const run = (line: string): Promise<Ended> => flotilla(line.split(' '), env)
  const git = (...args: readonly string[]) =>
    execFileSync('git', ['-c', 'user.name=Test', '-c', 'user.email=test@example.com', ...args], {
      cwd: fleet,
      env: { ...process.env, ...gitEnvironment() },
      stdio: 'pipe',
    })

  before(async () => {
    sandbox = await startSandbox({ clusters: [{ name: 'eu' }, { name: 'us' }] })
    const kubeconfig = join(folder, 'kubeconfig')
    writeFileSync(kubeconfig, JSON.stringify(sandbox.kubeconfig()))
    const clusters = ['eu', 'us'].flatMap((name) => ['--cluster', `${name}=${kubeconfig}:${name}`])
    const { code, stderr } = await flotilla(['init', fleet, '--name', 'whole', ...clusters])
    assert.equal(code, 0, stderr)
    // Report leaves a drift to be looked at.
    appendFileSync(join(fleet, 'flotilla.yaml'), 'spec:\n  sync: {drift: Report}\n')
    writeFileSync(join(fleet, 'workloads/secret.yaml'), secret + secretSpec)
    git('init', '-q', '-b', 'main')
    git('add', '--all')
    git('commit', '-q', '-m', 'Start')
    daemon = start(['run', '--repo', fleet, '--listen', '127.0.0.1:0', '--poll', '0 0 1 1 1 *'])
    let api: string | undefined
    let log = ''
    daemon.child.stderr?.on('data', (text) => {
      log += text
      api ??= /"api":"([^"]+)"/.exec(log)?.[1]
    })
    await daemon.until(/"msg":"flotilla is running"/)
    assert.ok(api)
    env = { FLOTILLA_SERVER: api }
  })
  after(async () => {
    daemon.child.kill('SIGTERM')
    assert.equal((await daemon.ended).code, 0)
    await sandbox.stop()
    rmSync(folder, { recursive: true })
  })

  const metrics = async () => {
    const text = await (await fetch(`${env.FLOTILLA_SERVER}/metrics`)).text()
    return (line: string) =>
      Number(
        text
          .split('\n')
          .find((one) => one.startsWith(`${line} `))
          ?.slice(line.length) ?? 0,
      )
  }

  it('status --wait sees the fleet arrive, and what was done is counted', async () => {
    const { code, stdout, stderr } = await run('status --wait --timeout 60s')
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^eu {7}✔ synced {2}3\/3 /m)
    const count = await metrics()
    assert.equal(count('flotilla_applies_total{cluster="eu",action="created"}'), 3)
    assert.ok(count('flotilla_api_requests_total{cluster="us",verb="apply",code="2xx"}') >= 3)
    assert.ok(count('flotilla_api_requests_total{cluster="us",verb="list",code="2xx"}') >= 1)
    assert.equal(count('flotilla_generated_commits_total{reason="source"}'), 1)
  })

  it('diff and status show what was changed behind Git, by whom, and no value of a Secret', async () => {
    assert.equal((await run('diff')).code, 0)
    const us = sandbox.cluster('us')
    const [replicas, data] = [{ spec: { replicas: 7 } }, { data: { password: btoa('hunter3-live') } }]
    const headers = { 'content-type': scale.type, 'user-agent': 'kubectl/v1.35' }
    assert.equal((await us.request('PATCH', scale.path, replicas, headers)).status, 200)
    const path = '/api/v1/namespaces/hello/secrets/db'
    assert.equal((await us.request('PATCH', path, data, headers)).status, 200)
    const forms = ['', ' -o wide', ' -o json', ' -o yaml', ' -o markdown', ' -o name']
    const diffs = await Promise.all(forms.map((form) => run(`diff${form}`)))
    const [text] = diffs
    assert.match(text?.stdout ?? '', /≠ us {2}Deployment\.apps\/hello\/hello[\s\S]*- 7 +live +manager kubectl/)
    assert.match(text?.stdout ?? '', /≠ us {2}Secret\/hello\/db[\s\S]*\/data\/password/)
    assert.deepEqual(
      diffs.map(({ code }) => code),
      forms.map(() => 1),
    )
    const statuses = await Promise.all([
      run('status us'),
      run('status -o json'),
      run('status -o yaml'),
      run('status -o wide'),
    ])
    for (const { stdout, stderr } of [...diffs, ...statuses])
      for (const value of ['hunter2-wanted', 'hunter3-live'])
        for (const form of [value, btoa(value)]) assert.ok(!(stdout + stderr).includes(form), stdout)
    const count = await metrics()
    assert.equal(count('flotilla_drifts_seen_total{cluster="us",reason="changed"}'), 2)
    assert.equal(count('flotilla_cluster_objects_drifted{cluster="us"}'), 2)
    assert.equal(count('flotilla_drifts_healed_total{cluster="us",reason="changed"}'), 0)
  })

  it('sync takes a commit that heals again, and status --wait sees it done', async () => {
    execFileSync('sed', ['-i.bak', 's/drift: Report/drift: Heal/', join(fleet, 'flotilla.yaml')])
    git('commit', '-q', '--all', '-m', 'Heal again')
    const synced = await run('sync')
    assert.equal(synced.code, 0, synced.stderr)
    const waited = await run('status --wait --timeout 60s')
    assert.equal(waited.code, 0, waited.stderr)
    assert.equal((await run('diff')).code, 0)
    const count = await metrics()
    assert.equal(count('flotilla_drifts_healed_total{cluster="us",reason="changed"}'), 2)
  })

  it('observe prints facts that render takes', async () => {
    const { code, stdout } = await run('observe')
    assert.equal(code, 0)
    writeFileSync(join(folder, 'facts.json'), stdout)
    const out = join(folder, 'out')
    const rendered = await flotilla([
      'render',
      '--source',
      fleet,
      '--out',
      out,
      '--observations',
      join(folder, 'facts.json'),
    ])
    assert.equal(rendered.code, 0, rendered.stderr)
  })
})
