import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openClient } from '../../../reconciler/commands/client.ts'
import type { ObjectStatus } from '../../../reconciler/member/types.ts'
import type { FleetPlan } from '../../../reconciler/plan/types.ts'
import { getIn, type KubeObject } from '../../../repo-layout/json.ts'
import { subjectOf } from '../../../repo-layout/subject.ts'
import { kubectl } from '../../deploy/kubectl.ts'
import { describeReal } from '../../testbed/binaries.ts'
import { type ControlPlane, startControlPlane } from '../../testbed/control-plane.ts'
import { controllerBinaries } from '../../testbed/controllers.ts'
import { removeAtExit } from '../../testbed/processes.ts'
import { gitEnvironment } from '../../testbed/work-tree.ts'
import { flotilla, type RunningCommand, start } from '../commands/cli.ts'
import { yaml } from '../daemon/documents.ts'
import { eventually } from '../member/support.ts'
import { type Adopt, federate, fill, filled, liveObjects, shop, substance } from './filled-cluster.ts'
import { documentedMarks, marksIn } from './marks.ts'

const needs = ['etcd', 'kube-apiserver', 'kubectl', 'helm', ...controllerBinaries]
const apiVersion = 'flotilla.dev/v1alpha1'

type Objects = ReadonlyMap<string, ObjectStatus>

describeReal('Flotilla on a cluster that is already alive', needs, function () {
  this.timeout(300_000)
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-filled-'))
  removeAtExit(folder)
  const fleet = join(folder, 'fleet')
  let plane: ControlPlane
  let daemon: RunningCommand | undefined
  let api = ''
  /** Every object as it was before Flotilla came. */
  let filledWith: ReadonlyMap<string, KubeObject>

  const git = (...args: readonly string[]) =>
    execFileSync('git', ['-c', 'user.name=Test', '-c', 'user.email=test@example.com', ...args], {
      cwd: fleet,
      env: { ...process.env, ...gitEnvironment() },
      stdio: 'pipe',
    })
  const write = (path: string, text: string) => writeFileSync(join(fleet, path), text)
  const writeFleet = (spec: object) =>
    write(
      'flotilla.yaml',
      yaml({
        apiVersion,
        kind: 'Fleet',
        metadata: { name: 'shop', annotations: { 'flotilla.dev/fleet-uid': 'u-1' } },
        spec: { ...spec },
      }),
    )
  const writeCluster = (more: object = {}) => {
    const connection = { kubeConfigFile: { path: plane.kubeconfigPath } }
    write(
      'clusters/c1.yaml',
      yaml({ apiVersion, kind: 'Cluster', metadata: { name: 'c1' }, spec: { connection, ...more } }),
    )
  }
  const writeWorkloads = (adopt: (subject: string) => Adopt, change = (wanted: KubeObject) => wanted) => {
    const wanted = filled.flatMap((one) => (one.wanted ? [change(one.wanted)] : []))
    write('workloads/shop.yaml', yaml(...wanted.map((one) => federate(one, adopt(subjectOf(one))))))
  }
  const commit = (message: string) => {
    git('add', '--all')
    git('commit', '-q', '-m', message)
  }
  const marked = filled.filter(({ tool }) => tool !== undefined)
  const equal = filled.filter(({ tool, wanted, live }) => tool === undefined && wanted === live)
  const leftAlone = [...marked.map(({ live }) => subjectOf(live)), `ConfigMap/${shop}/differs`].sort()

  before(async () => {
    plane = await startControlPlane({ name: 'filled', controllers: true, audit: true })
    for (const path of [fleet, join(fleet, 'clusters'), join(fleet, 'workloads')]) mkdirSync(path)
    await fill(plane, folder)
    filledWith = await liveObjects(plane)
    writeFleet({})
    writeCluster()
    writeWorkloads(() => undefined)
    git('init', '-q', '-b', 'main')
    commit('Begin')
  })
  after(async () => {
    daemon?.child.kill('SIGTERM')
    await daemon?.ended
    await plane?.stop()
  })

  async function planned(): Promise<FleetPlan> {
    const { stdout, stderr, code } = await flotilla(['plan', '--repo', fleet, '-o', 'json'])
    assert.equal(code, 0, stderr)
    return JSON.parse(stdout)
  }

  /** Pulls, and waits until what became of the objects is `done`, as far as they are skipped; gives it. */
  async function synced(done: (skipped: readonly string[]) => boolean = () => true): Promise<Objects> {
    const client = openClient(api, {})
    try {
      await client.sync()
      return await eventually(
        async () => {
          const { clusters, generated } = await client.status({})
          const c1 = clusters[0]
          if (!c1 || c1.wantedCommit !== generated.commit || c1.sync === 'progressing') return undefined
          const objects: Objects = new Map(c1.objects.map((object) => [object.subject, object]))
          return done(skippedIn(objects)) ? objects : undefined
        },
        'the cluster to be as it should',
        60_000,
      )
    } finally {
      await client.close()
    }
  }

  function skippedIn(objects: Objects): readonly string[] {
    const skipped = [...objects.values()].filter(({ action }) => action === 'skipped' || action === 'failed')
    return skipped.map(({ subject }) => subject).sort()
  }

  async function unchangedSince(then: ReadonlyMap<string, KubeObject>): Promise<void> {
    assert.deepEqual(substance(await liveObjects(plane)), substance(then))
  }

  it('plans truthfully: takes what is equal, leaves alone what differs or has marks, says why, and writes nothing', async () => {
    const from = plane.auditEntries().length
    const plan = await planned()
    const objects = new Map(plan.clusters[0]?.objects.map((object) => [object.subject, object]))
    for (const { live } of equal) assert.equal(objects.get(subjectOf(live))?.how, 'adopted', subjectOf(live))
    assert.deepEqual(
      [...objects.values()]
        .filter(({ how }) => how === 'left alone')
        .map(({ subject }) => subject)
        .sort(),
      leftAlone,
    )
    for (const { live, tool } of marked)
      assert.match(
        objects.get(subjectOf(live))?.why ?? '',
        new RegExp(`managed by ${tool}.*flotilla.dev/adopt: Always`),
      )
    assert.match(objects.get(`ConfigMap/${shop}/differs`)?.why ?? '', /\/data\/k \(live "live", wanted "git"\)/)
    assert(!objects.has(`ConfigMap/${shop}/bystander`))
    assert.equal(plan.deletions.objects, 0)
    const writes = plane
      .auditEntries()
      .slice(from)
      .filter(
        ({ user, verb, requestURI }) =>
          user.username === 'admin' && !/^(get|list|watch)$/.test(verb) && !/dryRun=All/.test(requestURI),
      )
    assert.deepEqual(
      writes.map(({ verb, requestURI }) => `${verb} ${requestURI}`),
      [],
    )
  })

  it('runs, takes exactly what was planned, and changes nothing that it leaves alone by one byte', async () => {
    daemon = start(['run', '--repo', fleet, '--listen', '127.0.0.1:0', '--poll', '0 0 1 1 1 *'])
    let log = ''
    daemon.child.stderr?.on('data', (text) => (log += text))
    await daemon.until(/"msg":"flotilla is running"/)
    api = /"api":"([^"]+)"/.exec(log)?.[1] ?? ''
    const objects = await synced((skipped) => skipped.length === leftAlone.length)
    assert.deepEqual(skippedIn(objects), leftAlone)
    for (const { live } of equal) assert.equal(objects.get(subjectOf(live))?.action, 'configured', subjectOf(live))
    await unchangedSince(filledWith)
    const now = await liveObjects(plane)
    for (const subject of [...leftAlone, `ConfigMap/${shop}/bystander`])
      assert.deepEqual(now.get(subject), filledWith.get(subject), subject)
  })

  it('takes the rest when told at fleet, workload and object: no pod, ReplicaSet or generation changes', async () => {
    writeFleet({ sync: { adopt: 'Always' } })
    writeWorkloads((subject) =>
      !marked.some(({ live }) => subjectOf(live) === subject)
        ? undefined
        : subject.startsWith('ConfigMap/')
          ? 'object'
          : 'workload',
    )
    commit('Take the rest')
    await synced((skipped) => skipped.length === 0)
    const now = substance(await liveObjects(plane))
    const { [`ConfigMap/${shop}/differs`]: taken, ...rest } = now
    const { [`ConfigMap/${shop}/differs`]: _was, ...was } = substance(filledWith)
    assert.deepEqual(rest, was)
    assert.match(taken ?? '', /"k":"git"/)
  })

  it('lets a field go that leaves Git, whoever owned it before', async () => {
    writeWorkloads(
      (subject) => (marked.some(({ live }) => subjectOf(live) === subject) ? 'workload' : undefined),
      (wanted) => {
        const { team: _team, ...labels } = wanted.metadata.labels ?? {}
        return { ...wanted, metadata: { ...wanted.metadata, labels } }
      },
    )
    commit('Drop the team')
    await synced((skipped) => skipped.length === 0)
    for (const [subject, { kind, metadata }] of await liveObjects(plane))
      if (kind === 'Deployment') assert.equal(metadata.labels?.team, undefined, subject)
  })

  it('tells who it was when a person goes on with kubectl apply, and heals what differs alone', async () => {
    const file = join(folder, 'person.json')
    const apply = async (k: string, ...more: readonly string[]) => {
      const object = filled.find(({ live }) => subjectOf(live) === `ConfigMap/${shop}/applied`)?.live
      writeFileSync(file, JSON.stringify({ ...object, data: { k } }))
      return kubectl(plane, 'apply', '-f', file, ...more)
    }
    const path = `/api/v1/namespaces/${shop}/configmaps/applied`
    const drift = async () => (await synced()).get(`ConfigMap/${shop}/applied`)?.drift
    await apply('1')
    assert.equal(await drift(), undefined, 'the value of Git is no drift')
    await apply('person')
    const told = await eventually(drift, 'the drift')
    assert.deepEqual(
      told.fields.map((field) => [field.path, field.live, field.wanted, field.manager]),
      [['/data/k', 'person', '1', 'kubectl-client-side-apply']],
    )
    assert.equal(getIn((await plane.request('GET', path)).body, ['data', 'k']), '1')
    await assert.rejects(apply('person', '--server-side'), /conflict with "flotilla"/)
  })

  it('leaves in the cluster what its page says, no more and no less', async () => {
    const found = await marksIn(plane)
    assert.deepEqual(
      [...found].sort(),
      [...documentedMarks()].filter((mark) => mark !== 'manager flotilla-handover').sort(),
    )
  })

  it('goes with detach: what runs stays as it is to the byte, and nothing of it is left', async () => {
    const before = await liveObjects(plane)
    writeCluster({ suspend: true })
    commit('Leave c1 alone')
    await synced()
    const { code, stderr } = await flotilla(['detach', '--repo', fleet, '--cluster', 'c1'])
    assert.equal(code, 0, stderr)
    await unchangedSince(before)
    await eventually(
      async () => (await plane.request('GET', '/api/v1/namespaces/flotilla-system')).status === 404,
      'the namespace to go',
      60_000,
    )
    assert.deepEqual([...(await marksIn(plane))], [])
    await synced()
    await unchangedSince(before)
  })
})
