import assert from 'node:assert/strict'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type CaptureFlags, captureCommand } from '../../../reconciler/commands/capture.ts'
import type { Overwritten } from '../../../reconciler/member/history.ts'
import type { FleetStatus } from '../../../reconciler/server/types.ts'
import { clusters, fleet as fleetDocument } from '../../render/helper.ts'
import { describeReal } from '../../testbed/binaries.ts'
import type { Ended } from '../commands/cli.ts'
import { recorded } from '../commands/recorded.ts'
import { type Fleet, startFleet, temporaryFolder } from '../git/fleet.ts'
import { type FakeDaemon, type FakeOptions, startFakeDaemon } from '../server/fake-daemon.ts'
import { clusterOf, fleetOf, objectOf, scaled } from '../views/fleet.ts'

const web = 'Deployment.apps/shop/web'
const workload = `# of the shop team
apiVersion: types.kubefed.io/v1beta1
kind: FederatedDeployment
metadata: {name: web, namespace: shop}
spec:
  placement: {clusters: [{name: eu-1}, {name: us-1}]} # both
  template:
    spec:
      replicas: 1
`
const overrides = (replicas: number) =>
  `  overrides:\n    - clusterName: eu-1\n      clusterOverrides:\n        - path: /spec/replicas\n          value: ${replicas}\n`
const object = objectOf(web, { source: 'w.yaml' })
const quiet = fleetOf([clusterOf('eu-1', 'eu', { objects: [object] }), clusterOf('us-1', 'us', { objects: [object] })])
const drifting: FakeOptions = { diffs: [{ cluster: 'eu-1', drifts: [scaled()], problem: '' }], ...kept([]) }

function kept(entries: readonly Overwritten[], problem = ''): FakeOptions {
  return { histories: [{ cluster: 'eu-1', entries, problem }] }
}

function healed(change: Partial<Overwritten> = {}): FakeOptions {
  const { subject, fields } = scaled()
  const entry = { subject, at: '2026-11-24T02:58:40.000Z', times: 1, reason: 'changed' as const, fields, ...change }
  return { diffs: [{ cluster: 'eu-1', drifts: [], problem: '' }], ...kept([entry]) }
}

describeReal('flotilla capture', ['git'], () => {
  let fleet: Fleet
  let folder = ''
  let daemon: FakeDaemon | undefined
  let tip = ''
  beforeEach(async () => {
    fleet = await startFleet()
    folder = temporaryFolder()
    fleet.people.remove('workloads')
    fleet.people.write('flotilla.yaml', fleetDocument)
    fleet.people.write('clusters.yaml', clusters(['eu-1', 'us-1']))
    fleet.people.write('w.yaml', workload)
    tip = await fleet.people.commit('Begin')
    await fleet.people.push()
  })
  afterEach(async () => {
    await daemon?.close()
    daemon = undefined
    rmSync(folder, { recursive: true, force: true })
    await fleet.stop()
  })

  const serve = async (options: FakeOptions, status: FleetStatus = quiet) => {
    await daemon?.close()
    daemon = await startFakeDaemon(status, options)
  }
  const captureIt = (change: Partial<CaptureFlags> = {}, name = 'deployment/shop/web'): Promise<Ended> => {
    const flags: CaptureFlags = {
      ...{ server: daemon?.url ?? '', cluster: 'eu-1', field: [], forge: 'none' as const },
      ...{ repo: fleet.url, branch: 'main', generatedBranch: 'generated', dir: join(folder, 'c') },
      ...change,
    }
    return recorded((context) => captureCommand(name, flags, context), {
      GIT_AUTHOR_NAME: 'Ann',
      GIT_AUTHOR_EMAIL: 'ann@example.com',
    })
  }

  it('makes of what differs now a branch of one commit upon the source branch, once', async () => {
    await serve(drifting)
    const { code, stdout, stderr } = await captureIt()
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^flotilla\/capture-eu-1-web-[0-9a-f]{8}\n$/)
    assert.match(stderr, /^w\.yaml: \/spec\/replicas 1 → 7, by kubectl \(scale\), since .*; override added/)
    const branch = stdout.trim()
    assert.equal(fleet.git('show', `${branch}:w.yaml`), (workload + overrides(7)).trim())
    assert.equal(fleet.git('log', '-1', '--format=%P %an <%ae>', branch), `${tip} Ann <ann@example.com>`)
    assert.match(
      fleet.git('log', '-1', '--format=%B', branch),
      /^Capture \/spec\/replicas of Deployment\.apps\/shop\/web in eu-1\n\n- \/spec\/replicas: 1 → 7, by kubectl \(scale\), there since /,
    )
    assert.equal(fleet.git('diff', '--name-only', `${tip}..${branch}`), 'w.yaml')

    // The same commit upon the same tip, made within a second, is the very same.
    await fleet.people.commit('Go on')
    await fleet.people.push()
    const again = await captureIt()
    assert.equal(again.code, 1)
    assert.match(again.stderr, /the branch flotilla\/capture-\S+ is there already; merge it, or delete it/)
  })

  it('takes what was written over where nothing differs, under the title that was given', async () => {
    await serve(healed())
    const { code, stdout, stderr } = await captureIt({ message: 'Give eu-1 more replicas' })
    assert.equal(code, 0, stderr)
    assert.match(stderr, /by kubectl \(scale\), written over .*02:58:40Z; override added \(\/spec\/replicas\)/)
    assert.match(
      fleet.git('log', '-1', '--format=%B', stdout.trim()),
      /^Give eu-1 more replicas\n\n- \/spec\/replicas: 1 → 7, by kubectl \(scale\), written over 2026-11-24T02:58:40Z$/,
    )
  })

  it('writes into a folder and commits nothing, and only shows it where it is asked to', async () => {
    await serve(drifting)
    const source = fleet.people.folder
    const file = join(source, 'w.yaml')
    const shown = await captureIt({ source, dryRun: true })
    assert.equal(shown.code, 0, shown.stderr)
    assert.match(shown.stdout, /^diff --git a\/w\.yaml b\/w\.yaml\n.*\+ {2}overrides:\n/s)
    assert.equal(readFileSync(file, 'utf8'), workload)
    const written = await captureIt({ source })
    assert.deepEqual([written.code, written.stdout], [0, 'w.yaml\n'], written.stderr)
    assert.equal(readFileSync(file, 'utf8'), workload + overrides(7))
    assert.equal(await fleet.people.git('rev-parse', 'HEAD'), tip)
    const again = await captureIt({ source })
    assert.equal(again.code, 1)
    assert.match(again.stderr, /^flotilla: Git says so already: \/spec\/replicas/)
  })

  it('shows the change of a branch and pushes nothing', async () => {
    await serve(drifting)
    const { code, stdout, stderr } = await captureIt({ dryRun: true })
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^diff --git a\/w\.yaml .*\+ {10}value: 7\n$/s)
    assert.match(stderr, /not written: branch flotilla\/capture-eu-1-web-\S+, "Capture \/spec\/replicas of /)
    assert.equal(fleet.git('for-each-ref', '--format=%(refname)', 'refs/heads/flotilla/'), '')
  })

  it('tells programs what it did', async () => {
    await serve(drifting)
    const { code, stdout, stderr } = await captureIt({ output: 'json' })
    assert.equal(code, 0, stderr)
    const { branch, ...said } = JSON.parse(stdout)
    assert.match(branch, /^flotilla\/capture-/)
    assert.deepEqual(said, {
      ...{ subject: web, cluster: 'eu-1', file: 'w.yaml', outcome: 'pushed' },
      fields: [
        {
          ...{ path: '/spec/replicas', live: 7, wanted: 1, manager: 'kubectl (scale)' },
          ...{ from: 'live', at: scaled().since, pointer: '/spec/replicas', before: 1, override: 'added' },
        },
      ],
    })
  })

  it('says how the pause ends, and takes its reason into the commit', async () => {
    const until = new Date(Date.now() + 3_600_000).toISOString()
    const pause = { subject: web, until, reason: 'INC-42', by: 'ann@desk', at: until }
    const paused = fleetOf([clusterOf('eu-1', 'eu', { objects: [{ ...object, pause }] })])
    await serve(drifting, paused)
    const { code, stdout, stderr } = await captureIt()
    assert.equal(code, 0, stderr)
    assert.match(
      stderr,
      /is paused until .* by ann@desk: INC-42; once it is merged: flotilla resume Deployment\.apps\/shop\/web -c eu-1\./,
    )
    assert.match(fleet.git('log', '-1', '--format=%B', stdout.trim()), /\nPaused meanwhile by ann@desk: INC-42$/)
  })

  const refusals: readonly (readonly [
    what: string,
    options: FakeOptions,
    flags: Partial<CaptureFlags>,
    code: number,
    says: RegExp,
    name?: string,
  ])[] = [
    [
      'nothing to capture',
      healed({ subject: 'ConfigMap/shop/x' }),
      {},
      1,
      /is as Git says, and nothing that was written over is known/,
    ],
    ['a field that cannot be captured', healed({ reason: 'deleted', fields: [] }), {}, 1, /was deleted in eu-1/],
    ['no such cluster', drifting, { cluster: 'eu-2' }, 2, /eu-2/],
    ['several clusters', drifting, { cluster: '*-1' }, 2, /capture takes one cluster, and "\*-1" names 2/],
    [
      'no such object',
      drifting,
      {},
      2,
      /eu-1 should run no Deployment\.apps\/shop\/wbe; did you mean Deployment\.apps\/shop\/web\?/,
      'Deployment.apps/shop/wbe',
    ],
    ['neither repository nor folder', drifting, { repo: undefined }, 2, /say where it goes: --repo/],
    ['no such branch', drifting, { branch: 'trunk' }, 2, /the source has no branch "trunk"/],
    [
      'a cluster that cannot be compared',
      { ...kept([]), diffs: [{ cluster: 'eu-1', drifts: [], problem: 'no route' }] },
      {},
      2,
      /what differs in eu-1 now cannot be told: no route; --history takes what was written over last/,
    ],
    [
      'a history that is not known',
      { ...drifting, ...kept([], 'never reached') },
      {},
      2,
      /what was written over in eu-1 is not known: never reached/,
    ],
  ]
  for (const [what, options, flags, code, says, name] of refusals)
    it(`exits with ${code} for ${what}, and makes no branch`, async () => {
      await serve(options)
      const ended = await captureIt(flags, name)
      assert.deepEqual([ended.code, ended.stdout], [code, ''], ended.stderr)
      assert.match(ended.stderr, says)
      assert.equal(fleet.git('for-each-ref', '--format=%(refname)', 'refs/heads/flotilla/'), '')
    })

  it('takes what was written over of a cluster that cannot be compared, where it is asked to', async () => {
    await serve({ ...healed(), diffs: [{ cluster: 'eu-1', drifts: [], problem: 'no route' }] })
    const { code, stderr } = await captureIt({ history: true })
    assert.equal(code, 0, stderr)
  })
})
