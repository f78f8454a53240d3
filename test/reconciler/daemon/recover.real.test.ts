import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { leaseName } from '../../../reconciler/run/election.ts'
import { getIn } from '../../../repo-layout/json.ts'
import { describeReal } from '../../testbed/binaries.ts'
import { flotilla } from '../commands/cli.ts'
import { type ChildDaemon, startChild } from './child.ts'
import { configMap, deployment, preference, yaml } from './documents.ts'
import { branches, isApplied, needs, type TestFleet, withFleet } from './harness.ts'
import { pathOf, type TestMember } from './members.ts'

const path = 'refs/heads/generated'

describeReal('flotilla recover', needs, () => {
  it('says that nothing is lost where nothing is, and does nothing', () =>
    withFleet({}, async (fleet) => {
      await runTwice(fleet)
      const tip = fleet.generatedTip()
      const { code, stdout } = await recover(fleet, 'other', '--yes')
      assert.equal(code, 0)
      assert.match(stdout, /holds all that was generated and all that runs/)
      assert.equal(fleet.generatedTip(), tip)
    }))

  it('pushes a lost branch back from the clone', () =>
    withFleet({}, async (fleet) => {
      const [, second] = await runTwice(fleet)
      fleet.git('update-ref', '-d', path)

      const dry = await recover(fleet, 'clone', '--dry-run')
      assert.equal(dry.code, 1)
      assert.match(dry.stdout, /The branch "generated" is gone\.\n {2}[0-9a-f]{12} was generated from this clone\n/)
      assert.match(dry.stdout, /c1 runs it\n/)
      assert.equal(fleet.generatedTip(), undefined)

      const { code, stdout } = await recover(fleet, 'clone', '--yes')
      assert.equal(code, 0, stdout)
      assert.equal(fleet.generatedTip(), second)
      await changesNothing(fleet, 'clone')
    }))

  it('has a rewound branch go forward again from the clone', () =>
    withFleet({}, async (fleet) => {
      const [first, second] = await runTwice(fleet)
      fleet.git('update-ref', path, first)
      const { code, stdout } = await recover(fleet, 'clone', '--yes')
      assert.equal(code, 0, stdout)
      assert.match(stdout, /The branch "generated" lacks commits\./)
      assert.equal(fleet.generatedTip(), second)
      await changesNothing(fleet, 'other')
    }))

  it('asks before it does anything', () =>
    withFleet({}, async (fleet) => {
      await runTwice(fleet)
      fleet.git('update-ref', '-d', path)
      const { code, stderr } = await recover(fleet, 'clone')
      assert.equal(code, 1)
      assert.match(stderr, /run it again with --yes/)
      assert.equal(fleet.generatedTip(), undefined)
    }))

  it('puts a branch that nobody has any more together from the members, and moves no replica', () =>
    withFleet({}, async (fleet) => {
      const [first] = await runTwice(fleet)
      const tree = fleet.git('ls-tree', '-r', `${path}:clusters`)
      assert.ok(first)
      fleet.git('update-ref', '-d', path)
      rmSync(join(fleet.folder, 'clone'), { recursive: true })

      const { code, stdout } = await recover(fleet, 'other', '--yes')
      assert.equal(code, 0, stdout)
      assert.match(stdout, /c1: 3 byte for byte, 0 from the fields that Flotilla owns/)
      assert.equal(fleet.git('ls-tree', '-r', `${path}:clusters`), tree)
      assert.match(fleet.generatedLog()[0] ?? '', /^Recover the generated branch\n[\s\S]*\nReason: recovery\n/)
      await changesNothing(fleet, 'another')
      assert.deepEqual(await replicas(fleet), [3, 2, 1])
    }))

  it('takes the fields that we own where the source has changed since, and then applies only that change', () =>
    withFleet({}, async (fleet) => {
      await runTwice(fleet)
      write(fleet, 'three', 'nginx:2')
      await fleet.push('Three')
      fleet.git('update-ref', '-d', path)
      rmSync(join(fleet.folder, 'clone'), { recursive: true })
      // What others have set is none of ours.
      const c1 = fleet.member('c1')
      const labelled = await c1.live(pathOf.deployment(fleet.ns, 'web'))
      await c1.send('PUT', pathOf.deployment(fleet.ns, 'web'), {
        ...labelled,
        metadata: { ...(labelled?.metadata as object), finalizers: ['example.com/theirs'] },
      })

      const { code, stdout } = await recover(fleet, 'other', '--yes')
      assert.equal(code, 0, stdout)
      assert.match(stdout, /c1: 1 byte for byte, 2 from the fields that Flotilla owns/)
      const file = fleet.git('show', `${path}:clusters/c1/${fleet.ns}/Deployment.apps/web.yaml`)
      assert.match(file, /image: nginx:1(\n|$)/)
      assert.match(file, /replicas: 3\n/)
      for (const foreign of ['finalizers', 'flotilla.dev/', 'uid', 'status', 'terminationGracePeriodSeconds'])
        assert.equal(file.includes(foreign), false, foreign)

      const daemon = startChild(fleet, { clone: 'another' })
      await daemon.applied()
      assert.deepEqual(await values(fleet), ['three', 'three', 'three'])
      assert.deepEqual(await replicas(fleet), [3, 2, 1])
      assert.match(fleet.generatedLog()[0] ?? '', /^Three\n[\s\S]*\nReason: source\n/)
      await c1.send('PATCH', pathOf.deployment(fleet.ns, 'web'), { metadata: { finalizers: null } })
      await daemon.process.kill()
    }))

  it('refuses while a member cannot be read; one that is left out is stopped until it was recovered too', () =>
    withFleet({}, async (fleet) => {
      await runTwice(fleet)
      fleet.git('update-ref', '-d', path)
      rmSync(join(fleet.folder, 'clone'), { recursive: true })
      const c3 = fleet.member('c3')
      c3.gate.setOpen(false)

      const refused = await recover(fleet, 'other', '--yes')
      assert.equal(refused.code, 2)
      assert.match(refused.stderr, /What runs in 1 cluster cannot be read:\n {2}c3: [\s\S]*--without NAME/)
      assert.equal(fleet.generatedTip(), undefined)
      const left = await recover(fleet, 'other', '--yes', '--without', 'c3')
      assert.equal(left.code, 0, left.stdout)
      const before = await versionsIn(c3, fleet)
      const daemon = startChild(fleet, { clone: 'another' })
      await daemon.until(
        ({ clusters: [one, two] }) => one?.sync === 'progressing' && two?.applied === 3,
        'the others run',
      )
      c3.gate.setOpen(true)
      await daemon.until(
        ({ clusters }) => /runs generated commit .* which is no ancestor of ours/.test(clusters[2]?.message ?? ''),
        'c3 is stopped',
      )
      assert.deepEqual(await versionsIn(c3, fleet), before)
      await daemon.process.kill()

      const again = await recover(fleet, 'other', '--yes')
      assert.equal(again.code, 0, again.stdout)
      await changesNothing(fleet, 'another')
      assert.deepEqual(await replicas(fleet), [3, 2, 1])
    }))

  it('does nothing while a daemon holds the Lease of the fleet, and holds it itself at its work', () =>
    withFleet({}, async (fleet) => {
      const host = ['--host-kubeconfig', fleet.member('c1').plane.kubeconfigPath, '--host-namespace', 'default']
      write(fleet, 'one')
      await fleet.push('One')
      const daemon = startChild(fleet, { more: host })
      await daemon.applied()
      const first = fleet.generatedTip() ?? ''
      write(fleet, 'two')
      await fleet.push('Two')
      daemon.pullNow()
      await daemon.until((status) => status.generated.commit !== first && isApplied(status), 'a second is applied')
      const second = fleet.generatedTip()
      fleet.git('update-ref', path, first)

      const refused = await recover(fleet, 'other', '-y', ...host)
      assert.equal(refused.code, 2, refused.stdout)
      assert.match(refused.stderr, new RegExp(`/${daemon.process.pid}/[0-9a-f]{8} is active; end it first`))
      assert.equal(fleet.generatedTip(), first)
      await daemon.process.kill()

      const { code, stdout, stderr } = await recover(fleet, 'clone', '-y', '-o', 'json', ...host)
      assert.equal(code, 0, stderr)
      assert.equal(fleet.generatedTip(), second)
      const { diagnosis, recovery, outcome, commit } = JSON.parse(stdout)
      assert.deepEqual(
        [diagnosis.type, recovery.remedy.type, outcome, commit],
        ['lacking', 'push', 'recovered', second],
      )
      const lease = `/apis/coordination.k8s.io/v1/namespaces/default/leases/${leaseName({ repo: fleet.url, generatedBranch: branches.generated })}`
      assert.equal(await fleet.member('c1').value(lease, ['spec', 'holderIdentity']), '')
    }))

  it('leaves a branch alone that Flotilla did not make', () =>
    withFleet({}, async (fleet) => {
      await runTwice(fleet)
      const foreign = fleet.git('rev-parse', 'main')
      fleet.git('update-ref', path, foreign)
      const { code, stdout } = await recover(fleet, 'clone', '--yes')
      assert.equal(code, 2)
      assert.match(stdout, /was not made by Flotilla/)
      assert.equal(fleet.generatedTip(), foreign)
    }))
})

function recover(fleet: TestFleet, clone: string, ...more: readonly string[]) {
  return flotilla(['recover', '--repo', fleet.url, '--dir', join(fleet.folder, clone), ...more])
}

function write(fleet: TestFleet, key: string, image = 'nginx:1'): void {
  const web = deployment(fleet.ns, 'web', 6, { everywhere: true })
  const text = yaml(
    configMap(fleet.ns, 'web', { key }, { everywhere: true }),
    web,
    preference(fleet.ns, 'web', 6, { clusters: { c1: { weight: 3 }, c2: { weight: 2 }, c3: { weight: 1 } } }),
  )
  fleet.people.write('web.yaml', text.replace('nginx:1', image))
}

/** Has a daemon of its own process generate two commits and apply them; gives both. */
async function runTwice(fleet: TestFleet): Promise<readonly [string, string]> {
  write(fleet, 'one')
  await fleet.push('One')
  const daemon = startChild(fleet)
  await daemon.applied()
  const first = fleet.generatedTip() ?? ''
  write(fleet, 'two')
  await fleet.push('Two')
  daemon.pullNow()
  await daemon.until((status) => status.generated.commit !== first && isApplied(status), 'a second commit is applied')
  await daemon.end()
  return [first, fleet.generatedTip() ?? '']
}

/** Has a daemon run on what was recovered: no object of any member changes, and no commit is made. */
async function changesNothing(fleet: TestFleet, clone: string): Promise<void> {
  const tree = fleet.git('rev-parse', `${path}:clusters`)
  const before = await Promise.all(fleet.members.map((member) => versionsIn(member, fleet)))
  const daemon: ChildDaemon = startChild(fleet, { clone })
  await daemon.applied()
  // Facts that are new to a daemon may lead to another render; it must decide the same.
  daemon.pullNow()
  await daemon.applied()
  assert.deepEqual(await Promise.all(fleet.members.map((member) => versionsIn(member, fleet))), before)
  assert.equal(fleet.git('rev-parse', `${branches.generated}:clusters`), tree)
  await daemon.end()
}

/** The resourceVersions of what the fleet runs in a member. */
async function versionsIn(member: TestMember, fleet: TestFleet): Promise<readonly unknown[]> {
  const paths = [pathOf.configMap(fleet.ns, 'web'), pathOf.deployment(fleet.ns, 'web'), pathOf.namespace(fleet.ns)]
  return Promise.all(paths.map((one) => member.value(one, ['metadata', 'resourceVersion'])))
}

async function values(fleet: TestFleet): Promise<readonly unknown[]> {
  return Promise.all(
    fleet.members.map(async (member) => getIn(await member.live(pathOf.configMap(fleet.ns, 'web')), ['data', 'key'])),
  )
}

function replicas(fleet: TestFleet): Promise<readonly unknown[]> {
  const at = pathOf.deployment(fleet.ns, 'web')
  return Promise.all(fleet.members.map((member) => member.value(at, ['spec', 'replicas'])))
}
