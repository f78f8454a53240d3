import assert from 'node:assert/strict'
import { parse } from 'yaml'
import type { FleetStatus } from '../../../reconciler/server/types.ts'
import { diffReportSchema, fleetStatusSchema } from '../../../reconciler/server/wire.ts'
import { observationsSchema } from '../../../repo-layout/observations.ts'
import { type FakeDaemon, type FakeOptions, startFakeDaemon } from '../server/fake-daemon.ts'
import { clusterOf, everyState, fleetOf, objectOf, scaled } from '../views/fleet.ts'
import { flotilla, start } from './cli.ts'

const web = 'Deployment.apps/shop/web'
const eu = clusterOf('eu-1', 'eu', { sync: 'drifted', objects: [objectOf(web, { drift: scaled() })] })
const us = clusterOf('us-1', 'us', { objects: [objectOf(web)] })
const drifting = fleetOf([eu, us], { sync: 'drifted' })
const synced = fleetOf([us, { ...us, cluster: 'us-2' }])
const degraded = fleetOf([clusterOf('eu-1', 'eu', { sync: 'degraded', ...everyState.degraded })], { sync: 'degraded' })
const progressing = fleetOf([clusterOf('eu-1', 'eu', { sync: 'progressing', ...everyState.progressing })])

describe('a command that asks the daemon', function () {
  this.timeout(60_000)
  let daemon: FakeDaemon | undefined
  let env: Record<string, string> = {}
  const serve = async (status: FleetStatus, options?: FakeOptions) => {
    daemon = await startFakeDaemon(status, options)
    env = { FLOTILLA_SERVER: daemon.url }
    return daemon
  }
  afterEach(async () => {
    await daemon?.close()
    daemon = undefined
  })
  const run = (line: string, more: Record<string, string> = {}) => flotilla(line.split(' '), { ...env, ...more })

  it('says that no daemon answers and how to start one, and exits with 2', async () => {
    const lines = ['status', 'status --wait --timeout 1s', 'status --watch', 'diff', 'observe', 'sync']
    for (const line of lines) {
      const ended = await run(`${line} --server http://127.0.0.1:1`)
      const stderr = 'flotilla: no daemon answers at http://127.0.0.1:1; start one with flotilla run\n'
      assert.deepEqual(ended, { code: 2, stdout: '', stderr }, line)
    }
  })

  it('says that something else answers there', async () => {
    const { createServer } = await import('node:http')
    const other = createServer((_, response) => response.end('<html>')).listen(0, '127.0.0.1')
    await new Promise((resolve) => other.once('listening', resolve))
    const address = other.address()
    const port = typeof address === 'object' ? address?.port : 0
    const { code, stdout, stderr } = await run(`status --server http://127.0.0.1:${port}`)
    other.closeAllConnections()
    other.close()
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, /does not speak like a flotilla daemon of this version/)
  })

  it('sends the token that the daemon asks for, also from a file, and says when it is missing', async () => {
    await serve(synced, { apiToken: 'sesame' })
    const { mkdtempSync, rmSync, writeFileSync } = await import('node:fs')
    const folder = mkdtempSync('/tmp/flotilla-token-')
    writeFileSync(`${folder}/token`, 'sesame\n')
    const [without, wrong, right, file, noFile] = await Promise.all([
      run('status'),
      run('status', { FLOTILLA_API_TOKEN: 'open' }),
      run('status', { FLOTILLA_API_TOKEN: 'sesame' }),
      run('sync', { FLOTILLA_API_TOKEN_FILE: `${folder}/token` }),
      run('status', { FLOTILLA_API_TOKEN_FILE: `${folder}/none` }),
    ])
    rmSync(folder, { recursive: true })
    assert.deepEqual([without.code, wrong.code, right.code, file.code, noFile.code], [2, 2, 0, 0, 2])
    assert.match(without.stderr, /the token is missing or wrong; .*FLOTILLA_API_TOKEN/)
    assert.match(noFile.stderr, /FLOTILLA_API_TOKEN_FILE: ENOENT/)
  })

  describe('status', () => {
    it('writes the table to stdout and one closing sentence to stderr, without colours in a pipe', async () => {
      await serve(drifting)
      const { code, stdout, stderr } = await run('status')
      assert.equal(code, 0)
      assert.match(stdout, /^≠ shop: 1 of 2 clusters synced {4}main 4f1c2e9 → generated 9b07d51, /)
      assert.match(stdout, /^CLUSTER {2}REGION {2}SYNC {7}OBJECTS/m)
      assert.equal(stderr, '1 of 2 clusters synced; 1 drifted.\n')
      assert.ok(!(stdout + stderr).includes('\u001b'))
    })

    it('colours where it is told to, and writes ASCII where the locale is no UTF-8', async () => {
      await serve(drifting)
      const [always, ascii] = await Promise.all([
        run('--color always status', { NO_COLOR: '1' }),
        run('status', { LANG: 'C' }),
      ])
      assert.ok(always.stdout.includes('\u001b[33m≠ drifted\u001b[39m'))
      assert.match(ascii.stdout, /!= drifted/)
      assert.doesNotMatch(ascii.stdout, /[^\n -~]/)
    })

    it('is data in json and yaml, as the API gives it, and a list of names', async () => {
      await serve(drifting)
      const [json, yaml, name, subject, names] = await Promise.all([
        run('status -o json'),
        run('status -o yaml'),
        run('status -o name --sync drifted,degraded'),
        run(`status ${web} -o json`),
        run(`status ${web} -o name`),
      ])
      const data = JSON.parse(json.stdout)
      assert.deepEqual(data, JSON.parse(JSON.stringify(drifting)))
      assert.equal(fleetStatusSchema.parse(data).clusters.length, 2)
      assert.deepEqual(parse(yaml.stdout), data)
      assert.equal(name.stdout, 'eu-1\n')
      assert.equal(name.stderr, '1 of 2 clusters is drifted or degraded.\n')
      assert.deepEqual(
        JSON.parse(subject.stdout).map(({ cluster }: { cluster: string }) => cluster),
        ['eu-1', 'us-1'],
      )
      assert.equal(names.stdout, 'eu-1\nus-1\n')
    })

    it('shows one cluster with its objects, and one object in every cluster', async () => {
      await serve(drifting)
      const [cluster, subject, markdown] = await Promise.all([
        run('status eu-1'),
        run('status deployment/shop/web'),
        run('status -o markdown -c eu-*'),
      ])
      assert.doesNotMatch((await run('status --no-headers')).stdout, /CLUSTER/)
      assert.match(cluster.stdout, /^≠ eu-1: drifted for /)
      assert.match(subject.stdout, /^≠ Deployment\.apps\/shop\/web: 1 of 2 clusters synced/)
      assert.match(markdown.stdout, /^\| eu-1 \| eu \| ≠ drifted/m)
      assert.doesNotMatch(markdown.stdout, /us-1/)
    })

    it('refuses a cluster, an object, a state, a time and a form that are not there, with 2', async () => {
      await serve(drifting)
      const cases: readonly (readonly [line: string, stderr: RegExp])[] = [
        ['status eu-9', /^flotilla: no cluster of the fleet matches "eu-9"\n$/],
        ['status -c ap-*', /^flotilla: no cluster of the fleet matches "ap-\*"\n$/],
        ['status Deployment.apps/shop/wbe', /did you mean Deployment\.apps\/shop\/web\?\n$/],
        ['status --sync drfted', /"drfted" is none of unreachable, /],
        ['status --wait --timeout soon', /^flotilla: --timeout soon: expected a duration such as 90s/],
        ['status -o table', /Allowed choices are wide, json, yaml, name, markdown\./],
        ['status --watch -o yaml', /^flotilla: --watch shows text or json, not yaml\n$/],
        ['status a b', /too many arguments/],
        ['status --server ftp://x', /^flotilla: ftp:\/\/x is no http or https URL\n$/],
      ]
      for (const [line, stderr] of cases) {
        const ended = await run(line)
        assert.deepEqual([ended.code, ended.stdout], [2, ''], line)
        assert.match(ended.stderr, stderr)
      }
    })

    it('ends quietly when who reads it has read enough', async () => {
      const many = Array.from({ length: 3000 }, (_, i) => clusterOf(`c${i}`, 'eu', { objects: [objectOf(web)] }))
      await serve(fleetOf(many))
      const { child, ended } = start(['status', '-o', 'json'], env)
      child.stdout?.once('data', () => child.stdout?.destroy())
      const { code, stderr } = await ended
      assert.equal(code, 141)
      assert.doesNotMatch(stderr, /EPIPE|at /)
    })
  })

  describe('status --wait', () => {
    it('is done at once where all is synced: 0', async () => {
      await serve(synced)
      const { code, stdout, stderr } = await run('status --wait')
      assert.equal(code, 0)
      assert.match(stdout, /^✔ shop: 2 of 2 clusters synced/)
      assert.equal(stderr, 'All 2 clusters are synced.\n')
    })

    it('says what it waits for, and is done when it comes', async () => {
      const served = await serve(progressing)
      const { ended, until } = start(['status', '--wait'], env)
      await until(/waiting: eu-1 progressing: Deployment\.apps\/shop\/web 2 of 3 replicas updated/)
      served.tell(synced)
      const { code, stderr } = await ended
      assert.equal(code, 0)
      assert.match(stderr, /^waiting: .*\nAll 2 clusters are synced\.\n$/)
    })

    it('fails with 1 and the reason where something failed', async () => {
      await serve(degraded)
      const { code, stderr } = await run('status --wait')
      assert.equal(code, 1)
      assert.match(stderr, /flotilla: failed: eu-1 degraded: Deployment\.apps\/shop\/cart ProgressDeadlineExceeded/)
    })

    it('gives up with 8 when the time is over, and says what was missing', async () => {
      await serve(progressing)
      const { code, stdout, stderr } = await run('status --wait --timeout 1s')
      assert.equal(code, 8)
      assert.match(stdout, /◌ progressing/)
      assert.match(stderr, /flotilla: not synced within 1s: eu-1 progressing: /)
    })

    it('waits for one object alone, whatever the rest does', async () => {
      const other = objectOf('Job.batch/shop/other', { health: 'Failed' })
      await serve(fleetOf([clusterOf('a', '', { sync: 'degraded', objects: [objectOf(web), other] })]))
      assert.equal((await run(`status ${web} --wait`)).code, 0)
      assert.equal((await run('status --wait')).code, 1)
    })

    it('ends with 130 when it is interrupted', async () => {
      await serve(progressing)
      const { child, ended, until } = start(['status', '--wait'], env)
      await until(/waiting: /)
      child.kill('SIGINT')
      assert.equal((await ended).code, 130)
    })

    it('waits for a daemon that went away, and goes on when it is back', async () => {
      const served = await serve(progressing)
      const { ended, until } = start(['status', '--wait'], env)
      await until(/waiting: eu-1/)
      await served.close()
      await until(/no daemon answers|closed the connection/)
      daemon = await startFakeDaemon(synced, { port: served.port })
      assert.equal((await ended).code, 0)
    })
  })

  describe('status --watch', () => {
    it('in a pipe shows the table once, then a line for each cluster that changed, until it is interrupted', async () => {
      const served = await serve(drifting)
      const { child, ended, until } = start(['status', '--watch'], env)
      await until(/1 of 2 clusters synced; 1 drifted\.\n/)
      served.tell(fleetOf([{ ...eu, sync: 'synced', objects: [] }, us]))
      await until(/eu-1 {2}✔ synced/)
      child.kill('SIGINT')
      const { code, stdout } = await ended
      assert.equal(code, 130)
      assert.equal(stdout.match(/^CLUSTER/gm)?.length, 1)
      assert.match(stdout, /\n\d\d\d\d-\d\d-\d\d \d\d:\d\d:\d\dZ {2}eu-1 {2}✔ synced {8}412\/412 {2}9b07d51\n$/)
    })

    it('writes one line of JSON a change', async () => {
      const served = await serve(drifting)
      const { child, ended, until } = start(['status', '--watch', '-o', 'json'], env)
      await until(/\}\n/)
      served.tell(synced)
      await until(/\}\n.*\}\n/)
      child.kill('SIGTERM')
      const { code, stdout } = await ended
      const events = stdout
        .trimEnd()
        .split('\n')
        .map((line) => fleetStatusSchema.parse(JSON.parse(line)))
      assert.equal(code, 130)
      assert.deepEqual(
        events.map(({ clusters }) => clusters.length),
        [2, 2],
      )
    })
  })

  describe('diff', () => {
    const lost = { cluster: 'us-1', drifts: [], problem: 'the cluster cannot be reached' }
    const cases: readonly (readonly [what: string, options: FakeOptions, code: number, stderr: string])[] = [
      ['equal', { diffs: [{ cluster: 'eu-1', drifts: [], problem: '' }] }, 0, 'No differences in eu-1.\n'],
      [
        'different',
        { diffs: [{ cluster: 'eu-1', drifts: [scaled()], problem: '' }] },
        1,
        '1 field of 1 object drifted in eu-1.\n',
      ],
      [
        'not to be told',
        { diffs: [{ cluster: 'eu-1', drifts: [scaled()], problem: '' }, lost] },
        2,
        '1 field of 1 object drifted in eu-1. 1 cluster could not be compared.\n',
      ],
    ]
    for (const [what, options, code, stderr] of cases) {
      it(`exits with ${code} where clusters are ${what}, and says so in a sentence`, async () => {
        await serve(drifting, options)
        const ended = await run('diff')
        assert.deepEqual([ended.code, ended.stderr], [code, stderr])
        if (code === 0) assert.equal(ended.stdout, '')
        if (code === 1)
          assert.match(
            ended.stdout,
            /- 7 {3}live {4}manager kubectl \(scale\)\n {4}\+ 1 {3}wanted {2}workloads\/web\.yaml\n$/,
          )
      })
    }

    it('is data, a table, names and Markdown, and compares only what was asked for', async () => {
      const diffs = [
        { cluster: 'eu-1', drifts: [scaled()], problem: '' },
        { cluster: 'us-1', drifts: [scaled()], problem: '' },
      ]
      await serve(drifting, { diffs })
      const [json, wide, name, markdown, one, unknown] = await Promise.all([
        run('diff -o json'),
        run('diff -o wide'),
        run('diff -o name'),
        run('diff -o markdown'),
        run('diff -o name -c us-*'),
        run('diff -c ap-1'),
      ])
      assert.deepEqual(
        diffReportSchema.parse(JSON.parse(json.stdout)).clusters.map(({ cluster }) => cluster),
        ['eu-1', 'us-1'],
      )
      assert.match(
        wide.stdout,
        /^CLUSTER {2}SUBJECT .*\neu-1 {5}Deployment\.apps\/shop\/web {2}\/spec\/replicas {2}7 {5}1 /,
      )
      assert.equal(name.stdout, `eu-1 ${web}\nus-1 ${web}\n`)
      assert.match(markdown.stdout, /^\*\*2 fields of 2 objects drifted in 2 clusters\.\*\*/)
      assert.equal(one.stdout, `us-1 ${web}\n`)
      assert.deepEqual(
        [json, wide, name, markdown, one, unknown].map(({ code }) => code),
        [1, 1, 1, 1, 1, 2],
      )
    })
  })

  it('observe prints the facts as render reads them', async () => {
    const facts = observationsSchema.parse({ clusters: { 'eu-1': { reachable: true } } })
    await serve(drifting, { observations: facts })
    const { code, stdout, stderr } = await run('observe')
    assert.deepEqual([code, JSON.parse(stdout), stderr], [0, facts, 'Facts about 1 cluster.\n'])
  })

  it('sync says what was rendered, and exits with 1 where that failed', async () => {
    const served = await serve(synced)
    const fine = await run('sync')
    assert.deepEqual(fine, { code: 0, stdout: '', stderr: 'main 4f1c2e9 is rendered as generated 9b07d51.\n' })
    assert.equal(served.syncs(), 1)
    served.tell({ ...synced, source: { ...synced.source, problem: 'cannot be reached:\nno route' } })
    const failed = await run('sync')
    assert.equal(failed.code, 1)
    assert.equal(
      failed.stderr,
      'flotilla: main: cannot be reached: no route\nmain 4f1c2e9 is rendered as generated 9b07d51, as before.\n',
    )
  })
})
