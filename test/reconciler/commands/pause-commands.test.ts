import assert from 'node:assert/strict'
import { parse } from 'yaml'
import type { FleetStatus } from '../../../reconciler/server/types.ts'
import { historyReportSchema } from '../../../reconciler/server/wire.ts'
import { type FakeDaemon, type FakeOptions, startFakeDaemon } from '../server/fake-daemon.ts'
import { clusterOf, fleetOf, objectOf, scaled } from '../views/fleet.ts'
import { flotilla } from './cli.ts'

const web = 'Deployment.apps/shop/web'
const eu = clusterOf('eu-1', 'eu', { sync: 'drifted', objects: [objectOf(web, { drift: scaled() })] })
const us = clusterOf('us-1', 'us', { objects: [objectOf(web)] })
const drifting = fleetOf([eu, us], { sync: 'drifted' })

describe('a command about what is left alone or was written over', function () {
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
  const run = (line: string) => flotilla(line.split(' '), env)

  describe('pause and resume', () => {
    const pause = {
      subject: web,
      until: new Date(Date.now() + 7_200_000).toISOString(),
      reason: 'INC-42',
      by: 'ann@desk (127.0.0.1)',
      at: new Date().toISOString(),
    }
    const done = () => ({ type: 'done', cluster: 'eu-1', pause }) as const

    it('say what is paused until when, by whom and why, and give it to programs', async () => {
      const { asked } = await serve(drifting, { onPause: done, onResume: done })
      const paused = await flotilla(['pause', web, '-c', 'eu-1', '--for', '90m', '--reason', 'INC-42 hotfix'], env)
      assert.equal(paused.code, 0, paused.stderr)
      assert.equal(paused.stdout, '')
      assert.match(paused.stderr, /^Deployment\.apps\/shop\/web in eu-1 is paused until \S+Z by ann@desk .*: INC-42\. /)
      assert.deepEqual(
        [asked[0]?.cluster, asked[0]?.subject, asked[0]?.forMs, asked[0]?.reason],
        ['eu-1', web, 90 * 60_000, 'INC-42 hotfix'],
      )
      assert.match(asked[0]?.by ?? '', /^\S+@\S+ \(.*127\.0\.0\.1\)$/)
      const [whole, resumed] = await Promise.all([
        run('pause --cluster eu-1 -o json'),
        run(`resume ${web} -c eu-1 -o yaml`),
      ])
      assert.deepEqual(JSON.parse(whole.stdout), { cluster: 'eu-1', ...pause })
      assert.ok(asked.some(({ forMs, subject }) => forMs === 7_200_000 && subject === undefined))
      assert.deepEqual(parse(resumed.stdout), { cluster: 'eu-1', ...pause })
      assert.match(resumed.stderr, /no longer paused \(it was by ann@desk \(127\.0\.0\.1\): INC-42\)/)
    })

    it('exit with 2 where nothing is in force: a wrong name, no cluster named, no daemon', async () => {
      await serve(drifting)
      const [refused, nowhere, tooLong, silent] = await Promise.all([
        run(`pause ${web} -c eu-9`),
        run(`pause ${web}`),
        run('pause -c eu-1 --for 8d'),
        run('resume -c eu-1 --server http://127.0.0.1:1'),
      ])
      assert.deepEqual([refused.code, nowhere.code, tooLong.code, silent.code], [2, 2, 2, 2])
      assert.match(refused.stderr, /nothing of that name/)
      assert.match(nowhere.stderr, /required option '-c, --cluster <name>'/)
      assert.match(tooLong.stderr, /at most 7d/)
      assert.match(silent.stderr, /no daemon answers/)
    })
  })

  describe('diff --history', () => {
    const { subject, reason, fields } = scaled()
    const entries = [
      { subject: 'ConfigMap/shop/gone', at: '2026-11-24T14:01:00.000Z', times: 1, reason, fields },
      { subject, at: '2026-11-24T14:00:00.000Z', times: 3, reason, fields },
    ]
    const histories = [
      { cluster: 'eu-1', entries, problem: '' },
      { cluster: 'us-1', entries: [], problem: '' },
    ]

    it('shows what was written over, of all or of one object, in every form', async () => {
      await serve(drifting, { histories })
      const [text, one, json, markdown, name, unknown] = await Promise.all([
        run('diff --history'),
        run('diff --history deployment/shop/web -c eu-1'),
        run('diff --history -o json'),
        run('diff --history -o markdown'),
        run('diff --history configmap/shop/gone -o name'),
        run('diff --history ConfigMap/shop/gnoe'),
      ])
      assert.deepEqual([text.code, one.code, json.code, markdown.code, name.code, unknown.code], [0, 0, 0, 0, 0, 2])
      assert.match(text.stdout, /^≠ eu-1 {2}ConfigMap\/shop\/gone {4}healed .*\n {4}\/spec\/replicas\n/)
      assert.match(text.stderr, /^2 fields of 2 objects were written over, the last \S+ ago\.\n$/)
      assert.doesNotMatch(one.stdout, /gone/)
      assert.match(one.stdout, /3×/)
      assert.equal(historyReportSchema.parse(JSON.parse(json.stdout)).clusters[0]?.entries.length, 2)
      assert.match(markdown.stdout, /^\| eu-1 \| Deployment\.apps\/shop\/web \| \/spec\/replicas \| 7 \| 1 \|/m)
      assert.equal(name.stdout, 'eu-1 ConfigMap/shop/gone\n')
      assert.match(unknown.stderr, /did you mean ConfigMap\/shop\/gone\?/)
    })

    it('exits with 2 where nothing is known of a cluster, which is not the same as nothing', async () => {
      await serve(drifting, {
        histories: [{ cluster: 'eu-1', entries: [], problem: 'the cluster was not reached yet' }],
      })
      const { code, stdout, stderr } = await run('diff --history')
      assert.equal(code, 2)
      assert.match(stdout, /eu-1 {2}is not known: the cluster was not reached yet/)
      assert.equal(stderr, 'Of 1 cluster nothing is known.\n')
    })
  })

  it('diff takes one object, and says of one that is paused until when', async () => {
    const until = '2026-11-24T16:00:00.000Z'
    const pauses = [{ subject: web, until, reason: 'INC-42', by: 'ann', at: '2026-11-24T14:00:00.000Z' }]
    const other = scaled({ subject: 'ConfigMap/shop/flags' })
    await serve(drifting, { diffs: [{ cluster: 'eu-1', drifts: [scaled(), other], problem: '', pauses }] })
    const [one, wrong] = await Promise.all([run('diff deployment/shop/web'), run('diff deployment/shop/wbe')])
    assert.equal(one.code, 1)
    assert.doesNotMatch(one.stdout, /flags/)
    assert.match(one.stdout, /paused until .*16:00:00Z by ann: INC-42/)
    assert.equal(wrong.code, 2)
  })
})
