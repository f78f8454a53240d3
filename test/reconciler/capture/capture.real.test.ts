import assert from 'node:assert/strict'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { systemClock } from '../../../reconciler/clock.ts'
import { type CaptureFlags, captureCommand } from '../../../reconciler/commands/capture.ts'
import { type Daemon, startDaemon } from '../../../reconciler/daemon.ts'
import { openRepository } from '../../../reconciler/git/open.ts'
import { createMetrics } from '../../../reconciler/server/metrics.ts'
import { startServer } from '../../../reconciler/server/server.ts'
import { getIn, type Json, type JsonPath } from '../../../repo-layout/json.ts'
import { describeReal } from '../../testbed/binaries.ts'
import { startGitea } from '../../testbed/gitea.ts'
import { describeMembers } from '../../testbed/members.ts'
import { removeAtExit } from '../../testbed/processes.ts'
import { sharedControlPlanes } from '../../testbed/shared.ts'
import { createWorkTree } from '../../testbed/work-tree.ts'
import type { Ended } from '../commands/cli.ts'
import { recorded } from '../commands/recorded.ts'
import { deployment, yaml } from '../daemon/documents.ts'
import { branches, eventually, needs, withFleet } from '../daemon/harness.ts'
import { memberOver, pathOf, type TestMember } from '../daemon/members.ts'
import { uncounted } from '../daemon/uncounted.ts'

const replicas: JsonPath = ['spec', 'replicas']
const image: JsonPath = ['spec', 'template', 'spec', 'containers', 0, 'image']
const everywhere = { everywhere: true }

/** Runs the command against a daemon of this process. */
async function captureFrom(
  daemon: Daemon,
  flags: Partial<CaptureFlags> & Pick<CaptureFlags, 'cluster'>,
  subject: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const options = { port: 0, logger: pino({ level: 'silent' }), metrics: createMetrics({ version: '1' }) }
  const server = await startServer({ api: daemon, ...options })
  const all: CaptureFlags = {
    ...{ server: `http://127.0.0.1:${server.port}`, field: [], forge: 'none' as const },
    ...{ branch: branches.source, generatedBranch: branches.generated },
    ...flags,
  }
  try {
    return await recorded((context) => captureCommand(subject, all, context), env)
  } finally {
    await server.close()
  }
}

/** As somebody with kubectl would. */
function scale(member: TestMember, path: string, count: number): Promise<unknown> {
  return member.send('PATCH', `${path}?fieldManager=kubectl-edit`, { spec: { replicas: count } })
}

describeMembers('capturing a hotfix', needs, () => {
  it('takes what was healed, and then what is paused, into Git, where it stays', () =>
    withFleet({ clusters: ['c1', 'c2'] }, async (fleet) => {
      const path = pathOf.deployment(fleet.ns, 'web')
      const subject = `Deployment.apps/${fleet.ns}/web`
      const [c1, c2] = [fleet.member('c1'), fleet.member('c2')]
      fleet.people.write('w.yaml', `# of the web team\n${yaml(deployment(fleet.ns, 'web', 3, everywhere))}`)
      await fleet.push('Write the workload')
      const daemon = await fleet.start()
      await daemon.applied()
      const drifts = async () => (await daemon.diff(['c1', 'c2'])).flatMap((one) => one.drifts)
      const kept = () => daemon.history(['c1']).flatMap(({ entries }) => entries)
      const captureIt = async () => {
        const ended = await captureFrom(
          daemon,
          { cluster: 'c1', repo: fleet.url, dir: join(fleet.folder, 'capture') },
          `deployment/${fleet.ns}/web`,
        )
        assert.equal(ended.code, 0, ended.stderr)
        await fleet.people.git('fetch', '--quiet')
        await fleet.people.git('merge', '--quiet', '--no-ff', '--no-edit', `origin/${ended.stdout.trim()}`)
        await fleet.people.push()
        await daemon.applied()
        return ended
      }

      await scale(c1, path, 7)
      await eventually(() => kept().length === 1, 'it is written over')
      await eventually(async () => (await c1.value(path, replicas)) === 3, 'it is healed')
      const healed = await captureIt()
      assert.match(healed.stderr, /\/spec\/replicas 3 → 7, by kubectl-edit, written over /)
      assert.deepEqual([await c1.value(path, replicas), await c2.value(path, replicas)], [7, 3])
      assert.deepEqual(await drifts(), [])

      const order = { cluster: 'c1', subject, forMs: 3_600_000, reason: 'INC-42', by: 'ann' }
      assert.equal((await daemon.pause(order)).type, 'done')
      const containers = [{ name: 'web', image: 'nginx:2' }]
      await c1.send('PATCH', `${path}?fieldManager=kubectl-edit`, {
        spec: { replicas: 8, template: { spec: { containers } } },
      })
      const paused = await captureIt()
      assert.match(paused.stderr, /once it is merged: flotilla resume/)
      assert.deepEqual(await drifts(), [], 'nothing differs from Git while it is paused')
      assert.equal((await daemon.resume({ cluster: 'c1', subject, by: 'ann' })).type, 'done')
      await daemon.applied()
      assert.deepEqual(await drifts(), [])
      assert.deepEqual([await c1.value(path, replicas), await c1.value(path, image)], [8, 'nginx:2'])
      assert.deepEqual([await c2.value(path, replicas), await c2.value(path, image)], [3, 'nginx:1'])
      assert.equal(kept().length, 1, 'nothing was written over since')
      assert.match(fleet.git('show', 'main:w.yaml'), /^# of the web team\n/)

      await scale(c1, path, 3)
      await eventually(() => kept().length === 2, 'it is written over again')
      await captureIt()
      assert.doesNotMatch(fleet.git('show', 'main:w.yaml'), /spec\/replicas/, 'the override is not needed any more')
      assert.equal(await c1.value(path, replicas), 3)
      assert.deepEqual(await drifts(), [])
    }))
})

describeReal('capturing a hotfix through a real Gitea', ['gitea', ...needs], function () {
  this.timeout(120_000)
  const ns = `capture-${process.pid}`
  const ends: (() => Promise<unknown> | unknown)[] = []
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
  })

  it('opens the pull request that, merged, gives the cluster what was healed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flotilla-capture-'))
    removeAtExit(folder)
    const gitea = await startGitea()
    ends.push(gitea.stop)
    const url = await gitea.createRepo('fleet', { init: true })
    const people = await createWorkTree(gitea.urlWithCredential('fleet'))
    ends.push(people.dispose)
    const [plane] = await sharedControlPlanes(1)
    assert.ok(plane)
    const member = await memberOver(plane, 'c1', folder)
    ends.push(member.gate.stop, () => member.clean(ns, [ns]))
    const apiVersion = 'flotilla.dev/v1alpha1'
    const connection = { kubeConfigFile: { path: member.kubeconfig } }
    const cluster = { apiVersion, kind: 'Cluster', metadata: { name: 'c1' }, spec: { connection } }
    people.write('flotilla.yaml', yaml({ apiVersion, kind: 'Fleet', metadata: { name: ns } }))
    people.write('clusters/c1.yaml', yaml(cluster))
    people.write('w.yaml', yaml(deployment(ns, 'web', 3, everywhere)))
    await people.commit('Begin')
    await people.push()

    const auth = { type: 'basic', username: gitea.user, password: gitea.token } as const
    const repository = await openRepository({ url, branches, auth, dir: join(folder, 'clone'), clock: systemClock })
    const daemon = startDaemon({
      ...{ repository, branches, clock: systemClock, renderer: 'flotilla test', anew: true, metrics: uncounted },
      ...{ readSecret: async () => undefined, notNewFleet: async () => undefined, log: pino({ level: 'silent' }) },
    })
    ends.push(() => daemon.stop())
    const path = pathOf.deployment(ns, 'web')
    const has = (count: number) => async () => (await member.value(path, replicas)) === count
    await daemon.sync()
    await eventually(has(3), 'the workload is there')
    await scale(member, path, 7)
    await eventually(() => daemon.history(['c1']).some(({ entries }) => entries.length > 0), 'it is written over')
    await eventually(has(3), 'it is healed')

    const ended = await captureFrom(
      daemon,
      { cluster: 'c1', repo: url, dir: join(folder, 'capture'), forge: 'gitea', output: 'json' },
      `Deployment.apps/${ns}/web`,
      { FLOTILLA_GIT_USERNAME: gitea.user, FLOTILLA_GIT_PASSWORD: gitea.token, FLOTILLA_FORGE_TOKEN: gitea.token },
    )
    assert.equal(ended.code, 0, ended.stderr)
    const said: Json = JSON.parse(ended.stdout)
    const number = Number(getIn(said, ['pull', 'number']))
    const pulls = `/repos/${gitea.user}/fleet/pulls/${number}`
    const { body: pull } = await gitea.api('GET', pulls)
    assert.equal(getIn(pull, ['html_url']), getIn(said, ['pull', 'url']))
    assert.equal(getIn(pull, ['title']), `Capture /spec/replicas of Deployment.apps/${ns}/web in c1`)
    assert.match(String(getIn(pull, ['body'])), /\| \/spec\/replicas \| 3 \| 7 \| kubectl-edit \| written over /)
    assert.equal(getIn(pull, ['changed_files']), 1)

    const merged = await eventually(async () => {
      const { status } = await gitea.api('POST', `${pulls}/merge`, { Do: 'merge' })
      return status < 300
    }, 'it is merged')
    assert.ok(merged)
    await daemon.sync()
    await eventually(has(7), 'the cluster has what was set by hand')
    await daemon.settled()
    assert.deepEqual(
      (await daemon.diff(['c1'])).flatMap(({ drifts }) => drifts),
      [],
    )
  })
})
